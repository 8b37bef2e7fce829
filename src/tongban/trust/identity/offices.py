"""The tree of offices: load, find, resolve a part played in a division."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Ref, Refused, emit, new_id, today
from tongban.base.ledger.api import write

from . import data, models

_INCOMING = """
CREATE TEMPORARY TABLE identity_incoming ON COMMIT DROP AS
SELECT x.*, parent.id AS parent_id, present.id AS office_id, present.title AS former
FROM jsonb_to_recordset(%s) AS x(public_id text, code text, title text, short_title text, kind text,
                                  division text, uscc text, parent text, roles jsonb)
LEFT JOIN identity_office present ON present.code = x.code
LEFT JOIN identity_office parent ON parent.code = x.parent
"""
_UNKNOWN_PARENTS = """
SELECT i.code FROM identity_incoming i
WHERE i.parent <> '' AND i.parent_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM identity_incoming p WHERE p.code = i.parent)
ORDER BY 1 LIMIT 5
"""
_ADD = """
INSERT INTO identity_office (public_id, code, title, short_title, kind, division, uscc, path, valid_from)
SELECT public_id, code, title, short_title, kind, division, uscc, '', %s FROM identity_incoming
WHERE office_id IS NULL
"""
_CHANGE = """
UPDATE identity_office o
SET title = i.title, short_title = i.short_title, kind = i.kind, division = i.division, uscc = i.uscc
FROM identity_incoming i
WHERE o.id = i.office_id AND (o.title, o.short_title, o.kind, o.division, o.uscc)
      IS DISTINCT FROM (i.title, i.short_title, i.kind, i.division, i.uscc)
RETURNING o.public_id, i.former, o.title
"""
_PLACE = """
UPDATE identity_office o SET parent_id = p.id
FROM identity_incoming i LEFT JOIN identity_office p ON p.code = i.parent
WHERE o.code = i.code AND o.parent_id IS DISTINCT FROM p.id
"""
_PATHS = """
WITH RECURSIVE tree AS (
    SELECT id, lpad(to_hex(id), 8, '0') || '/' AS path FROM identity_office WHERE parent_id IS NULL
    UNION ALL
    SELECT o.id, tree.path || lpad(to_hex(o.id), 8, '0') || '/'
    FROM identity_office o JOIN tree ON o.parent_id = tree.id
)
UPDATE identity_office o SET path = tree.path FROM tree
WHERE o.id = tree.id AND o.path IS DISTINCT FROM tree.path
"""
_CLOSE_NAMES = """
UPDATE identity_office_name n SET until = %s
FROM identity_office o JOIN identity_incoming i ON i.code = o.code
WHERE n.office_id = o.id AND n.until IS NULL AND NOT n.alias
  AND (n.title, n.short_title) IS DISTINCT FROM (o.title, o.short_title)
"""
_OPEN_NAMES = """
INSERT INTO identity_office_name (office_id, title, short_title, alias, valid_from)
SELECT o.id, o.title, o.short_title, FALSE, %s
FROM identity_office o JOIN identity_incoming i ON i.code = o.code
WHERE NOT EXISTS (
    SELECT 1 FROM identity_office_name n WHERE n.office_id = o.id AND n.until IS NULL AND NOT n.alias
)
"""
_ROLES = """
INSERT INTO identity_office_role (office_id, role, division, valid_from)
SELECT o.id, role, o.division, %s
FROM identity_incoming i JOIN identity_office o ON o.code = i.code, jsonb_array_elements_text(i.roles) AS role
ON CONFLICT (role, division) WHERE until IS NULL DO NOTHING
"""


def load_offices(rows: Iterable[data.OfficeRow], by: Ref | None = None) -> data.OfficeLoad:
    """Add and update offices from an organisation list, in a dozen statements whatever its length;
    idempotent.

    A changed title closes the former name at today. Offices not on the list stay as they are. Roles are
    added where nobody plays them yet; handing a role from one office to another is `play_role`. `Refused`
    names the lines whose parent does not exist, and nothing is loaded.
    """
    lines = {
        row.code: {
            "public_id": new_id(),
            "code": row.code,
            "title": row.title,
            "short_title": row.short_title or row.title,
            "kind": data.OfficeKind(row.kind).value,
            "division": normal_division(row.division),
            "uscc": row.uscc,
            "parent": row.parent,
            "roles": list(row.roles),
        }
        for row in rows
    }
    day = today()
    with transaction.atomic(), connection.cursor() as cursor:
        # Two loads at once would both find an office missing: the second waits here for the first.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('identity.load_offices'))")
        cursor.execute(_INCOMING, [json.dumps(list(lines.values()))])
        cursor.execute(_UNKNOWN_PARENTS)
        if strays := [code for (code,) in cursor.fetchall()]:
            raise Refused(_("These lines name a parent office that does not exist: %s") % ", ".join(strays))
        cursor.execute(_ADD, [day])
        added = cursor.rowcount
        cursor.execute(_CHANGE)
        changed = cursor.fetchall()
        cursor.execute(_PLACE)
        moved = cursor.rowcount - added
        cursor.execute(_PATHS)
        cursor.execute(_CLOSE_NAMES, [day])
        cursor.execute(_OPEN_NAMES, [day])
        cursor.execute(_ROLES, [day])
        cursor.execute("DROP TABLE identity_incoming")
        renamed = [(Ref(data.OFFICE, id_), former, title) for id_, former, title in changed if former != title]
        for ref, former, title in renamed:
            write("identity.office.renamed", ref, by=by, former=former, title=title)
            emit(data.OfficeRenamed(ref, former, title))
        if added or changed or moved > 0:
            write("identity.offices.loaded", Ref(data.OFFICE, "list"), by=by, added=added, changed=len(changed))
    return data.OfficeLoad(added, len(changed), len(renamed), len(lines) - added - len(changed))


def rename_office(office: Ref, title: str, short_title: str = "", by: Ref | None = None) -> data.Office:
    """A new title from today; the former one is kept with its dates and still found by search."""
    with transaction.atomic():
        row = _row(office, lock=True)
        if (row.title, row.short_title) == (title, short_title or row.short_title):
            return _office(row)
        former, row.title = row.title, title
        row.short_title = short_title or title
        row.save(update_fields=["title", "short_title"])
        row.names.filter(until=None, alias=False).update(until=today())
        models.OfficeName.objects.create(office=row, title=title, short_title=row.short_title, valid_from=today())
        write("identity.office.renamed", office, by=by, former=former, title=title)
        emit(data.OfficeRenamed(office, former, title))
        return _office(row)


def place_office(office: Ref, parent: Ref, by: Ref | None = None) -> None:
    """The office, with all below it, lies under another parent from now on; `Refused` below itself."""
    with transaction.atomic(), connection.cursor() as cursor:
        row, above = _row(office, lock=True), _row(parent)
        if above.path.startswith(row.path):
            raise Refused(_("%s cannot lie below itself.") % row.title)
        models.Office.objects.filter(pk=row.pk).update(parent=above)
        cursor.execute(_PATHS)
        write("identity.office.placed", office, by=by, parent=str(parent))


def play_role(office: Ref, role: str, division: str = "", by: Ref | None = None) -> None:
    """From today this office plays `role` in the division (its own by default); whoever played it stops."""
    with transaction.atomic():
        row = _row(office)
        where = normal_division(division or row.division)
        holders = models.OfficeRole.objects.select_for_update().filter(role=role, division=where, until=None)
        if holders.filter(office=row).exists():
            return
        holders.update(until=today())
        models.OfficeRole.objects.create(office=row, role=role, division=where)
        write("identity.office.role", office, by=by, role=role, division=where)


def end_office_role(office: Ref, role: str, division: str = "", by: Ref | None = None) -> None:
    """The office stops playing `role`; requests resolve to the office of the next larger division."""
    with transaction.atomic():
        row = _row(office)
        where = normal_division(division or row.division)
        models.OfficeRole.objects.filter(office=row, role=role, division=where, until=None).update(until=today())
        write("identity.office.role_ended", office, by=by, role=role, division=where)


# Reads


def office(ref: Ref | str) -> data.Office:
    """The office; `NotFound`."""
    return _office(_row(ref))


def office_by_code(code: str) -> data.Office:
    """The office with this stable code of the organisation list; `NotFound`."""
    row = models.Office.objects.select_related("parent").filter(code=code).first()
    if row is None:
        raise NotFound(_("There is no such office."))
    return _office(row)


def offices_by_ref(refs: Iterable[Ref]) -> dict[Ref, data.Office]:
    """Many offices in one query; unknown ones are left out."""
    ids = {ref.id for ref in refs}
    rows = models.Office.objects.select_related("parent").filter(public_id__in=ids) if ids else ()
    return {row.ref: _office(row) for row in rows}


def offices_under(office: Ref | data.Office, kinds: Sequence[str] = ()) -> list[data.Office]:
    """The office and all below it that exist today, in tree order."""
    path = office.path if isinstance(office, data.Office) else _row(office).path
    rows = _living().filter(path__startswith=path).order_by("path")
    return [_office(row) for row in (rows.filter(kind__in=list(kinds)) if kinds else rows)]


def children(office: Ref | None) -> list[tuple[data.Office, bool]]:
    """Offices directly below (or at the top), each with whether it has any below itself. By division, then
    code."""
    rows = _living().filter(parent__public_id=office.id) if office else _living().filter(parent=None)
    listed = list(rows.order_by("division", "code"))
    deeper = set(
        _living().filter(parent_id__in=[row.pk for row in listed]).values_list("parent_id", flat=True).distinct()
    )
    return [(_office(row), row.pk in deeper) for row in listed]


def ancestors(office: data.Office) -> list[data.Office]:
    """From the top down to the parent."""
    ids = [int(segment, 16) for segment in office.path.split("/")[:-2]]
    rows = models.Office.objects.select_related("parent").filter(pk__in=ids).order_by("path") if ids else ()
    return [_office(row) for row in rows]


def find_offices(words: str, limit: int = 30) -> list[data.Office]:
    """Offices whose present or former name, alias or code holds all the words."""
    rows = _living()
    for word in words.split()[:5]:
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(code__startswith=word)
            | Q(pk__in=models.OfficeName.objects.filter(title__icontains=word).values("office_id"))
        )
    return [_office(row) for row in rows.order_by("path")[:limit]]


def office_by_role(role: str, division: str) -> data.Office:
    """Who plays this part for a division: its own office first, then the county's, the city's, the
    province's.

    `NotFound` names the part and the division, because a pack or a region must then be corrected.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_ROLE, {"role": role, "chain": division_chain(division), "day": today()})
        row = cursor.fetchone()
    if row is None:
        text = _("No office plays the part “%(role)s” for division %(division)s.")
        raise NotFound(text % {"role": role, "division": division})
    id_, code, title, short_title, kind, where, path, parent, *rest = row
    above = Ref(data.OFFICE, parent) if parent else None
    office_kind = data.OfficeKind(kind)
    return data.Office(Ref(data.OFFICE, id_), code, title, short_title or title, office_kind, where, path, above, *rest)


# Asked by every application: written by hand, it costs half of what the query builder makes of it.
_BY_ROLE = """
SELECT o.public_id, o.code, o.title, o.short_title, o.kind, o.division, o.path, p.public_id, o.uscc, o.valid_from,
       o.until
FROM identity_office_role r
JOIN identity_office o ON o.id = r.office_id LEFT JOIN identity_office p ON p.id = o.parent_id
WHERE r.role = %(role)s AND r.division = ANY (%(chain)s)
  AND r.valid_from <= %(day)s AND (r.until IS NULL OR r.until > %(day)s)
ORDER BY array_position(%(chain)s, r.division::text) LIMIT 1
"""


def offices_with_role(role: str) -> list[tuple[str, data.Office]]:
    """Every division with the office that plays this part in it today."""
    rows = models.OfficeRole.objects.filter(_today("valid_from", "until"), role=role)
    return [(row.division, _office(row.office)) for row in rows.select_related("office__parent").order_by("division")]


def roles_of(office: Ref) -> list[tuple[str, str]]:
    """The parts an office plays today, each with its division."""
    rows = models.OfficeRole.objects.filter(_today("valid_from", "until"), office__public_id=office.id)
    return list(rows.order_by("role", "division").values_list("role", "division"))


def office_names(office: Ref, on: date | None = None) -> list[data.OfficeName]:
    """All names of an office with dates, newest first; with `on` only those of that day."""
    rows: QuerySet[models.OfficeName] = models.OfficeName.objects.filter(office__public_id=office.id)
    if on is not None:
        rows = rows.filter(_at("valid_from", "until", on))
    return [
        data.OfficeName(row.title, row.short_title, row.alias, row.valid_from, row.until)
        for row in rows.order_by("alias", "-valid_from", "-pk")
    ]


def titles_over_time(offices: Iterable[Ref]) -> Callable[[Ref, date | None], str]:
    """A function that gives the title each of these offices had on a day (None: today), from one query: what was done
    under an old name is told under the old name."""
    names: dict[str, list[tuple[date, str]]] = {}
    ids = {office.id for office in offices}
    rows = models.OfficeName.objects.filter(office__public_id__in=ids, alias=False).order_by("valid_from", "pk")
    for id_, start, title in rows.values_list("office__public_id", "valid_from", "title") if ids else ():
        names.setdefault(id_, []).append((start or date.min, title))

    def title_of(office: Ref, on: date | None = None) -> str:
        known = names.get(office.id, [])
        held = [title for start, title in known if start <= (on or today())]
        return held[-1] if held else known[0][1] if known else ""

    return title_of


def normal_division(code: str) -> str:
    """Province, city and county codes as six digits, townships nine, villages twelve (GB/T 2260, GB/T
    10114)."""
    digits = code.strip()
    return digits.ljust(6, "0") if len(digits) < 6 else digits


def division_chain(code: str) -> list[str]:
    """The division and those it lies in, smallest first: village, township, county, city, province."""
    code = normal_division(code)
    steps = [code[:12], code[:9], code[:6], code[:4] + "00", code[:2] + "0000"]
    return list(dict.fromkeys(step for step in steps if len(step) <= len(code)))


def _living() -> QuerySet[models.Office]:
    return models.Office.objects.select_related("parent").filter(_today("valid_from", "until"))


def _today(start: str, end: str) -> Q:
    return _at(start, end, today())


def _at(start: str, end: str, day: date) -> Q:
    return (Q(**{start: None}) | Q(**{f"{start}__lte": day})) & (Q(**{end: None}) | Q(**{f"{end}__gt": day}))


def _row(ref: Ref | str, lock: bool = False) -> models.Office:
    id_ = ref.id if isinstance(ref, Ref) else ref
    rows = models.Office.objects.select_for_update() if lock else models.Office.objects.select_related("parent")
    row = rows.filter(public_id=id_).first()
    if row is None:
        raise NotFound(_("There is no such office."))
    return row


def _office(row: models.Office) -> data.Office:
    return data.Office(
        ref=row.ref,
        code=row.code,
        title=row.title,
        short_title=row.short_title or row.title,
        kind=data.OfficeKind(row.kind),
        division=row.division,
        path=row.path,
        parent=row.parent.ref if row.parent else None,
        uscc=row.uscc,
        valid_from=row.valid_from,
        until=row.until,
    )
