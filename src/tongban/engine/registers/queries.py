"""Reading rows: one, a page, history, close names.

Row security decides which personal rows exist for the caller.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Text
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import Actor, Target, looked_up, may, person, reasons, require

from .data import Clash, Field, FieldType, Page, RegisterDefinition, Row, Search, Version
from .ddl import history_columns, order_columns
from .definitions import definition, definitions
from .rowmodel import history_model, model
from .values import from_columns, read, to_columns

MAX_PAGE = 50
_RANGES = (FieldType.DATE, FieldType.DATETIME, FieldType.INT, FieldType.DECIMAL, FieldType.MONEY)
_SYSTEM = ("id", "version", "level", "zone", "source", "valid_from", "valid_to", "created_at", "updated_at")


def row_of(register: RegisterDefinition, found: Any) -> Row:
    """A model instance as the frozen row that leaves this room."""
    system = {name: getattr(found, name) for name in (*_SYSTEM, "written_by", "reason")}
    return Row(register=register.key, values=columns_of(register, found), **system)


def columns_of(register: RegisterDefinition, found: Any) -> dict[str, Any]:
    """A model instance's values by field, sealed ones opened; None for what its table does not keep."""
    return from_columns(
        register, {name: getattr(found, name, None) for field in register.live for name in field.columns}
    )


def target(register: RegisterDefinition, field: str = "") -> Target:
    """What a right to this register, or to one field of it, must reach (TRUST-05)."""
    return Target(register.key, field, register.level.value, register.zone.value)


def access_register(actor: Actor, key: str, permission: str = "register.read") -> RegisterDefinition:
    """The register, for somebody whose right reaches it; else `Refused`."""
    register = definition(key)
    require(actor, permission, target=target(register))
    return register


def access_row(actor: Actor, key: str, id: str) -> Row:
    """The row, for somebody who may see it; `NotFound` otherwise, whether or not it exists (T13)."""
    register = definition(key)
    if not register.personal and not may(actor, "register.read", target=target(register)):
        raise NotFound()
    found = visible(register).filter(id=id).first()
    if found is None:
        raise NotFound()
    return row_of(register, found)


def get(actor: Actor, key: str, id: str) -> Row:
    """One row. Reading a personal one leaves a trace that its subject can see (rule 8)."""
    row = access_row(actor, key, id)
    trace(actor, key, [row])
    return row


def trace(actor: Actor, key: str, rows: Iterable[Row]) -> None:
    """Record that an officer saw these rows, where they are personal and about somebody else. `Refused` beyond the
    quota of people an officer may look up (T2)."""
    if not definition(key).personal or not actor.staff:
        return
    seen = list(rows)
    looked_up(actor, [row.ref for row in seen])
    whys = reasons(actor, [(row.ref, str(row.values.get(definition(key).subject) or "")) for row in seen])
    with transaction.atomic():
        for row in seen:
            ledger.write("registers.row.read", row.ref, by=actor.by, why=whys.get(row.ref, ""))


def own_rows(actor: Actor) -> Iterator[tuple[RegisterDefinition, Row]]:
    """The person's own records in every personal register that the public site may read."""
    number = person(actor.person).id_number if not actor.public else ""
    for register in definitions() if number else ():
        if register.personal and register.portal:
            for found in visible(register).filter(**{register.subject: number}).order_by("id"):
                yield register, row_of(register, found)


def find(key: str, **natural: Any) -> Row | None:
    """The row with these field values, or this `id`, or None; for rooms with an authority of their own.

    Retired rows are found too. With several, the first by id.
    """
    register = definition(key)
    if "id" in natural:
        return find_by_id(key, natural["id"])
    wanted = {}
    for name, value in natural.items():
        made, _verdict = read(_field(register, name), value)
        if made is None:
            return None
        wanted[name] = made
    found = visible(register).filter(**to_columns(register, wanted)).order_by("id").first()
    return row_of(register, found) if found else None


def find_by_id(key: str, id: str) -> Row | None:
    """The row with this id, or None; like `find`."""
    register = definition(key)
    found = visible(register).filter(id=id).first()
    return row_of(register, found) if found else None


def find_many(key: str, field: str, values: Sequence[Any]) -> dict[Any, Row]:
    """The rows whose field has one of the values, by that value; one question for many rows."""
    register = definition(key)
    _field(register, field)
    return {getattr(f, field): row_of(register, f) for f in visible(register).filter(**{f"{field}__in": list(values)})}


def visible(register: RegisterDefinition) -> Any:
    """A query set of the rows the caller may see.

    Row security says the same, and holds without this; said here as well, with the few numbers and ids written
    out, PostgreSQL finds an officer's rows by index instead of passing over a million that are not theirs.
    """
    rows = model(register.key).objects.all()
    if not register.personal:
        return rows
    with connection.cursor() as cursor:
        cursor.execute(_REACH, [f"registers.{register.key}"])
        everything, subjects, granted = cursor.fetchone()
    if everything:
        return rows
    subject = register.field(register.subject).lookup
    return rows.filter(Q(**{f"{subject}__in": subjects}) | Q(id__in=granted))


_REACH = "SELECT tongban_system(), registers.visible_subjects(), registers.granted_rows(%s)"


# --- lists --------------------------------------------------------------------------------------------


def page(
    key: str,
    filters: Mapping[str, Any] | None = None,
    after: str | None = None,
    size: int = MAX_PAGE,
    *,
    search: str = "",
    order: str = "",
    retired: bool = False,
) -> Page:
    """One page of a list, by keyset: as quick at row 900,000 as at row 1, and nothing is counted.

    `filters`: field -> value, or `field__from` and `field__to` for dates and numbers; only indexed fields.
    `order`: a field of `orders(key)`, `-` for descending. Raises `Invalid` for a name or value that is not
    allowed (T32).
    """
    register = definition(key)
    rows = narrowed(register, filters or {}, search, retired)
    terms = _order(register, order)
    if after:
        rows = rows.filter(_behind(register, terms, after))
    size = max(1, min(size, MAX_PAGE))
    found = [row_of(register, item) for item in rows.order_by(*terms)[: size + 1]]
    more = len(found) > size
    return Page(tuple(found[:size]), _cursor(register, terms, found[size - 1]) if more else None)


def orders(key: str) -> tuple[str, ...]:
    """What a list may be ordered by: an index stands behind each."""
    register = definition(key)
    first = order_columns(register)[0].lstrip("-")
    own = [field.name for field in register.live if field.index and field.required and not field.sealed]
    return tuple(dict.fromkeys([first, *own]))


def filters(key: str) -> tuple[Field, ...]:
    """The fields a list may be filtered by."""
    return tuple(field for field in definition(key).live if field.index or field.name in definition(key).natural_key)


def iterate(key: str, wanted: Mapping[str, Any], search: str = "", chunk: int = 2000) -> Iterator[Row]:
    """Every row a filter lets through, in the list's order, a chunk in memory at a time."""
    register = definition(key)
    rows = narrowed(register, wanted, search, retired=False).order_by(*order_columns(register))
    for item in rows.iterator(chunk_size=chunk):
        yield row_of(register, item)


def narrowed(register: RegisterDefinition, wanted: Mapping[str, Any], search: str, retired: bool) -> Any:
    """The visible rows that pass filters and search box."""
    rows = visible(register)
    if not retired:
        rows = rows.filter(valid_to=None)
    errors: dict[str, Text] = {}
    for name, value in wanted.items():
        if value in (None, ""):
            continue
        try:
            rows = rows.filter(_condition(register, name, value))
        except Invalid as invalid:
            errors |= invalid.errors
    if errors:
        raise Invalid(errors)
    return rows.filter(_searched(register, search)) if search.strip() else rows


def _condition(register: RegisterDefinition, name: str, value: Any) -> Q:
    base, _underscores, bound = name.partition("__")
    field = register.by_name.get(base)
    allowed = {item.name for item in filters(register.key)}
    if field is None or base not in allowed or bound not in ("", "from", "to") or "__" in bound:
        raise Invalid({name: _("This list cannot be filtered by this.")})
    if bound and field.type not in _RANGES:
        raise Invalid({name: _("This list cannot be filtered by this.")})
    made, verdict = read(field, value)
    if made is None or (not verdict and field.type is not FieldType.PERSON_ID):
        raise Invalid({name: verdict.message or _("This value cannot be searched for.")})
    operator = {"": "", "from": "__gte", "to": "__lte"}[bound]
    return Q(**{f"{base}{operator}": made})


def _searched(register: RegisterDefinition, text: str) -> Q:
    """The search box: the whole value, its beginning, or any part, as each field declares."""
    text = " ".join(text.replace("\0", "").split())[:100]
    condition = Q(pk__in=[])
    for field in register.live:
        if field.search is Search.EXACT:
            made, _verdict = read(field, text)
            condition |= Q(**{field.name: made}) if made is not None else Q()
        elif field.search is Search.PREFIX:
            condition |= Q(**{f"{field.name}__startswith": text})
        elif field.search is Search.WORDS:
            condition |= _part(field.name, text)
    return condition


def _part(column: str, text: str) -> Q:
    """Any part of a text. Pairs of characters come from the index; the text itself decides."""
    if len(text) < 2:
        return Q(**{f"{column}__startswith": text})
    pairs = RawSQL(f'search_grams("{column}") @> search_grams(%s)', [text], BooleanField())  # noqa: S611
    exact = RawSQL(f'strpos(search_plain("{column}"), search_plain(%s)) > 0', [text], BooleanField())  # noqa: S611
    return Q(pairs) & Q(exact)


# --- keyset -------------------------------------------------------------------------------------------


def _order(register: RegisterDefinition, order: str) -> tuple[str, ...]:
    default = order_columns(register)
    if not order:
        return default
    name = order.removeprefix("-")
    if name not in orders(register.key) or order.startswith("--"):
        raise Invalid({"order": _("This list cannot be ordered by this.")})
    down = order.startswith("-")
    rest = [term.lstrip("-") for term in default if term.lstrip("-") != name]
    return tuple(f"-{term}" if down else term for term in [name, *rest])


def _cursor(register: RegisterDefinition, terms: Sequence[str], row: Row) -> str:
    values = [_plain(_at(row, term.lstrip("-"))) for term in terms]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _behind(register: RegisterDefinition, terms: Sequence[str], after: str) -> Q:
    """Rows behind the cursor: (a, b) > (x, y) written out, because directions may differ."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if not isinstance(raw, list):
            raise TypeError
        values = [_typed(register, term.lstrip("-"), value) for term, value in zip(terms, raw, strict=True)]
    except (ValueError, TypeError, RecursionError):
        raise Invalid({"after": _("This page address is damaged. Start again from the first page.")}) from None
    condition, equal = Q(), Q()
    for term, value in zip(terms, values, strict=True):
        name, operator = term.lstrip("-"), "lt" if term.startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{operator}": value})
        equal &= Q(**{name: value})
    first, low = terms[0].lstrip("-"), "lte" if terms[0].startswith("-") else "gte"
    return Q(**{f"{first}__{low}": values[0]}) & condition  # the first bound lets the index start in the right place


def _at(row: Row, name: str) -> Any:
    return getattr(row, name) if name in _SYSTEM else row.values[name]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value if isinstance(value, int) else str(value)


def _typed(register: RegisterDefinition, name: str, value: Any) -> Any:
    if name == "id":
        return str(value)
    kind = FieldType.DATETIME if name in _SYSTEM else register.field(name).type
    title = next(iter(register.fields)).title
    made, _verdict = read(Field(name=name, title=title, type=kind), value)
    if made is None:
        raise ValueError(name)
    return made


def _field(register: RegisterDefinition, name: str) -> Field:
    field = register.by_name.get(name)
    if field is None or field.retired:
        raise Invalid({name: _("This register has no such item.")})
    return field


# --- history and names --------------------------------------------------------------------------------


def history(key: str, id: str) -> list[Version]:
    """Every version of a row, newest first, each with what it changed; empty when the row may not be seen."""
    register = definition(key)
    present = visible(register).filter(id=id).first()
    if present is None:
        return []
    former = list(history_model(key).objects.filter(id=id).order_by("version"))
    kept = {field.name for field in register.live if set(field.columns) <= set(history_columns(register))}
    made: list[Version] = []
    before: dict[str, Any] = {}
    for item in [*former, present]:
        values = {n: v for n, v in columns_of(register, item).items() if n in kept}
        changes = {n: (before.get(n), v) for n, v in values.items() if before.get(n) != v}
        until = getattr(item, "superseded_at", None)
        made.append(
            Version(
                item.version,
                item.updated_at,
                until,
                item.written_by,
                item.source,
                item.reason,
                values,
                changes,
            )
        )
        before = values
    return made[::-1]


def similar(key: str, field: str, text: str, *, limit: int = 10, floor: float = 0.5) -> list[Clash]:
    """Values in force that are close to the text, closest first; score 1: the same but for legal form and
    punctuation. Only for fields that declare `similar`. This is how a clash of enterprise names is found.
    """
    register = definition(key)
    if not _field(register, field).similar:
        raise Invalid({field: _("This item has no index of close values.")})
    column, asked = f'registers.name_core("{field}")', "registers.name_core(%(text)s)"
    close = f"{column} = {asked}" if floor >= 1 else f"({column} = {asked} OR {column} %% {asked})"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(min(floor, 1.0))])
        cursor.execute(
            f'SELECT id, "{field}", similarity({column}, {asked}) AS score FROM {register.table} '  # noqa: S608
            f"WHERE valid_to IS NULL AND {asked} <> '' AND {close} ORDER BY score DESC, id LIMIT %(limit)s",
            {"text": text.replace("\0", ""), "limit": min(limit, MAX_PAGE)},
        )
        return [Clash(id_, value, round(float(score), 4)) for id_, value, score in cursor.fetchall()]
