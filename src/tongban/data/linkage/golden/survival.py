"""Golden records: of every item the value of its authority, then of the next source, then the newest; where from."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from tongban.base.kernel.api import emit, now, system
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import BulkReport

from ..data import ChangeKind, GoldenRecordChanged
from ..models import Change, Source
from .differences import compare
from .registries import Registry
from .sets import block_by_block, over
from .vault import cell, open_cells, opened

SOURCE = "linkage"
# Of a cluster with one row that row's values, as nearly all are at first; else the least trusted first: later values
# lie over earlier ones, item by item.
_GOLDEN = """
CREATE TEMP TABLE golden ON COMMIT DROP AS
WITH parts AS MATERIALIZED (
    SELECT c.id, c.number, c.held, r.id AS row_id, r.changed_at, r.values AS v, {ranks},
           (SELECT jsonb_object_agg(k, r.id) FROM jsonb_object_keys(r.values) k) AS l,
           count(*) OVER (PARTITION BY c.id) AS n
    FROM linkage_cluster c JOIN linkage_row r ON r.cluster_id = c.id AND r.state = 'linked'
    JOIN linkage_source s ON s.id = r.source_id WHERE c.registry = %(registry)s AND c.stale)
SELECT id, number, held, n,
       v || CASE WHEN number = '' THEN '{{}}' ELSE jsonb_build_object('{number}', number) END AS v, l
FROM parts WHERE n = 1
UNION ALL
SELECT id, max(number), bool_or(held), count(*),
       {overlays} || CASE WHEN max(number) = '' THEN '{{}}' ELSE jsonb_build_object('{number}', max(number)) END,
       {lineages} || jsonb_strip_nulls(
           jsonb_build_object('{number}', min(row_id) FILTER (WHERE v ->> '{number}' = number)))
FROM parts WHERE n > 1 GROUP BY id
"""
_STALE = "SELECT count(*) FROM linkage_cluster WHERE registry = %(registry)s AND stale"
_TURNED = """
CREATE TEMP TABLE turned ON COMMIT DROP AS
SELECT g.id, g.number, g.v, c.values AS old, c.written,
       ARRAY(SELECT k FROM jsonb_object_keys(g.v || c.values) k WHERE k = ANY (%(columns)s) ORDER BY k) AS shape
FROM golden g JOIN linkage_cluster c ON c.id = g.id
WHERE NOT g.held AND g.number <> '' AND g.v ?& %(required)s AND (NOT c.written OR c.values <> g.v)
"""
_KEEP = """
UPDATE linkage_cluster c SET values = g.v, lineage = coalesce(g.l, '{}'), rows = g.n, stale = false,
    written = c.written OR t.id IS NOT NULL
FROM golden g LEFT JOIN turned t ON t.id = g.id WHERE g.id = c.id
"""
# Records that no source delivers any more, and no other cluster has taken over.
_ENDED = """
SELECT c.number FROM linkage_cluster c WHERE c.registry = %(registry)s AND c.stale AND c.written AND NOT EXISTS
    (SELECT 1 FROM linkage_identifier i WHERE i.registry = c.registry AND i.value = 'n:' || c.number)
"""
_EMPTY = """
UPDATE linkage_cluster SET stale = false, rows = 0, written = false, values = '{}', lineage = '{}'
WHERE registry = %(registry)s AND stale
"""
_VOID = """
UPDATE linkage_review v SET state = 'void' FROM linkage_cluster c
WHERE v.registry = %(registry)s AND v.state IN ('open', 'second') AND c.id IN (v.left_id, v.right_id) AND c.rows = 0
"""
_SOME, _PIECE = 1000, 4 << 20
# OFFSET keeps the items from being gathered again for each kind that asks for them.
_CHANGES = """
INSERT INTO linkage_change (registry, number, kind, items, other, at)
SELECT %(registry)s, t.number, kind, coalesce(items, '{{}}'), coalesce(t.v ->> 'successor', ''), %(now)s
FROM (SELECT t.*, CASE WHEN t.written THEN ARRAY(
          SELECT e.key FROM jsonb_each(t.v) e WHERE e.key = ANY (%(columns)s)
          AND e.value IS DISTINCT FROM t.old -> e.key
          UNION SELECT o FROM jsonb_object_keys(t.old) o WHERE o = ANY (%(columns)s) AND NOT t.v ? o) END AS items
      FROM turned t JOIN linkage_cluster c ON c.id = t.id AND c.written OFFSET 0) t,
     LATERAL (SELECT unnest(CASE WHEN t.items IS NULL THEN ARRAY['created'] ELSE {kinds} END) AS kind) k
ORDER BY t.id
"""
_KINDS = {
    "population": {
        ChangeKind.DIED: "t.v ->> 'status' = 'dead' AND t.old ->> 'status' IS DISTINCT FROM 'dead' "
        "OR t.v ? 'death_date' AND NOT t.old ? 'death_date'",
        ChangeKind.MOVED: "t.v ->> 'address' <> t.old ->> 'address' OR t.v ->> 'residence' <> t.old ->> 'residence'",
        ChangeKind.RENAMED: "'name' = ANY (t.items)",
        ChangeKind.CANCELLED: "t.v ->> 'status' = 'cancelled' AND t.old ->> 'status' <> 'cancelled'",
    },
    "legal_entity": {
        ChangeKind.MERGED: "t.v ? 'successor' AND NOT t.old ? 'successor'",
        ChangeKind.MOVED: "t.v ->> 'address' <> t.old ->> 'address'",
        ChangeKind.RENAMED: "'name' = ANY (t.items)",
        ChangeKind.CANCELLED: "t.v ->> 'status' IN ('cancelled', 'revoked') AND 'status' = ANY (t.items)",
    },
}


def last_change(registry: Registry) -> int:
    """Where the change feed ends now."""
    return int(Change.objects.filter(registry=registry.key).aggregate(last=Max("id"))["last"] or 0)


def renew(registry: Registry, since: int | None = None) -> dict[str, int]:
    """Every stale cluster's golden record made again, written into the register, compared with its sources. One
    transaction: the record, its lineage, the change feed and the difference lists agree, or nothing happened. `since`:
    where the feed ended before whoever asks wrote to it."""
    with system(), connection.cursor() as cursor:
        cursor.execute(_STALE, {"registry": registry.key})
        over(cursor, cursor.fetchone()[0])
        cursor.execute("DROP TABLE IF EXISTS pg_temp.golden, pg_temp.turned")
        cursor.execute(_golden(registry), {"registry": registry.key})
        names: dict[str, Any] = {
            "registry": registry.key,
            "required": list(registry.required),
            "columns": list(registry.columns),
            "now": now(),
        }
        cursor.execute("ANALYZE golden (id)")
        cursor.execute(_TURNED, names)
        cursor.execute("ANALYZE turned (id, shape)")
        since = last_change(registry) if since is None else since
        counts = _write(cursor, registry)
        cursor.execute(_KEEP)
        _end(cursor, registry, names)
        cursor.execute(_EMPTY, names)
        cursor.execute(_VOID, names)
        counts |= _tell(cursor, registry, names, since)
        counts |= compare(cursor, registry)
        cursor.execute("DROP TABLE pg_temp.golden, pg_temp.turned")
    return counts


def _golden(registry: Registry) -> str:
    """The statement for this registry: one overlay for all items, and one for each other authority's own."""
    definition = registry.definition
    chief = definition.field(registry.number).source
    roles = set(Source.objects.filter(registry=registry.key).values_list("role", flat=True))
    own: dict[str, list[str]] = {}
    for field in definition.live:
        if field.source in roles and field.source != chief:
            own.setdefault(field.source, []).extend(c for c in field.columns if c in registry.columns)
    ranks: list[str] = []
    values: list[str] = []
    lineages: list[str] = []
    for n, role in enumerate([chief, *own]):
        ranks.append(f"CASE WHEN s.role = '{role}' THEN 0 ELSE s.rank END AS rank{n}")
        for side, into in (("v", values), ("l", lineages)):
            part = side if not n else _only(side, own[role])
            into.append(f"linkage_overlay({part} ORDER BY rank{n} DESC, changed_at, row_id)")
    return _GOLDEN.format(
        overlays=" || ".join(values),
        lineages=" || ".join(lineages),
        ranks=", ".join(ranks),
        number=registry.number,
    )


def _only(side: str, items: list[str]) -> str:
    pairs = ", ".join(f"'{item}', {side} -> '{item}'" for item in items)
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"


def _write(cursor: Any, registry: Registry) -> dict[str, int]:
    """Into the register, in groups of records that have the same columns: those that are not named stay as the
    register has them. What no source gives any more goes; what none ever gave is not touched."""
    counts = {"golden_new": 0, "golden_changed": 0, "golden_refused": 0}
    cursor.execute("SELECT shape FROM turned GROUP BY shape ORDER BY count(*) DESC")
    for columns in [row[0] for row in cursor.fetchall()]:
        report = _write_group(cursor, registry, columns)
        counts["golden_new"] += report.inserted
        counts["golden_changed"] += report.updated
        counts["golden_refused"] += report.refused + report.repeated
    return counts


def _write_group(cursor: Any, registry: Registry, columns: list[str]) -> BulkReport:
    sealed = [column for column in columns if column in registry.sealed]
    these = f"FROM turned t WHERE shape = '{{{','.join(columns)}}}'"
    joins = " ".join(f"LEFT JOIN linkage_number {c} ON {c}.token = t.v ->> '{c}'" for c in sealed)
    picked = (cell(c) if c in sealed else f"nullif(t.v ->> '{c}', '')" for c in columns)
    sql = f"SELECT {', '.join(picked)} {these.replace(' WHERE', f' {joins} WHERE')} ORDER BY t.id"
    with tempfile.TemporaryFile() as file:
        with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy:
            for piece in copy:
                file.write(piece)
        file.seek(0)
        rows = _opened(file, columns, sealed) if sealed else file
        with block_by_block(cursor):
            report = registers.bulk(registry.key, columns, rows, source=SOURCE, reason=_("golden record"))
    if report.refused or report.repeated:
        cursor.execute(f"SELECT t.number {these}")
        numbers = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(numbers), _SOME):
            some = numbers[start : start + _SOME]
            plain = {number: number for number in some} | opened(some)
            known = registers.find_many(registry.key, registry.number, list(plain.values()))
            cursor.execute("DELETE FROM turned WHERE number = ANY (%s)", [[n for n in some if plain[n] not in known]])
    return report


def _opened(file: IO[bytes], columns: list[str], sealed: list[str]) -> Iterator[bytes]:
    """The rows with their numbers opened."""
    if not file.read(1):
        return
    file.seek(0)
    texts = dict.fromkeys(columns, pa.string())
    for batch in pyarrow.csv.open_csv(
        file,
        pyarrow.csv.ReadOptions(column_names=columns, block_size=_PIECE),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=texts, null_values=[""], strings_can_be_null=True),
    ):
        table = pa.Table.from_batches([batch])
        for column in sealed:
            table = table.set_column(columns.index(column), column, open_cells(batch.column(column)))
        piece = io.BytesIO()
        pyarrow.csv.write_csv(table, piece, pyarrow.csv.WriteOptions(include_header=False))
        yield piece.getvalue()


def _end(cursor: Any, registry: Registry, names: dict[str, Any]) -> None:
    """Records whose last row was withdrawn go out of force."""
    cursor.execute(_ENDED, names)
    tokens = [row[0] for row in cursor.fetchall()]
    plain = opened(tokens)
    for token in tokens:
        if row := registers.find(registry.key, **{registry.number: plain.get(token, token)}):
            registers.retire(registry.key, row.id, by=None, reason=_("withdrawn by its sources"))
    Change.objects.bulk_create(
        Change(registry=registry.key, number=token, kind=ChangeKind.WITHDRAWN, items=[], other="", at=names["now"])
        for token in tokens
    )


def _tell(cursor: Any, registry: Registry, names: dict[str, Any], since: int) -> dict[str, int]:
    """The change feed, by kind; and one event for all of it behind `since`."""
    kinds = " || ".join(f"CASE WHEN {when} THEN ARRAY['{kind.value}'] ELSE '{{}}' END"
                        for kind, when in _KINDS[registry.key].items())  # fmt: skip
    other = "CASE WHEN k = '{}' AND t.items <> '{}' THEN ARRAY['changed'] ELSE k END"
    some = f"(SELECT {other} FROM (SELECT {kinds} AS k) x)"
    cursor.execute(_CHANGES.format(kinds=some), names)
    cursor.execute(
        "SELECT kind, count(*), max(id) FROM linkage_change WHERE registry = %s AND id > %s GROUP BY kind",
        [registry.key, since],
    )
    found = cursor.fetchall()
    if found:
        emit(GoldenRecordChanged(registry.key, since, max(last for _kind, _count, last in found)))
    return {kind: count for kind, count, _last in found if kind not in ("created", "changed")}
