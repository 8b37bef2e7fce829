"""Quality rules for items (standards.md 1.2, 1.3, 2.1): what a lint says when an item is imported or published.

Each rule has an id; an `error` keeps a row out, everything else is a warning for the office to mend. Codes that fail
a check digit are warnings: such codes are legal in the wild.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import credit_code, org_code

from . import data, values

Values = Mapping[str, Any]
Parts = Mapping[str, Sequence[Mapping[str, Any]]]
Found = tuple[str, str, str, str]
Check = Callable[[Values, Parts, Collection[str]], Iterator[Found]]

_DAYS = {"1": 1.4, "2": 1.0, "3": 30.0, "4": 365.0}


def check(item: Values, parts: Parts, present: Collection[str], chinese: bool) -> Iterator[Found]:
    """(field, rule, level, message) of all that is wrong. `present` are the fields that the list has at all.

    Rules of the Chinese library are applied to Chinese lists only.
    """
    if not item.get("task_name"):
        yield "task_name", "name.missing", "error", _("The item has no name.")
        return
    for rule in _ANYWHERE + (_CHINESE if chinese else ()):
        yield from rule(item, parts, present)


def _warn(field: str, rule: str, message: object) -> Found:
    return field, rule, "warning", str(message)


def _name(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    name = str(item["task_name"])
    if re.fullmatch(r"(?:合\s*计|总\s*计|小\s*计|total|subtotal|grand total)\b.*", name, re.I) and len(name) < 25:
        yield "task_name", "name.summary", "error", _("This is a line of totals, not an item.")
    elif not re.search(r"[^\W\d_]", name):
        yield "task_name", "name.no_words", "error", _("The name has no words: %s") % name[:40]
    elif re.match(r"(?:https?://|<|\{|注[:：]|备注[:：]|说明[:：]|note:|source:)", name, re.I):
        yield "task_name", "name.no_name", "error", _("This is not the name of an item: %s") % name[:60]


def _department(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    if "dept_name" in present and not item.get("dept_name"):
        yield _warn("dept_name", "department.missing", _("No department is named."))


def _limits(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    promised, legal = item.get("promise_day"), item.get("anticipate_day")
    if promised is None or legal is None or legal <= 0 or promised <= 0:
        return
    one, other = item.get("promise_type", "1"), item.get("anticipate_type", "1")
    if one == other and promised > legal:
        message = _("The promised limit (%(p)s) is longer than the legal limit (%(l)s).")
        yield "promise_day", "limit.order", "error", message % {"p": promised, "l": legal}
    elif one != other and promised * _DAYS[one] > legal * _DAYS[other] * 1.15:
        yield _warn("promise_day", "limit.order_units", _("The promised limit looks longer than the legal limit."))


def _dates(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    start, end = item.get("plan_effective_date"), item.get("plan_cancel_date")
    if start and end and end < start:
        yield "plan_cancel_date", "date.order", "error", _("The item ends before it begins.")


def _immediate(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    promised, kind = item.get("promise_day"), item.get("project_type")
    if kind == "1" and promised:
        yield _warn("project_type", "immediate.type", _("Done while you wait, but with a promised limit."))
    elif kind == "2" and promised == 0:
        yield _warn("project_type", "immediate.type", _("Promised at once, but not marked as done while you wait."))


def _fee(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    fees = parts.get("fees", ())
    if item.get("is_fee") is False and any(re.search(r"[1-9]", str(fee.get("fee_stand", ""))) for fee in fees):
        yield _warn("is_fee", "fee.contradiction", _("Marked as free of charge, but an amount is given."))


def _visits(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    visits, depth = item.get("limit_scene_num"), str(item.get("online_handle_depth", "")).upper()
    if depth in ("4", "IV", "IV级", "Ⅳ", "Ⅳ级", "四级") and visits:
        yield _warn("limit_scene_num", "depth.visits", _("Handled online throughout, but a visit is asked for."))
    if visits == 0 and "is_online" in present and item.get("is_online") is False:
        yield _warn("limit_scene_num", "visits.channel", _("No visit is needed, but there is no way online."))


def _phones(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    asked, complain = item.get("consult_phone", ""), item.get("complain_phone", "")
    if asked and asked == complain:
        yield _warn("complain_phone", "phone.same", _("Advice and complaints have the same telephone number."))


_CATCH_ALL = re.compile(
    r"(?:其他|其它|其余|等|法律.{0,8}规定的其他).{0,8}(?:材料|资料|文件)|"
    r"(?:any )?other (?:relevant |supporting )?documents?\b",
    re.I,
)


def _materials(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    for material in parts.get("materials", ()):
        name = str(material.get("material_name", ""))
        if _CATCH_ALL.match(name):
            yield _warn("materials", "material.catch_all", _("A catch-all among the materials: %s") % name[:60])
            return


_ANYWHERE: tuple[Check, ...] = (
    _name,
    _department,
    _limits,
    _dates,
    _immediate,
    _fee,
    _visits,
    _phones,
    _materials,
)


def _missing(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    if "task_type" in present and not item.get("task_type") and not item.get("task_type_words"):
        yield _warn("task_type", "type.missing", _("The type of the item is missing."))
    if "promise_day" in present and item.get("promise_day") is None and not item.get("promise_explain"):
        yield _warn("promise_day", "limit.missing", _("The promised limit is missing."))
    if "consult_phone" in present and not item.get("consult_phone"):
        yield _warn("consult_phone", "phone.missing", _("The telephone number for advice is missing."))


def _area_codes(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    for name in ("consult_phone", "complain_phone"):
        bare = [n for n in values.phones(str(item.get(name, "")))[0] if not values.has_area(n)]
        if bare:
            yield _warn(name, "phone.area", _("This telephone number lacks its area code: %s") % bare[0])


def _charges(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    if item.get("is_fee") is True:
        if "fee_basis" in present and not item.get("fee_basis"):
            yield _warn("fee_basis", "fee.basis", _("A fee is charged, but its legal basis is missing."))
        if not any(fee.get("fee_stand") for fee in parts.get("fees", ())):
            yield _warn("fee_stand", "fee.standard", _("A fee is charged, but its standard is missing."))


def _reasons(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    if item.get("limit_scene_num") and "limit_scene_explain" in present and not item.get("limit_scene_explain"):
        yield _warn("limit_scene_explain", "visits.reason", _("A visit is asked for without a reason."))


def _results(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    name, kind = str(item.get("result_name", "")), item.get("result_type")
    if kind and ((name.endswith("证") and kind != "10") or (name.endswith(("文", "批复")) and kind != "20")):
        yield _warn("result_type", "result.kind", _("The type of the result does not fit its name: %s") % name[:40])


def _themes(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    objects = set(item.get("service_object", ()))
    if objects and item.get("user_topic_type") and "1" not in objects:
        yield _warn("user_topic_type", "audience.theme", _("Themes for persons, but persons are not served."))
    if objects == {"1"} and item.get("corp_topic_type"):
        yield _warn("corp_topic_type", "audience.theme", _("Themes for legal persons, but only persons are served."))


def _basis(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    basis = str(item.get("by_law", ""))
    if "by_law" in present and item.get("task_type") == "01" and not basis:
        yield _warn("by_law", "basis.missing", _("A licence needs a legal basis."))
    elif basis and not (
        re.search("《.+》", basis, re.S) and re.search(r"第[零〇一二三四五六七八九十百千\d]+条", basis)
    ):
        yield _warn("by_law", "basis.article", _("The basis lacks the full title or the article."))


def _permits(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    if item.get("task_type") != "01":
        return
    if "faqs" in present and not parts.get("faqs"):
        yield _warn("faqs", "permit.faq", _("A licence needs at least one common question."))
    if "steps" in present and len(parts.get("steps", ())) < 5:
        yield _warn("steps", "permit.steps", _("A licence needs the five steps from acceptance to delivery."))


def _codes(item: Values, parts: Parts, present: Collection[str]) -> Iterator[Found]:
    department = str(item.get("dept_code", ""))
    if department:
        yield from _organisation("dept_code", department)
    code = str(item.get("task_code", ""))
    if code:
        yield from _task_code(code, item)
    catalog = str(item.get("catalog_code", ""))
    if catalog and not re.fullmatch(r"[0-9A-Z]{10,12}", catalog):
        yield _warn("catalog_code", "code.catalog", _("A base code has 12 characters: %s") % catalog[:40])
    elif len(catalog) == 12 and catalog[2:4] in data.TASK_TYPES and item.get("task_type") not in (None, catalog[2:4]):
        yield _warn("catalog_code", "code.type", _("The base code names another type than the item does."))


def _task_code(code: str, item: Values) -> Iterator[Found]:
    """31 characters, 33 with a serial, or a local form whose parts stand between hyphens."""
    body = code.upper()
    if re.fullmatch(r"[0-9A-Z]{18}[1-7][0-9A-Z]{12}(?:[0-9A-Z]{2})?", body):
        yield from _organisation("task_code", body[:18])
        catalog = str(item.get("catalog_code", "")).upper()
        if catalog and len(catalog) == 12 and body[19:31] != catalog:
            yield _warn("task_code", "code.mismatch", _("The code contains another base code than the item has."))
        return
    if re.fullmatch(r"[0-9A-Z]{2,20}(?:-[0-9A-Z]+){3,8}", body):
        part = max(re.findall(r"(?<![0-9A-Z])[0-9A-HJ-NP-RTUW-Y]{15,20}(?![0-9A-Z])", body), key=len, default="")
        if part:
            yield from _organisation("task_code", part)
        return
    if re.fullmatch(r"[A-Z]{2}\d{8}|\d{6,8}[A-Z]{2,6}-[A-Z]{2}-\d{3,6}", body):
        return
    yield _warn("task_code", "code.form", _("This code has none of the known forms: %s") % code[:60])


def _organisation(field: str, code: str) -> Iterator[Found]:
    bare = code.upper().replace("-", "")
    if len(bare) == 9:
        if org_code(bare).level != "ok":
            message = _("The check character of this organisation code does not fit: %s")
            yield _warn(field, "code.check", message % code)
        return
    verdict = credit_code(bare)
    if verdict.level == "warning":
        yield _warn(field, "code.check", _("The check character of this credit code does not fit: %s") % code)
    elif verdict.level == "error":
        message = _("This is no unified social credit code of 18 characters: %s")
        yield _warn(field, "code.form", message % code[:40])


_CHINESE: tuple[Check, ...] = (
    _missing,
    _area_codes,
    _charges,
    _reasons,
    _results,
    _themes,
    _basis,
    _permits,
    _codes,
)
