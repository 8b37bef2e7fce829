"""The guide's spreadsheet: entries by file, with a finding for every line that does not hold (DATA-04).

One line is one item; what belongs to the resource stands on its first line, the following lines leave it empty, as the
merged cells of the guide's own form do. Columns are found by their titles, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import BinaryIO, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, TongbanError
from tongban.trust.identity.api import Actor, find_offices, office_by_code
from tongban.trust.identity.data import Office

from . import descriptions, sheets
from .actions import compile
from .data import (
    Category,
    Cycle,
    DataType,
    Description,
    Finding,
    Format,
    Item,
    Level,
    Openness,
    Resource,
    Sharing,
    State,
    Zone,
)
from .models import Resource as Row
from .sources import judged, known_about
from .spreadsheet import (
    CATEGORIES,
    COLUMNS,
    CYCLES,
    EXAMPLE,
    FORMATS,
    LEVELS,
    MODES,
    NEEDED,
    OPENNESS,
    SECOND,
    SHARING,
    TYPES,
    ZONES,
)

Place = tuple[str, str, str]
E = TypeVar("E")


@dataclass(frozen=True)
class ImportReport:
    """What came of a file: `made` the resources now being described, `refused` the titles of the others,
    `findings` with their lines. With `tried` nothing was kept."""

    made: tuple[Resource, ...]
    refused: tuple[str, ...]
    findings: tuple[Finding, ...]
    tried: bool = False


@dataclass
class Entry:
    """A resource of the file as it was read: its first line, and the lines of its items."""

    line: int
    cells: Mapping[str, str]
    items: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)


def template() -> bytes:
    """The spreadsheet to fill in: the titles, and one example of two items."""
    titles = [names[0] for names in COLUMNS.values()]
    return sheets.written(
        "政务信息资源目录", [titles, *([row.get(n, "") for n in COLUMNS] for row in (EXAMPLE, SECOND))]
    )


def import_entries(actor: Actor, stream: BinaryIO, name: str, tried: bool = False) -> ImportReport:
    """Take entries in as drafts of the actor's offices. Each resource stands or falls by itself: what holds is kept, a
    line that does not hold refuses its resource and is named. `tried`: say what would happen, keep nothing. The file
    has passed the upload's checks (T22, T24). `Invalid` under `file` when no table is in it."""
    return take(actor, entries_of(stream, name), tried)


def take(actor: Actor, entries: Sequence[Entry], tried: bool = False, before: Iterable[Place] = ()) -> ImportReport:
    """As `import_entries`, of entries that were read. `before` are those that other parts of the file have."""
    provider, offices = cache(_provider), cache(office_by_code)
    findings: list[Finding] = []
    read: list[tuple[Entry, Description, list[Finding]]] = []
    for entry in entries:
        wrong: list[Finding] = []
        read.append((entry, _described(entry, provider, wrong), wrong))
    present = _present(description for _entry, description, _wrong in read) | set(before)
    known = known_about(item for _entry, description, _wrong in read for item in description.items)
    made: list[Resource] = []
    refused: list[str] = []
    for entry, description, wrong in read:
        try:
            if any(one.level == "error" for one in wrong):
                raise Invalid({})
            place = place_of(description)
            if place in present:
                raise Invalid({"title": _("Your office has a resource of this name already.")})
            made.append(_compiled(actor, description, offices(description.provider), tried))
            present.add(place)
        except Invalid as invalid:
            wrong += [Finding(key, str(text), row=entry.line) for key, text in invalid.errors.items()]
            refused.append(description.title)
        except TongbanError as error:
            wrong.append(Finding("", str(error.message), row=entry.line))
            refused.append(description.title)
        else:
            later = [*descriptions.findings(description), *judged(description, known=known)]
            wrong += [Finding(one.field, one.message, "warning", entry.line) for one in later]
        findings += wrong
    return ImportReport(tuple(made), tuple(refused), tuple(findings), tried)


def _compiled(actor: Actor, description: Description, office: Office, tried: bool) -> Resource:
    if not tried:
        return compile(actor, description, office)
    with transaction.atomic():
        made = compile(actor, description, office)
        transaction.set_rollback(True)
    return made


def place_of(description: Description) -> Place:
    """Office, title and project: two of one place are one resource twice."""
    return description.provider, " ".join(description.title.split()), description.project


def _present(described: Iterable[Description]) -> set[Place]:
    """What the catalogue has under the titles of the file."""
    titles = {" ".join(one.title.split()) for one in described}
    rows = Row.objects.filter(title__in=titles).exclude(state=State.RETIRED)
    return set(rows.values_list("content__provider", "title", "content__project"))


# --- reading ------------------------------------------------------------------------------------------


def entries_of(stream: BinaryIO, name: str) -> list[Entry]:
    """The entries of a spreadsheet, each with its items. `Invalid` under `file` when no table is in it."""
    found: list[Entry] = []
    for number, cells in sheets.rows(stream, name, COLUMNS, NEEDED):
        if cells.get("title") and (not found or cells["title"] != found[-1].cells.get("title")):
            found.append(Entry(number, cells))
        if found and cells.get("item_title"):
            found[-1].items.append((number, cells))
    return found


# --- understanding ------------------------------------------------------------------------------------


def _described(entry: Entry, provider: Callable[[str, str], str], wrong: list[Finding]) -> Description:
    get = entry.cells.get

    def told(name: str, values: Mapping[str, E], default: E) -> E:
        text = get(name, "") or ""
        if text and text not in values:
            title = COLUMNS[name][0]
            what = _("{title}: “{text}” is none of {values}.").format(
                title=title, text=text[:40], values="、".join(values)
            )
            wrong.append(Finding(name, what, row=entry.line))
        return values.get(text, default)

    modes = get("modes", "").replace("、", " ").replace("，", " ").replace(",", " ").split()
    for part in modes:
        if part not in MODES:
            what = _("{title}: “{text}” is none of {values}.").format(
                title=COLUMNS["modes"][0], text=part[:40], values="、".join(MODES)
            )
            wrong.append(Finding("modes", what, row=entry.line))
    name, code = get("provider", ""), get("provider_code", "")
    if not (office := provider(name, code)):
        wrong.append(Finding("provider", _("There is no office “{name}”.").format(name=name or code), row=entry.line))
    sharing = told("sharing", SHARING, Sharing.UNCONDITIONAL)
    return Description(
        title=get("title", ""),
        summary=get("summary", ""),
        provider=office,
        category=told("category", CATEGORIES, Category.DEPARTMENT),
        project=_digits(get("project", ""), 2),
        subject=_digits(get("subject", ""), 3),
        detail=get("detail", ""),
        format=told("format", FORMATS, Format.DATABASE),
        items=tuple(_item(number, cells, wrong) for number, cells in entry.items),
        cycle=told("cycle", CYCLES, Cycle.IRREGULAR),
        sharing=sharing,
        condition=get("condition", ""),
        law=get("law", "") or (get("condition", "") if sharing is Sharing.REFUSED else ""),
        modes=tuple(dict.fromkeys(MODES[part] for part in modes if part in MODES)),
        openness=told("openness", OPENNESS, Openness.CLOSED),
        open_condition=get("open_condition", ""),
        level=told("level", LEVELS, Level.INTERNAL),
        zone=told("zone", ZONES, Zone.OUTER),
        system=get("system", ""),
        owner=get("owner", ""),
        operator=get("operator", ""),
        related=tuple(get("related", "").replace("、", " ").split()),
    )


def _provider(name: str, code: str) -> str:
    """The code of the office by its code of the organisation list, else by its name; "" where there is none."""
    with suppress(NotFound):
        return office_by_code(code or name).code
    near = find_offices(name, 5) if name else []
    same = [one for one in near if name in (one.title, one.short_title) or (code and code == one.uscc)]
    return same[0].code if len(same) == 1 else ""


def _item(number: int, cells: Mapping[str, str], wrong: list[Finding]) -> Item:
    kind, _length, given = cells.get("type", "").partition("(")
    length = cells.get("length", "") or given.rstrip(")）")
    if kind and kind.strip() not in TYPES:
        wrong.append(Finding("type", _("“{text}” is no data type of the guide.").format(text=kind[:40]), row=number))
    if length and not length.replace(".0", "").isdigit():
        wrong.append(Finding("length", _("“{text}” is no length.").format(text=length[:40]), row=number))
        length = ""
    return Item(
        name=cells.get("item_name", "") or f"item_{number}",
        title=cells["item_title"],
        type=TYPES.get(kind.strip(), DataType.TEXT),
        length=int(float(length or 0)),
        codes=cells.get("codes", ""),
        source=cells.get("source", ""),
        required=cells.get("required", "") == "是",
        personal=cells.get("personal", "") == "是",
        element=cells.get("element", ""),
    )


def _digits(text: str, width: int) -> str:
    """A spreadsheet makes 7 of 07."""
    return text.removesuffix(".0").rjust(width, "0") if text else ""
