"""One row of a list as an item to be: cells read as values, oddities written down, nothing guessed silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from . import data, parts, values, words
from .columns import CODES, Map
from .data import Finding
from .source import Raw

_TEXTS = {
    "group": 300,
    "summary": 20_000,
    "anticipate_explain": 4_000,
    "promise_explain": 4_000,
    "limit_scene_explain": 4_000,
    "accept_condition": 20_000,
    "by_law": 20_000,
    "handle_flow": 20_000,
    "fee_basis": 4_000,
    "result_name": 300,
    "transact_addr": 4_000,
    "transact_time": 4_000,
    "online_handle_depth": 20,
}
_ONE_CODE = {
    "task_type": words.TASK_TYPES,
    "use_level": words.USE_LEVELS,
    "project_type": words.PROJECT_TYPES,
    "result_type": words.RESULTS,
    "task_state": words.STATES,
}
_MANY_CODES = {"service_object": words.AUDIENCES, "handle_type": words.HANDLE_TYPES}
_LENGTHS = {"dept_code": 60, "catalog_code": 50, "local_catalog_code": 50}


@dataclass
class Reading:
    """What a row says: values by field, parts, and what was odd about it."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    identifier: str = ""

    def note(self, name: str, rule: str, message: str, level: str = "warning") -> None:
        """Write down a finding; each rule once a field."""
        found = Finding(self.row, name, rule, level, message)
        if found not in self.findings:
            self.findings.append(found)

    @property
    def refused(self) -> bool:
        """Whether something hinders the import of this row."""
        return any(finding.level == "error" for finding in self.findings)


@dataclass(frozen=True)
class Plan:
    """How rows of one file are read: columns by field, the map, and whether the file is in Chinese."""

    columns: Mapping[str, Sequence[str]]
    map: Map
    chinese: bool

    def unit(self, name: str) -> str:
        """The unit that the heading of a limit names."""
        return next((unit for column in self.columns.get(name, ()) if (unit := values.unit_of(column))), "")


def read_row(raw: Raw, plan: Plan) -> Reading:
    """Read one row by the plan."""
    found = Reading(raw.number, findings=list(raw.faults))
    if found.refused:
        return found
    for name in plan.columns:
        if name in ("materials", "steps", "faqs", "fees"):
            _part(found, name, raw, plan)
        else:
            _field(found, name, _text(found, name, raw, plan), plan)
    for name, value in plan.map.defaults.items():
        if not found.values.get(name):
            _field(found, name, value, plan)
    _settle(found, raw, plan)
    return found


def _text(found: Reading, name: str, raw: Raw, plan: Plan) -> str:
    """The cells of a field as one text, replaced where the map says so."""
    pieces = []
    for column in plan.columns[name]:
        piece, marked = values.text(raw.cells.get(column), keep=name == "is_fee")
        if marked:
            found.note(name, "text.html", _("HTML was taken out of this text."))
        if piece:
            pieces.append(piece)
    text = "\n".join(dict.fromkeys(pieces))
    if values.damaged(text):
        found.note(name, "text.encoding", _("This text was damaged by a wrong encoding."))
    return plan.map.values.get(name, {}).get(text, text)


def _field(found: Reading, name: str, text: str, plan: Plan) -> None:
    if not text:
        return
    if name == "task_name":
        _name(found, text)
    elif name in CODES:
        _code(found, name, text)
    elif name in _TEXTS:
        found.values[name] = text[: _TEXTS[name]]
    elif name in _ONE_CODE:
        _one_code(found, name, text, plan)
    elif name in _MANY_CODES:
        if codes := values.codes_of(text, _MANY_CODES[name]):
            found.values[name] = codes
        else:
            _unknown(found, name, text, plan)
    elif name in ("anticipate_day", "promise_day"):
        _limit(found, name, text, plan)
    elif name in ("consult_phone", "complain_phone"):
        _phone(found, name, text)
    elif name in ("plan_effective_date", "plan_cancel_date"):
        _day(found, name, text)
    elif name in ("user_topic_type", "corp_topic_type"):
        found.values[name] = _topics(text)
    else:
        _special(found, name, text)


def _special(found: Reading, name: str, text: str) -> None:
    if name == "dept_name":
        found.values[name] = values.line(text)[:200]
    elif name == "division":
        digits = values.narrow(text).strip()
        if digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 12:
            found.values[name] = digits
    elif name == "is_fee":
        charged, standard = values.fee(text)
        if charged is not None:
            found.values[name] = charged
        if standard:
            found.parts.setdefault("fees", []).append({"fee_name": str(_("Fee")), "fee_stand": standard[:4000]})
    elif name == "fee_stand":
        fees = found.parts.setdefault("fees", [])
        fees[:] = [{"fee_name": str(_("Fee")), "fee_stand": text[:4000]}] if len(fees) < 2 else fees
    elif name == "is_online":
        if (known := values.flag(text)) is not None:
            found.values[name] = known
    elif name == "limit_scene_num":
        _visits(found, text)
    elif name == "online_handle_url":
        if address := values.web_address(text):
            found.values[name] = address[:1000]
        else:
            found.note(name, "url.form", _("This is not a web address: %s") % text[:80])


def _name(found: Reading, text: str) -> None:
    name = values.line(text)
    if len(name) > 200:
        message = _("The name has %d characters; the national library allows 200.") % len(name)
        found.note("task_name", "name.length", message)
    found.values["task_name"] = name[:500]


def _code(found: Reading, name: str, text: str) -> None:
    code = "".join(values.narrow(text).split())
    if code != "".join(text.split()):
        found.note(name, "text.width", _("Full-width letters or digits were made ordinary ones."))
    length = _LENGTHS.get(name, 80)
    if len(code) > length:
        found.note(name, "code.length", _("This code is too long to be one: %s") % code[:60])
        return
    if name == "row_guid":
        found.identifier = code
    else:
        found.values[name] = code


def _one_code(found: Reading, name: str, text: str, plan: Plan) -> None:
    if code := values.code_of(text, _ONE_CODE[name]):
        found.values[name] = code
    elif name == "task_type" and not plan.chinese:
        found.values.setdefault("group", values.line(text)[:300])
    else:
        _unknown(found, name, text, plan)


def _unknown(found: Reading, name: str, text: str, plan: Plan) -> None:
    """A word that no code table has is kept as it is, beside the codes."""
    found.values[f"{name}_words"] = values.line(text)[:300]
    if plan.chinese or name == "task_state":
        found.note(name, "code.unknown", _("No code of the national table has this value: %s") % text[:60])


def _limit(found: Reading, name: str, text: str, plan: Plan) -> None:
    kind = name.removesuffix("_day")
    unit = found.values.get(f"{kind}_type") or plan.unit(name)
    number, code, odd = values.limit(text, unit)
    if odd == "unreadable" or number is None:
        found.note(name, "limit.unreadable", _("No time limit can be read from “%s”.") % text[:60])
        found.values.setdefault(f"{kind}_explain", text[:4000])
        return
    if odd == "range":
        found.note(name, "limit.range", _("Of the span “%s” the end was taken.") % text[:60])
        found.values.setdefault(f"{kind}_explain", text[:4000])
    if values.narrow(text) != text:
        found.note(name, "text.width", _("Full-width letters or digits were made ordinary ones."))
    found.values[name], found.values[f"{kind}_type"] = number, code


def _phone(found: Reading, name: str, text: str) -> None:
    numbers, strange = values.phones(text)
    if strange:
        found.note(name, "phone.form", _("There is no telephone number in “%s”.") % text[:60])
    if values.narrow(text) != text and any(c.isdigit() and not c.isascii() for c in text):
        found.note(name, "text.width", _("Full-width letters or digits were made ordinary ones."))
    found.values[name] = ("、".join(numbers) or values.line(text))[:300]


def _day(found: Reading, name: str, text: str) -> None:
    day, impossible = values.day(text)
    if day is not None:
        found.values[name] = day
    elif impossible:
        found.note(name, "date.impossible", _("There is no such day: %s") % text[:40])
    else:
        found.note(name, "date.form", _("No date can be read from “%s”.") % text[:40])


def _visits(found: Reading, text: str) -> None:
    number, _unit, _odd = values.limit(values.narrow(text).replace("次", ""))
    if number is not None and 0 <= number <= 50:
        found.values["limit_scene_num"] = number
    else:
        found.note("limit_scene_num", "visits.form", _("No number of visits can be read from “%s”.") % text[:40])


def _topics(text: str) -> list[str]:
    known = {*data.USER_TOPICS, *data.CORP_TOPICS}
    pieces = values.items_of(text.replace(",", "\n").replace("，", "\n").replace("、", "\n").replace("|", "\n"))
    return list(dict.fromkeys(piece[:40] for piece in pieces if piece in known or len(piece) <= 40))[:20]


def _part(found: Reading, name: str, raw: Raw, plan: Plan) -> None:
    for column in plan.columns[name]:
        cell = raw.cells.get(column)
        if isinstance(cell, str) and values.text(cell)[1]:
            found.note(name, "text.html", _("HTML was taken out of this text."))
        if entries := parts.read(name, cell):
            found.parts.setdefault(name, []).extend(entries)


def _settle(found: Reading, raw: Raw, plan: Plan) -> None:
    """What follows from other fields: the unit columns read after the limits, an identifier, an online address."""
    for kind in ("anticipate", "promise"):
        for column in plan.columns.get(f"{kind}_type", ()):
            unit = values.unit_of(values.text(raw.cells.get(column))[0])
            number = found.values.get(f"{kind}_day")
            if unit and number is not None and number > 0:
                found.values[f"{kind}_type"] = unit
    # Lists of main items (主项) and parts (子项) leave the part empty where there is only one.
    partly = any(part in plan.columns["task_name"][0] for part in ("子项", "办理项"))
    if partly and not found.values.get("task_name") and found.values.get("group"):
        _name(found, found.values["group"])
    if found.values.get("promise_day") == 0 and "project_type" not in found.values:
        found.values["project_type"] = "1"
    if not found.identifier:
        names = ("task_handle_item", "task_code", "local_task_code")
        found.identifier = next((found.values[name] for name in names if found.values.get(name)), "")
