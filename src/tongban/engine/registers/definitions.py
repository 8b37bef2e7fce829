"""The definitions in force: planned, applied, and the same in every process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import DefinitionError, NotFound, Ref, Refused, now
from tongban.base.ledger import api as ledger

from . import ddl
from .data import FieldType, RegisterDefinition, Title
from .models import Code, Definition
from .parsing import parse

_FRESH_SECONDS = 3.0
_LOCK = 7_201_001
_known: dict[str, tuple[float, RegisterDefinition]] = {}
_codes: dict[str, tuple[float, Mapping[str, Title]]] = {}


def definition(key: str) -> RegisterDefinition:
    """The definition in force of a register; `NotFound` when there is no such register."""
    kept = _known.get(key)
    if kept and time.monotonic() - kept[0] < _FRESH_SECONDS:
        return kept[1]
    row = Definition.objects.filter(key=key).first()
    if row is None:
        _known.pop(key, None)
        raise NotFound(_("There is no such register."))
    if kept and kept[1].text == row.text:
        found = kept[1]
    else:
        found = parse(row.text, row.file)
    _known[key] = (time.monotonic(), found)
    return found


def definitions() -> list[RegisterDefinition]:
    """Every register in force, by key."""
    return [definition(key) for key in Definition.objects.order_by("key").values_list("key", flat=True)]


def forget() -> None:
    """Read definitions and code sets again at the next use."""
    _known.clear()
    _codes.clear()


def check(wanted: Iterable[RegisterDefinition]) -> list[str]:
    """What is wrong between definitions: keys given twice, references to registers that do not exist."""
    wanted = list(wanted)
    known = {item.key for item in wanted} | set(Definition.objects.values_list("key", flat=True))
    findings = []
    seen: dict[str, RegisterDefinition] = {}
    for item in wanted:
        if item.key in seen:
            findings.append(f"{item.file}:1: {item.key} is declared in {seen[item.key].file} too")
        seen[item.key] = item
        for field in item.fields:
            if field.type is FieldType.REF and field.register not in known:
                findings.append(f"{item.file}:{field.line}: {field.name}: no register {field.register}")
    return findings


def plan(wanted: Iterable[RegisterDefinition]) -> list[str]:
    """The DDL that `apply` would run, in order; empty when the database is as declared.

    Raises `DefinitionError` when definitions contradict each other or would drop or retype what exists.
    """
    wanted = list(wanted)
    if findings := check(wanted):
        raise DefinitionError(findings)
    return [statement for item in wanted for statement in ddl.difference(item)]


def apply(wanted: Iterable[RegisterDefinition], *, by: Ref | None = None) -> list[str]:
    """Bring the database to the definitions, all of them or none; returns the DDL that was run.

    One transaction under an advisory lock. The connection must be the owner's: others may not change tables
    (R1).
    """
    wanted = sorted(wanted, key=lambda item: item.key)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s), has_schema_privilege('registers', 'CREATE')", [_LOCK])
        if not cursor.fetchone()[1]:
            raise Refused(_("Only the owner of the database may change registers' tables."), code="not_owner")
        statements = plan(wanted)
        for statement in statements:
            cursor.execute(statement)
        for item in wanted:
            _keep(item, by)
    forget()
    return statements


def _keep(item: RegisterDefinition, by: Ref | None) -> None:
    digest = hashlib.sha256(item.text.encode()).hexdigest()
    row = Definition.objects.filter(key=item.key).first()
    if row is not None and row.digest == digest:
        return
    values = {"file": item.file, "text": item.text, "digest": digest, "applied_at": now()}
    Definition.objects.update_or_create(key=item.key, defaults=values)
    ledger.write("registers.definition.applied", Ref("registers.definition", item.key), by=by, digest=digest)


# --- code sets ----------------------------------------------------------------------------------------


def load_codes(set_: str, rows: Iterable[Mapping[str, str]]) -> int:
    """Load a code set: rows with `code`, `zh` (or `name`), and if wanted `en` and `parent`. Returns how many.

    Codes that are no longer listed stay readable; their end date is set, and new records cannot use them.
    """
    codes = [
        Code(
            set=set_,
            code=row["code"],
            title_zh=row.get("zh") or row.get("name") or row["code"],
            title_en=row.get("en") or "",
            parent=row.get("parent") or "",
        )
        for row in rows
    ]
    with transaction.atomic():
        Code.objects.bulk_create(
            codes,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["set", "code"],
            update_fields=["title_zh", "title_en", "parent", "valid_to"],
        )
        gone = Code.objects.filter(set=set_, valid_to=None).exclude(code__in=[code.code for code in codes])
        gone.update(valid_to=now().date())
    forget()
    return len(codes)


def codes(set_: str) -> Mapping[str, Title]:
    """The codes of a set that are in use, with titles; empty for a set that was never loaded."""
    kept = _codes.get(set_)
    if kept and time.monotonic() - kept[0] < 60:
        return kept[1]
    rows = Code.objects.filter(set=set_, valid_to=None).order_by("code")
    found = {row.code: Title(row.title_zh, row.title_en or row.title_zh) for row in rows}
    _codes[set_] = (time.monotonic(), found)
    return found


def choices(register: str, field: str) -> Mapping[str, Title]:
    """The codes a code field may hold, with titles, wherever they are declared."""
    found = definition(register).field(field)
    return found.choices or codes(found.codes)
