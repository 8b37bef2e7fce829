"""From definitions to DDL: what the database lacks, and nothing that would destroy what it has (DATA-20)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import connection

from tongban.base.kernel.api import DefinitionError

from .data import Disclosure, Field, FieldType, Level, Mask, RegisterDefinition, Search

TEXT = 'text COLLATE "C"'
_TYPES = {
    FieldType.TEXT: TEXT,
    FieldType.INT: "bigint",
    FieldType.DECIMAL: "numeric",
    FieldType.MONEY: "numeric(18,2)",
    FieldType.BOOL: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamp with time zone",
    FieldType.CODE: TEXT,
    FieldType.REF: TEXT,
    FieldType.PERSON_ID: TEXT,
    FieldType.CREDIT_CODE: TEXT,
    FieldType.PHONE: TEXT,
    FieldType.PLACE: TEXT,
    FieldType.GEOMETRY: "jsonb",
    FieldType.FILE: TEXT,
    FieldType.JSON: "jsonb",
}
_SYSTEM = {
    "id": f"{TEXT} PRIMARY KEY DEFAULT registers.new_id()",
    "version": "integer NOT NULL DEFAULT 1",
    "level": f"{TEXT} NOT NULL",
    "zone": f"{TEXT} NOT NULL",
    "source": f"{TEXT} NOT NULL DEFAULT ''",
    "valid_from": "timestamp with time zone NOT NULL",
    "valid_to": "timestamp with time zone",
    "created_at": "timestamp with time zone NOT NULL",
    "updated_at": "timestamp with time zone NOT NULL",
    "written_by": f"{TEXT} NOT NULL DEFAULT ''",
    "reason": f"{TEXT} NOT NULL DEFAULT ''",
}
_PRESENT = {"line_hash": "bytea"}  # of the row as it is, not of what it was: see `staging`
Columns = Mapping[str, str]


def column_types(field: Field) -> dict[str, str]:
    """The table columns of a field with their SQL types; a sealed one has its look-up hash beside it."""
    if field.sealed:
        return {field.name: "bytea", field.lookup: "bytea"}
    if field.type is FieldType.PLACE:
        text, division, point = field.columns
        return {text: TEXT, division: TEXT, point: "point"}
    return {field.name: _TYPES[field.type]}


def history_columns(definition: RegisterDefinition) -> list[str]:
    """Columns copied into history: the system's, and those of fields that keep one."""
    kept = {*definition.natural_key, definition.subject}
    own = [c for f in definition.fields if f.history or f.name in kept for c in column_types(f)]
    return [*_SYSTEM, *own]


def public_columns(definition: RegisterDefinition) -> tuple[str, ...]:
    """The columns the public process may read of a register that is shown there (T45).

    What is about nobody and of the public level shows its natural key and what is disclosed, and no hash of the rest.
    All of the others: row security holds what is personal, and rooms that look something up there say to whom.
    """
    whole = definition.personal or definition.level is not Level.PUBLIC
    shown = [field for field in definition.fields if whole or _disclosed(field) or field.name in definition.natural_key]
    present = _PRESENT if len(shown) == len(definition.fields) else ()
    return (*_SYSTEM, *present, *(column for field in shown for column in column_types(field)))


def _disclosed(field: Field) -> bool:
    return field.disclosure is Disclosure.ACTIVE and field.mask is Mask.NONE and not field.sealed


def order_columns(definition: RegisterDefinition) -> tuple[str, ...]:
    """The columns a list is ordered by unless asked otherwise, `-` for descending; together they are
    unique.
    """
    if definition.order:
        return (*definition.order, "id")
    if any(definition.field(name).sealed for name in definition.natural_key):
        return ("id",)
    return definition.natural_key


def difference(definition: RegisterDefinition) -> list[str]:
    """The statements that bring the live database to the definition.

    `DefinitionError` where they would destroy.
    """
    live = _live_columns(definition.key)
    if not live:
        return [
            *_new_table(definition),
            *_indexes(definition, set()),
            *_security(definition),
            *_grants(definition),
        ]
    _refuse_destruction(definition, live)
    return [
        *_new_columns(definition, live),
        *_indexes(definition, _live_indexes(definition.key)),
        *_relaxed(definition),
        *_public_grants(definition),
        *(_security(definition) if definition.personal and not _secured(definition.key) else []),
    ]


def quoted(names: Iterable[str]) -> str:
    """A list of column names for SQL."""
    return ", ".join(f'"{name}"' for name in names)


def _new_table(definition: RegisterDefinition) -> Iterator[str]:
    own = [
        f'"{column}" {kind}{" NOT NULL" if field.name in definition.natural_key else ""}'
        for field in definition.fields
        for column, kind in column_types(field).items()
    ]
    system = [f'"{name}" {kind}' for name, kind in (_SYSTEM | _PRESENT).items()]
    unique = f'CONSTRAINT "{definition.key}_natural" UNIQUE ({quoted(definition.keys)})'
    yield f"CREATE TABLE {definition.table} (\n  " + ",\n  ".join([*system, *own, unique]) + "\n)"
    kept = quoted(history_columns(definition))
    copy = f"AS SELECT {kept} FROM {definition.table} WITH NO DATA"  # noqa: S608 - names of a definition
    yield f"CREATE TABLE {definition.history_table} {copy}"
    yield (
        f"ALTER TABLE {definition.history_table} ADD COLUMN superseded_at timestamp with time zone NOT NULL, "
        f'ADD PRIMARY KEY ("id", "version")'
    )
    yield f"COMMENT ON TABLE {definition.table} IS '{_literal(definition.title.zh)}'"


def _new_columns(definition: RegisterDefinition, live: Columns) -> Iterator[str]:
    for name in _PRESENT.keys() - live:
        yield f'ALTER TABLE {definition.table} ADD COLUMN "{name}" {_PRESENT[name]}'
    history = _live_columns(f"{definition.key}_history")
    kept = set(history_columns(definition))
    for field in definition.fields:
        for column, kind in column_types(field).items():
            if column not in live:
                yield f'ALTER TABLE {definition.table} ADD COLUMN "{column}" {kind}'
            if column in kept and column not in history:
                yield f'ALTER TABLE {definition.history_table} ADD COLUMN "{column}" {kind}'


def _relaxed(definition: RegisterDefinition) -> Iterator[str]:
    """A retired field keeps its column and stops being demanded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'registers' "
            "AND table_name = %s AND is_nullable = 'NO'",
            [definition.key],
        )
        strict = {row[0] for row in cursor.fetchall()}
    for field in definition.fields:
        if field.retired and field.name in strict and field.name not in definition.natural_key:
            yield f'ALTER TABLE {definition.table} ALTER COLUMN "{field.name}" DROP NOT NULL'


def wanted_indexes(definition: RegisterDefinition) -> dict[str, str]:
    """Name -> what it indexes.

    Filters are composite with the list's order, so a filtered page reads only itself.
    """
    order = [_term(name) for name in order_columns(definition)]
    wanted = {}
    if definition.order:
        wanted["order"] = f"({', '.join(order)})"
    for field in definition.live:
        if field.index:
            rest = [term for term in order if term.split()[0].strip('"') != field.name]
            wanted[f"{field.name}_list"] = f"({', '.join([_term(field.lookup), *rest])}){_there(field)}"
        if field.search in (Search.EXACT, Search.PREFIX) and definition.natural_key != (field.name,):
            wanted[f"{field.name}_search"] = f'("{field.lookup}"){_there(field)}'
        if field.search is Search.WORDS:
            wanted[f"{field.name}_words"] = f'USING gin (search_grams("{field.name}"))'
        if field.similar:
            wanted[f"{field.name}_core"] = f'(registers.name_core("{field.name}"))'
            wanted[f"{field.name}_similar"] = f'USING gin (registers.name_core("{field.name}") gin_trgm_ops)'
    if definition.personal and definition.natural_key != (definition.subject,):
        wanted["subject"] = f'("{definition.field(definition.subject).lookup}")'
    return wanted


def _there(field: Field) -> str:
    """Nothing is ever looked up by an absent value, so an index need not hold any."""
    return "" if field.required else f' WHERE "{field.lookup}" IS NOT NULL'


def _indexes(definition: RegisterDefinition, live: set[str]) -> Iterator[str]:
    for name, what in wanted_indexes(definition).items():
        full = f"{definition.key}_{name}"
        if full not in live:
            yield f'CREATE INDEX "{full}" ON {definition.table} {what}'


def policy(definition: RegisterDefinition) -> str:
    """Who sees a personal row: the product's own jobs, the person, an officer under a live grant (T1).

    The inner SELECTs make PostgreSQL ask once a statement, not once a row. A missing setting means: nobody.
    """
    kind, subject = f"registers.{definition.key}", definition.field(definition.subject).lookup
    return (
        "(SELECT tongban_system()) "
        f'OR "{subject}" = ANY ((SELECT registers.visible_subjects())::bytea[]) '
        f"OR \"id\" = ANY ((SELECT registers.granted_rows('{kind}'))::text[])"
    )


def _security(definition: RegisterDefinition) -> Iterator[str]:
    if not definition.personal:
        return
    for table in (definition.table, definition.history_table):
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        yield f"CREATE POLICY visible ON {table} USING ({policy(definition)})"


def _grants(definition: RegisterDefinition) -> Iterator[str]:
    roles = _roles()
    if "tongban_app" in roles:
        yield "GRANT USAGE ON SCHEMA registers TO tongban_app"
        yield f"GRANT SELECT, INSERT, UPDATE ON {definition.table} TO tongban_app"
        yield f"GRANT SELECT, INSERT ON {definition.history_table} TO tongban_app"
        if kept := [field.name for field in definition.sealed if field.name in history_columns(definition)]:
            # What was, stays as it was; only the key it is sealed with changes.
            yield f"GRANT UPDATE ({quoted(kept)}) ON {definition.history_table} TO tongban_app"
    yield from _public_grants(definition)


def _public_grants(definition: RegisterDefinition) -> Iterator[str]:
    """Whatever the public process may read of the table now, afterwards it is what the definition shows."""
    if "tongban_public" not in _roles():
        return
    wanted = public_columns(definition) if definition.portal else ()
    readable = _rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
        "AND has_column_privilege('tongban_public', attrelid, attnum, 'SELECT')",
        definition.table,
    )
    if {row[0] for row in readable} == set(wanted):
        return
    if readable:
        yield f"REVOKE SELECT ON {definition.table} FROM tongban_public"  # noqa: S608 - a name of a definition
    if wanted:
        yield "GRANT USAGE ON SCHEMA registers TO tongban_public"
        yield f"GRANT SELECT ({quoted(wanted)}) ON {definition.table} TO tongban_public"


def _refuse_destruction(definition: RegisterDefinition, live: Columns) -> None:
    findings = []
    wanted: dict[str, tuple[str, Field]] = {
        column: (kind, field) for field in definition.fields for column, kind in column_types(field).items()
    }
    for column, (kind, field) in wanted.items():
        if column in live and live[column] != kind.split(" COLLATE")[0]:
            text = f"{field.name} is {live[column]} in the database and cannot become {kind}; add a new field"
            findings.append(f"{definition.file}:{field.line}: {text}")
    for column in live:
        if column not in {*wanted, *_SYSTEM, *_PRESENT}:
            text = f"{column} is in the database and missing here; keep it with `retired: true`"
            findings.append(f"{definition.file}:1: {text}")
    if _live_natural_key(definition.key) not in (None, set(definition.keys)):
        findings.append(f"{definition.file}:1: the natural key of a register cannot change")
    if _secured(definition.key) and not definition.personal:
        findings.append(f"{definition.file}:1: a personal register cannot become impersonal")
    if findings:
        raise DefinitionError(findings)


def _live_columns(table: str) -> dict[str, str]:
    return {name: kind for name, kind, _position in _rows(
        "SELECT attname, format_type(atttypid, atttypmod), attnum FROM pg_attribute "
        "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        f'"registers"."{table}"',
    )}  # fmt: skip


def _live_indexes(table: str) -> set[str]:
    sql = "SELECT indexname FROM pg_indexes WHERE schemaname = 'registers' AND tablename = %s"
    return {row[0] for row in _rows(sql, table)}


def _live_natural_key(table: str) -> set[str] | None:
    sql = (
        "SELECT a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid "
        "AND a.attnum = ANY (c.conkey) WHERE c.conrelid = to_regclass(%s) AND c.contype = 'u'"
    )
    return {row[0] for row in _rows(sql, f'"registers"."{table}"')} or None


def _secured(table: str) -> bool:
    sql = "SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass(%s)"
    return any(row[0] for row in _rows(sql, f'"registers"."{table}"'))


def _roles() -> set[str]:
    return {row[0] for row in _rows("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", "tongban%")}


def _rows(sql: str, parameter: str) -> Sequence[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])
        return list(cursor.fetchall())


def _term(name: str) -> str:
    return f'"{name[1:]}" DESC' if name.startswith("-") else f'"{name}"'


def _literal(text: str) -> str:
    return text.replace("'", "''")
