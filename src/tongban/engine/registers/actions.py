"""Verbs on rows: write, retire, unmask.

What a caller may do is checked by the caller's room or by `access`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import ProgrammingError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import InsufficientPrivilege

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, canonical, emit, new_id, now
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import Actor, index_of, may

from .data import FieldType, RegisterDefinition, Row, RowRetired, RowWritten
from .ddl import history_columns, quoted
from .definitions import definition
from .queries import access_register, access_row, columns_of, row_of, target
from .rowmodel import history_model, model
from .sealing import row_name, stored
from .values import checked, from_columns, masked, to_columns

Values = Mapping[str, Any]


def write(
    key: str,
    values: Values,
    *,
    by: Ref | None,
    reason: str,
    source: str,
    version: int | None = None,
) -> Row:
    """Insert a row, or update the one with the same natural key; fields that are not given stay as they are.

    Raises `Invalid` with a message per field; `Stale` when `version` is given and no longer the row's;
    `Refused` when a row of this number exists that may not be seen. Equal values change nothing and leave no
    trace. A retired row comes back into force. History, ledger leaf and event share the transaction.
    """
    register = definition(key)
    if not reason.strip():
        raise Invalid({"reason": _("Please say why this is written.")})
    with transaction.atomic():
        natural = _natural(register, values)
        found = model(key).objects.select_for_update().filter(**natural).first()
        if found is None:
            if version is not None:
                raise Stale()
            return _insert(register, values, by, reason, source)
        return _update(register, found, values, by, reason, source, version)


def change(
    key: str, id: str, values: Values, *, by: Ref | None, reason: str, source: str, version: int | None = None
) -> Row:
    """Update the row with this id; everything else as `write`. The natural key stays."""
    register = definition(key)
    with transaction.atomic():
        found = model(key).objects.select_for_update().filter(id=id).first()
        if found is None:
            raise NotFound()
        return _update(register, found, values, by, reason, source, version)


def retire(key: str, id: str, *, by: Ref | None, reason: str, version: int | None = None) -> Row:
    """Put a row out of force. It stays readable; nothing is ever deleted."""
    register = definition(key)
    if not reason.strip():
        raise Invalid({"reason": _("Please say why this is written.")})
    with transaction.atomic():
        found = model(key).objects.select_for_update().filter(id=id).first()
        if found is None:
            raise NotFound()
        _same_version(register, found, version)
        if found.valid_to is not None:
            return row_of(register, found)
        moment = now()
        row = _supersede(register, found, {"valid_to": moment}, by, reason, found.source)
        ledger.write("registers.row.retired", row.ref, by=by, version=row.version, reason=reason)
        emit(RowRetired(key, row.id, row.version))
    return row


def unmask(actor: Actor, key: str, id: str, *, reason: str) -> Row:
    """Show a record's personal items as they are, to a named officer for a stated reason (R4).

    The act is recorded.
    """
    register = access_register(actor, key, "register.unmask")
    if len(reason.strip()) < 4:
        raise Invalid({"reason": _("Please say in a few words why you need to see this.")})
    with transaction.atomic():
        row = access_row(actor, key, id)
        ledger.write("registers.row.unmasked", row.ref, by=actor.by, reason=reason.strip(), version=row.version)
    return replace(row, values=_reached(actor, register, row.values))


def _reached(actor: Actor, register: RegisterDefinition, values: Values) -> dict[str, Any]:
    """A right to some fields leaves the others masked."""
    return {
        name: value
        if name not in register.by_name or may(actor, "register.unmask", target=target(register, name))
        else masked(register.field(name), value)
        for name, value in values.items()
    }


def _natural(register: RegisterDefinition, values: Values) -> dict[str, Any]:
    made, errors = checked(register, {name: values.get(name) for name in register.natural_key}, whole=False)
    if errors:
        raise Invalid(errors)
    return made


def _insert(register: RegisterDefinition, values: Values, by: Ref | None, reason: str, source: str) -> Row:
    made, errors = checked(register, values, whole=True)
    if errors:
        raise Invalid(errors)
    moment = now()
    columns = {
        **_provenance(by, reason, source),
        "id": new_id(),
        "version": 1,
        "level": register.level.value,
        "zone": register.zone.value,
        "valid_from": moment,
        "created_at": moment,
        "updated_at": moment,
        **to_columns(register, made),
    }
    kept = stored(register, columns)
    placeholders = ", ".join(_placeholder(register, name) for name in kept)
    statement = (
        f"INSERT INTO {register.table} ({quoted(kept)}) VALUES ({placeholders}) "  # noqa: S608
        f"ON CONFLICT ({quoted(register.keys)}) DO NOTHING"
    )
    try:
        with connection.cursor() as cursor:
            # A second writer of the same number waits here for the first and then updates its row.
            cursor.execute(statement, [_parameter(value) for value in kept.values()])
            inserted = cursor.rowcount == 1
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):  # row security; the same answer as for a row unseen
            raise _unseen() from None
        raise
    if not inserted:
        found = model(register.key).objects.select_for_update().filter(**_natural(register, values)).first()
        if found is None:
            raise _unseen()
        return _update(register, found, values, by, reason, source, None)
    row = _row(register, columns)
    _tell(register, row, tuple(sorted(made)), by)
    return row


def _unseen() -> Refused:
    return Refused(_("You may not write this person's record outside a case that needs it."), code="unseen")


def _update(
    register: RegisterDefinition,
    found: Any,
    values: Values,
    by: Ref | None,
    reason: str,
    source: str,
    version: int | None,
) -> Row:
    _same_version(register, found, version)
    made, errors = checked(register, values, whole=False)
    for name in register.natural_key:
        if name in made and made[name] != getattr(found, name):
            errors[name] = _("The number that names a record cannot change.")
    if errors:
        raise Invalid(errors)
    before = to_columns(register, row_of(register, found).values)
    after = to_columns(register, made)
    changed = {column: value for column, value in after.items() if value != before[column]}
    if not changed and found.valid_to is None:
        return row_of(register, found)
    row = _supersede(register, found, {**changed, "valid_to": None}, by, reason, source)
    fields = tuple(sorted(name for name in made if set(register.field(name).columns) & set(changed)))
    _tell(register, row, fields, by)
    return row


def _supersede(
    register: RegisterDefinition, found: Any, changed: Values, by: Ref | None, reason: str, source: str
) -> Row:
    """The old version into history and the new one in its place, in one statement."""
    moment = now()
    system = {**_provenance(by, reason, source), "version": found.version + 1, "updated_at": moment}
    columns = {**changed, **system}
    stays = stored(register, columns, row_name(register, found.__dict__)) if register.sealed else columns
    kept = quoted(history_columns(register))
    sets = ", ".join(f'"{name}" = {_placeholder(register, name)}' for name in stays)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH old AS (INSERT INTO {register.history_table} ({kept}, superseded_at) "  # noqa: S608
            f"SELECT {kept}, %s FROM {register.table} WHERE id = %s AND version = %s) "
            f"UPDATE {register.table} SET {sets}, line_hash = NULL WHERE id = %s AND version = %s",
            [
                moment,
                found.id,
                found.version,
                *(_parameter(v) for v in stays.values()),
                found.id,
                found.version,
            ],
        )
        if cursor.rowcount != 1:
            raise Stale()
    for name, value in columns.items():
        setattr(found, name, value)
    return row_of(register, found)


def _same_version(register: RegisterDefinition, found: Any, version: int | None) -> None:
    """`Stale` with what changed since the version the caller saw (R11)."""
    if version is None or version == found.version:
        return
    seen = history_model(register.key).objects.filter(id=found.id, version=version).first()
    present = row_of(register, found).values
    if seen is None:
        raise Stale()
    former = columns_of(register, seen)
    changes = {
        str(register.field(name).title): (former[name], value)
        for name, value in present.items()
        if register.field(name).history and former[name] != value
    }
    raise Stale(changes=changes)


def _tell(register: RegisterDefinition, row: Row, changed: tuple[str, ...], by: Ref | None) -> None:
    whole = canonical({"id": row.id, "version": row.version, "values": _exact(row.values)})
    # Keyed: the ledger is kept for good, and a plain hash of few unknown digits could be tried out (T39).
    digest = index_of("row", whole.decode()).hex()
    facts = {"version": row.version, "changed": list(changed), "source": row.source, "digest": digest}
    ledger.write("registers.row.written", row.ref, by=by, **facts)
    emit(RowWritten(register.key, row.id, row.version, changed))


def _exact(value: Any) -> Any:
    """What is hashed has no floats: coordinates and numbers inside JSON go in as their texts."""
    if isinstance(value, Mapping):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    return repr(value) if isinstance(value, float) else value


def _provenance(by: Ref | None, reason: str, source: str) -> dict[str, str]:
    return {"source": source, "written_by": str(by or ""), "reason": reason.strip()}


def _row(register: RegisterDefinition, columns: Mapping[str, Any]) -> Row:
    return Row(
        register=register.key,
        values=from_columns(register, columns),
        valid_to=None,
        **{name: columns[name] for name in ("id", "version", "level", "zone", "source", "valid_from")},
        **{name: columns[name] for name in ("created_at", "updated_at", "written_by", "reason")},
    )


def _placeholder(register: RegisterDefinition, column: str) -> str:
    field = register.by_name.get(column)
    if field is not None and not field.sealed and field.type in (FieldType.JSON, FieldType.GEOMETRY):
        return "%s::jsonb"
    if column.endswith("_point") and column.removesuffix("_point") in register.by_name:
        return "%s::point"
    return "%s"


def _parameter(value: Any) -> Any:
    if isinstance(value, tuple):
        return f"({value[0]!r},{value[1]!r})"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value
