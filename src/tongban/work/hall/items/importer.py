"""Importing item lists of any origin: CSV, XLSX, JSON, in Chinese, English and more (SVC-05, SVC-09).

`examine` only reads and reports; `import_list` publishes what was accepted, in one transaction. Whatever the file
holds, the answer is a report, never an exception.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity import api as identity

from . import grids, records, rules, values
from .actions import publish
from .columns import Map, assign, knows, plain, read_map
from .data import Finding, ImportReport, ItemDraft
from .rows import Plan, Reading, read_row
from .source import MAX_BYTES, Hints, Table, Unreadable

CORE = (
    "dept_name",
    "task_code",
    "task_type",
    "service_object",
    "accept_condition",
    "by_law",
    "promise_day",
    "consult_phone",
)


@dataclass(frozen=True)
class Examined:
    """The report of a file and the items that would be published, in the order of the file."""

    report: ImportReport
    drafts: tuple[ItemDraft, ...] = ()


def examine(content: bytes, mapping: str = "", attribution: str = "") -> Examined:
    """Read a list and check every row; nothing is written. `mapping` is the text of a mapping file."""
    try:
        wanted = read_map(mapping) if mapping.strip() else Map()
        table = read_table(content, wanted.hints)
        columns, notes = assign(table, wanted)
    except Unreadable as problem:
        return Examined(ImportReport(findings=(problem.finding,)))
    except (MemoryError, RecursionError):
        finding = Finding(None, "", "file.size", "error", _("This file is too large or too deeply nested."))
        return Examined(ImportReport(findings=(finding,)))
    return _examined(table, Plan(columns, wanted, _is_chinese(table, columns)), notes, attribution)


def read_table(content: bytes, hints: Hints) -> Table:
    """The rows of a file, told by its content, not by its ending. `Unreadable` where it is no list at all."""
    if len(content) > MAX_BYTES:
        raise Unreadable("file.size", _("This file has more than %d MB.") % (MAX_BYTES // 1_000_000))
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not head:
        raise Unreadable("file.empty", _("This file is empty."))
    if content.startswith(b"PK"):
        grid = grids.read_xlsx(content, hints)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("file.format", _("This is an old .xls file. Please save it as .xlsx or CSV."))
    elif content.startswith(b"%PDF"):
        raise Unreadable("file.format", _("This is a PDF. Please give the list as .xlsx, CSV or JSON."))
    elif head in (b"{", b"["):
        return records.read_json(content, hints)
    elif head == b"<":
        if re.search(rb"^\s*[{\[]", content, re.M):
            return records.read_json(content, hints)
        grid = grids.read_html(content, hints)
    else:
        grid = grids.read_csv(content, hints)
    return grids.to_table(grid, knows, hints.header)


def _is_chinese(table: Table, columns: Mapping[str, list[str]]) -> bool:
    names = [values.text(row.cells.get(columns["task_name"][0]))[0] for row in table.rows[:2000]]
    worded = [name for name in names if name]
    return sum(values.chinese(name) for name in worded) > len(worded) * 0.5


def _examined(table: Table, plan: Plan, notes: list[Finding], attribution: str) -> Examined:
    present = set(plan.columns)
    readings = [read_row(raw, plan) for raw in table.rows]
    drafts: list[ItemDraft] = []
    before = _Before()
    keys: Counter[str] = Counter()
    warned = 0
    for reading in readings:
        if not reading.refused:
            for name, rule, level, message in rules.check(reading.values, reading.parts, present, plan.chinese):
                reading.note(name, rule, message, level)
        if not reading.refused:
            before.note_repeated(reading, present)
        if reading.refused:
            continue
        warned += bool(reading.findings)
        drafts.append(_draft(reading, keys, attribution))
    findings = [*table.notes, *notes, *_absent(plan)]
    findings += [finding for reading in readings for finding in reading.findings]
    report = ImportReport(
        findings=tuple(findings),
        rows=len(readings),
        accepted=len(drafts),
        warned=warned,
        refused=len(readings) - len(drafts),
        skipped=table.skipped,
        mapping={column: name for name, columns in plan.columns.items() for column in columns},
        unused=tuple(c for c in table.columns if not any(c in columns for columns in plan.columns.values())),
    )
    if not readings:
        empty = Finding(None, "", "file.empty", "error", _("There is a heading, but no row under it."))
        return Examined(replace(report, findings=(empty, *findings)))
    return Examined(report, tuple(drafts))


def _absent(plan: Plan) -> list[Finding]:
    """Core fields that the whole list lacks: said once, not for every row."""
    if not plan.chinese:
        return []
    message = _("The list has no column for this field.")
    return [Finding(None, name, "field.absent", "warning", message) for name in CORE if name not in plan.columns]


@dataclass
class _Before:
    """What earlier rows of the file held. An identifier may occur once; the first row keeps it."""

    identifiers: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def note_repeated(self, reading: Reading, present: set[str]) -> None:
        """Refuse a row whose identifier, or without one whose whole wording, was there before."""
        column = "row_guid" if "row_guid" in present else "task_code"
        identifier = reading.identifier.casefold()
        if identifier in self.identifiers:
            message = _("Row %(row)d has the same identifier: %(id)s")
            known = {"row": self.identifiers[identifier], "id": reading.identifier[:60]}
            reading.note(column, "id.duplicate", message % known, "error")
            return
        if identifier:
            self.identifiers[identifier] = reading.row
        else:
            whole = repr((sorted(reading.values.items()), reading.parts))
            if whole in self.rows:
                message = _("This row repeats row %d.") % self.rows[whole]
                reading.note("task_name", "row.duplicate", message, "error")
                return
            self.rows[whole] = reading.row
            if present & {"row_guid", "task_code", "task_handle_item"}:
                reading.note(column, "id.missing", _("The identifier is missing."))
        name = _who(reading.values)
        if name in self.names:
            reading.note("task_name", "name.repeated", _("Another row has the same name and department."))
        self.names.add(name)


def _who(item: Mapping[str, object]) -> str:
    return "|".join(plain(str(item.get(name, ""))) for name in ("task_name", "dept_name", "division"))


def _draft(reading: Reading, keys: Counter[str], attribution: str) -> ItemDraft:
    """The item with its key. A short identifier such as 17 means something inside its own list only."""
    code = reading.identifier
    if len(code) >= 12 and re.fullmatch(r"[0-9A-Za-z._-]{12,80}", code):
        key = code
    else:
        key = "i" + hashlib.sha256(f"{code}|{_who(reading.values)}".encode()).hexdigest()[:24]
    keys[key] += 1
    if keys[key] > 1:
        key = f"{key[:70]}.{keys[key]}"
    wording = {**reading.values, **({"row_guid": code} if code else {})}
    return ItemDraft(key, {**wording, "attribution": attribution}, **reading.parts)


def import_list(
    content: bytes,
    mapping: str = "",
    *,
    by: Ref | None = None,
    attribution: str = "",
    departments: Mapping[str, str] | None = None,
    reason: str = "",
) -> ImportReport:
    """Publish the accepted rows of a list. `departments` gives office codes for names or codes of departments.

    Items whose department is known here belong to that office; the others keep the department's name only.
    """
    examined = examine(content, mapping, attribution)
    if not examined.drafts:
        return examined.report
    wanted = dict(read_map(mapping).departments if mapping.strip() else {}) | dict(departments or {})
    resolver = _Offices(wanted)
    drafts = [resolver.placed(draft) for draft in examined.drafts]
    published = publish(drafts, by=by, reason=reason or str(_("imported")))
    return replace(examined.report, published=published, findings=(*examined.report.findings, *resolver.findings()))


class _Offices:
    """Departments of a list as offices here: by the map, else by the very same title."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self.wanted = wanted
        self.known: dict[str, tuple[str, str, str]] = {}
        self.unknown: set[str] = set()

    def placed(self, draft: ItemDraft) -> ItemDraft:
        """The draft with its office, if there is one."""
        name, code = str(draft.values.get("dept_name", "")), str(draft.values.get("dept_code", ""))
        if f"{name}|{code}" not in self.known:
            self.known[f"{name}|{code}"] = self._find(name, code)
        office, title, division = self.known[f"{name}|{code}"]
        if not office:
            if name:
                self.unknown.add(name)
            return draft
        placed = {**draft.values, "office": office, "dept_name": title, "division": division}
        return replace(draft, values={**placed, "source_department": name} if name != title else placed)

    def _find(self, name: str, code: str) -> tuple[str, str, str]:
        wanted = self.wanted.get(code) or self.wanted.get(name)
        try:
            if wanted:
                office = identity.office_by_code(wanted)
                return office.ref.id, office.title, office.division
        except NotFound:
            return "", "", ""
        for office in identity.find_offices(name) if name else ():
            if name in (office.title, office.short_title):
                return office.ref.id, office.title, office.division
        return "", "", ""

    def findings(self) -> list[Finding]:
        """One note for all departments that are no office here."""
        if not self.unknown:
            return []
        names = "、".join(sorted(self.unknown)[:10])
        message = _("%(n)d departments are no offices here: %(names)s") % {
            "n": len(self.unknown),
            "names": names,
        }
        return [Finding(None, "dept_name", "department.unknown", "warning", message)]
