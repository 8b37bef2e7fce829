"""Joiners, movers and leavers from a list of a personnel office (CSV, XLSX): checked row by row, each whole or not."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from tongban.base.kernel.api import Invalid, NotFound, Ref, TongbanError, emit, system, today
from tongban.base.ledger.api import write

from . import data, models, offices, people, posts
from .authority.data import RightsAsked
from .people import person_by_username

Said = list[tuple[str, str]]
MAX_ROWS, MAX_BYTES, MAX_UNPACKED = 50_000, 20_000_000, 200_000_000
_HEADINGS = {
    "username": ("username", "账号", "用户名", "工号"),
    "name": ("name", "姓名"),
    "phone": ("phone", "手机", "手机号", "手机号码"),
    "id_number": ("id_number", "身份证号", "公民身份号码"),
    "office": ("office", "机构", "机构代码", "单位", "部门"),
    "title": ("title", "职务", "岗位"),
    "roles": ("roles", "角色"),
    "from": ("from", "任职日期", "到岗日期"),
    "until": ("until", "截止日期"),
    "concurrent": ("concurrent", "兼任"),
    "action": ("action", "变动", "变动类型"),
}
_BY_HEADING = {heading: name for name, headings in _HEADINGS.items() for heading in headings}
_LEFT, _YES = {"left", "离职", "退休", "调出"}, {"yes", "true", "1", "是"}


@dataclass(frozen=True, slots=True)
class IntakeFinding:
    """What is wrong or strange in a row as people count them (None: the whole file)."""

    row: int | None
    field: str
    level: str
    message: str


@dataclass(frozen=True)
class IntakeReport:
    """What an import did, or with `dry_run` would do: rows, and among those accepted who joined, moved, left."""

    readable: bool = True
    dry_run: bool = False
    rows: int = 0
    accepted: int = 0
    warned: int = 0
    refused: int = 0
    joined: int = 0
    moved: int = 0
    left: int = 0
    unchanged: int = 0
    findings: tuple[IntakeFinding, ...] = ()


class _Unreadable(Exception):
    pass


def import_people(content: bytes, *, dry_run: bool = False, by: Ref | None = None) -> IntakeReport:
    """Bring a list in. A row is taken whole or refused with its reason; the others go on. Posts come without roles:
    what the list wants of them waits for a security administrator. The same list again changes nothing."""
    findings: list[IntakeFinding] = []
    counts: Counter[str] = Counter()
    try:
        rows = _rows(content)
    except _Unreadable as error:
        return IntakeReport(False, dry_run, findings=(IntakeFinding(None, "", "error", str(error)),))
    with system(), transaction.atomic():
        for number, values in rows:
            counts["rows"] += 1
            said: list[tuple[str, str]] = []
            try:
                with transaction.atomic():
                    what = _row(values, by, said)
            except Invalid as invalid:
                findings += [IntakeFinding(number, name, "error", str(text)) for name, text in invalid.errors.items()]
                counts["refused"] += 1
                continue
            except TongbanError as error:
                findings.append(IntakeFinding(number, "", "error", str(error)))
                counts["refused"] += 1
                continue
            counts["accepted"] += 1
            counts["warned"] += bool(said)
            findings += [IntakeFinding(number, field, "warning", text) for field, text in said]
            counts[what] += 1
        if dry_run:
            transaction.set_rollback(True)
        elif counts["accepted"]:
            facts = {name: counts[name] for name in ("joined", "moved", "left", "refused")}
            write("identity.people.imported", Ref(data.PERSON, "list"), by=by, **facts)
    return IntakeReport(True, dry_run, **counts, findings=tuple(findings))


def _row(values: Mapping[str, str], by: Ref | None, said: Said) -> str:
    username = values.get("username", "")
    if not username:
        raise Invalid({"username": _("A username is missing.")})
    try:
        person: data.Person | None = person_by_username(username)
    except NotFound:
        person = None
    if values.get("action", "").lower() in _LEFT:
        if person is None:
            raise Invalid({"username": _("Nobody has the username %s.") % username})
        return _leave(person, by)
    joined = person is None
    if person is None:
        person = people.create_staff(
            username,
            values.get("name", ""),
            phone=values.get("phone", ""),
            id_number=values.get("id_number", ""),
            by=by,
        )
    elif person.kind != data.PersonKind.STAFF:
        raise Invalid({"username": _("This username is taken.")})
    else:
        phone = values.get("phone") or person.phone
        people.change_staff(person.ref, username, values.get("name") or person.name, phone, by=by)
        if not person.active:
            people.enable(person.ref, by=by)
            said.append(("username", str(_("The account was closed and is open again."))))
    moved = _place(person, values, by, said) if values.get("office") else False
    if joined and not values.get("office"):
        said.append(("office", str(_("Without an office this person can sign in but do nothing."))))
    return "joined" if joined else "moved" if moved else "unchanged"


def _leave(person: data.Person, by: Ref | None) -> str:
    held = posts.posts_of(person.ref)
    if not person.active and not held:
        return "unchanged"
    people.disable(person.ref, by=by, reason="import")
    for post in held:
        posts.end_post(post.ref, by=by)
    return "left"


def _place(person: data.Person, values: Mapping[str, str], by: Ref | None, said: Said) -> bool:
    """To the office, out of the posts held before unless it is a concurrent one. True where that is a change."""
    office = _office(values["office"])
    title, concurrent = values.get("title", ""), values.get("concurrent", "").lower() in _YES
    wanted = [role for role in values.get("roles", "").replace("、", " ").replace(";", " ").split() if role]
    if unknown := set(wanted) - set(models.Role.objects.filter(key__in=wanted).values_list("key", flat=True)):
        raise Invalid({"roles": _("There is no role named %s.") % ", ".join(sorted(unknown))})
    held = posts.posts_of(person.ref)
    if any(post.office == office.ref and (not title or post.title == title) for post in held):
        return False
    start = _day(values, "from") or today()
    if not concurrent:
        for post in held:
            if post.acting_for is None and not post.concurrent:
                posts.end_post(post.ref, on=max(start, today()), by=by)
    given = {"valid_from": start, "until": _day(values, "until"), "concurrent": concurrent}
    posts.assign_post(person.ref, office.ref, title or "工作人员", by=by, **given)  # type: ignore[arg-type]
    if wanted:
        row = models.RightsRequest.objects.create(
            kind="post", person=models.Person.objects.get(public_id=person.ref.id), person_ref=str(person.ref),
            office=offices._row(office.ref), title=title or "工作人员", roles=wanted, asked_by=str(by or ""), **given,
        )  # fmt: skip
        write("identity.rights.asked", row.ref, by=by, person=str(person.ref), office=str(office.ref))
        emit(RightsAsked(row.ref, person.ref))
        said.append(("roles", str(_("The roles wait for a security administrator."))))
    return True


def _office(text: str) -> data.Office:
    found = offices.find_offices(text, limit=6)
    exact = [office for office in found if text in (office.code, office.title)]
    if len(exact or found) == 1:
        return (exact or found)[0]
    raise Invalid({"office": _("No office, or more than one, fits “%s”: write its code.") % text})


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name, "").replace("/", "-").replace(".", "-")
    if not text:
        return None
    try:
        return date.fromisoformat("-".join(part.zfill(2) for part in text.split("-")))
    except ValueError:
        raise Invalid({name: _("A day is expected, as 2027-01-01.")}) from None


def _rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by their headings, with their numbers in the file. `_Unreadable` says why a file is no such list."""
    if len(content) > MAX_BYTES:
        raise _Unreadable(_("The file is too large."))
    grid = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    names: dict[int, str] = {}
    found: list[tuple[int, dict[str, str]]] = []
    for number, cells in enumerate(grid, 1):
        if number > MAX_ROWS:
            raise _Unreadable(_("The list has more than %d rows.") % MAX_ROWS)
        if not names:
            names = {i: _BY_HEADING[cell.lower()] for i, cell in enumerate(cells) if cell.lower() in _BY_HEADING}
            if "username" not in names.values():
                names = {}
                if number > 10:
                    break
            continue
        values = {name: cells[i] for i, name in names.items() if i < len(cells) and cells[i]}
        if values:
            found.append((number, values))
    if not names:
        raise _Unreadable(_("No heading names the column of usernames."))
    return iter(found)


def _csv(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _Unreadable(_("This file is no text in UTF-8 or GB 18030."))
    try:
        for cells in csv.reader(io.StringIO(text.replace("\x00", ""), newline="")):
            yield [cell.strip()[:300] for cell in cells]
    except csv.Error as error:
        raise _Unreadable(str(error)) from None


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise _Unreadable(_("The file is too large."))
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        for row in sheet.iter_rows(values_only=True):
            yield [_cell(value) for value in row]
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError, EOFError):
        raise _Unreadable(_("This file cannot be read as a workbook.")) from None


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()[:300]
