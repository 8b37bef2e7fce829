"""Linking what has no official number: compared with the registry and with each other by `match`; sure ones join,
likely ones are asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection

from tongban.base.kernel.api import now, system

from ..data import Columns, Settings
from ..matching import match
from .registries import COMPARED, Registry
from .sets import MANY, over
from .vault import cell, open_cells

SURE, LIKELY = 0.99, 0.5
_EXAMPLES = 5000  # known records beside rows that are compared with each other: few rows would teach nothing
_NEW = "r.state = 'new' AND r.cluster_id IS NULL"
_KNOWN = """
r.cluster_id IN (
    SELECT id FROM linkage_cluster WHERE registry = '{registry}' AND NOT held ORDER BY rows DESC LIMIT {some})
"""
# A row that could be two people is nobody's without a question: `next` is its next likely cluster.
_JOIN = """
UPDATE linkage_row r SET cluster_id = j.cluster_id, state = 'linked' FROM (
    SELECT row_id, min(cluster_id) AS cluster_id FROM (
        SELECT a.row_id, o.cluster_id, max(a.p) AS p FROM alike a JOIN linkage_row o ON o.id = a.other
        GROUP BY a.row_id, o.cluster_id) b
    GROUP BY row_id HAVING count(*) = 1 AND max(p) >= %(sure)s) j
WHERE j.row_id = r.id AND r.cluster_id IS NULL
"""
_ALONE = """
WITH made AS (
    INSERT INTO linkage_cluster (registry, number, founder, "values", lineage, rows, held, written, stale)
    SELECT %(registry)s, '', r.id, '{}', '{}', 0, false, false, true FROM linkage_row r
    JOIN linkage_source s ON s.id = r.source_id AND s.registry = %(registry)s
    WHERE r.state = 'new' AND r.cluster_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM together t WHERE t.row_id = r.id AND t.founder <> r.id)
    RETURNING id, founder)
UPDATE linkage_row r SET cluster_id = m.id, state = 'linked' FROM made m LEFT JOIN together t ON t.founder = m.founder
WHERE r.id = coalesce(t.row_id, m.founder)
"""
_ASK = """
INSERT INTO linkage_review (public_id, registry, why, left_id, right_id, probability, gain, state, asked_at, moved)
SELECT registers.new_id(), %(registry)s, 'alike', one, two, p, p, 'open', %(now)s, '{}' FROM (
    SELECT one, two, max(p) AS p, row_number() OVER (PARTITION BY own ORDER BY max(p) DESC) AS n FROM (
        SELECT a.p, r.cluster_id AS own, least(r.cluster_id, o.cluster_id) AS one,
               greatest(r.cluster_id, o.cluster_id) AS two
        FROM alike a JOIN linkage_row r ON r.id = a.row_id JOIN linkage_row o ON o.id = a.other) b
    WHERE one <> two GROUP BY own, one, two) c
WHERE n <= 3 ON CONFLICT DO NOTHING
"""
_STALE = """
UPDATE linkage_cluster c SET stale = true FROM alike a JOIN linkage_row r ON r.id = a.row_id
WHERE c.id = r.cluster_id AND NOT c.stale
"""
Pairs = list[tuple[str, str, float]]


def link_alike(registry: Registry) -> dict[str, int]:
    """Every row still without a cluster: against the rows that have one, then what is left against itself. Comparing
    happens outside any transaction."""
    new = _rows(registry, _NEW)
    if not new.num_rows:
        return {"by_likeness": 0, "waiting": 0, "asked": 0}
    held = _rows(registry, "r.state = 'linked'")
    found = _pairs(match(new, held, _settings(registry))[0]) if held.num_rows else []
    names: dict[str, Any] = {"registry": registry.key, "now": now(), "sure": SURE, "likely": LIKELY}
    with system(), connection.cursor() as cursor:
        over(cursor, len(found))
        cursor.execute("DROP TABLE IF EXISTS pg_temp.alike")
        cursor.execute("CREATE TEMP TABLE alike (row_id bigint, other bigint, p float8)")
        _copy(cursor, "alike", found)
        cursor.execute(_JOIN, names)
        counts = {"by_likeness": cursor.rowcount}
    among = _among(registry)
    groups = _groups(among)
    with system(), connection.cursor() as cursor:
        over(cursor, new.num_rows)
        cursor.execute("CREATE TEMP TABLE together (row_id bigint, founder bigint) ON COMMIT DROP")
        _copy(cursor, "together", [(row, members[0]) for members in groups for row in members])
        _copy(cursor, "alike", among)
        cursor.execute(_ALONE, names)
        joined = sum(len(members) - 1 for members in groups)
        counts |= {"by_likeness": counts["by_likeness"] + joined, "waiting": cursor.rowcount - joined}
        cursor.execute(_ASK, names)
        counts["asked"] = cursor.rowcount
        cursor.execute(_STALE)
        cursor.execute("DROP TABLE alike, together")
    return counts


def _among(registry: Registry) -> Pairs:
    """Pairs of the rows that are left: of one delivery two may be one person."""
    rows = _rows(registry, _NEW)
    if rows.num_rows < 2:
        return []
    left = set(rows["id"].to_pylist())
    known = _rows(registry, _KNOWN.format(registry=registry.key, some=_EXAMPLES))
    found = match(pa.concat_tables([rows, known]), None, _settings(registry))[0]
    return [pair for pair in _pairs(found) if pair[0] in left and pair[1] in left]


def _pairs(found: pa.Table) -> Pairs:
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def _groups(pairs: Pairs) -> list[list[int]]:
    """Rows that are surely one, the first row first: each of a group at least likely to be each other."""
    likely = {frozenset((int(one), int(two))) for one, two, _p in pairs}
    groups: dict[int, list[int]] = {}
    for one, two, p in pairs:  # the likeliest first
        a, b = (groups.setdefault(int(row), [int(row)]) for row in (one, two))
        if p >= SURE and a is not b and all(frozenset((x, y)) in likely for x in a for y in b):
            a += b
            groups.update(dict.fromkeys(b, a))
    return [sorted(group) for group in {id(group): group for group in groups.values()}.values() if len(group) > 1]


def _copy(cursor: Any, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    with cursor.copy(f"COPY pg_temp.{table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _settings(registry: Registry) -> Settings:
    columns = Columns("id", {item: registry.meanings[item] for item in COMPARED[registry.key]})
    return Settings(columns, columns, LIKELY)


def _rows(registry: Registry, which: str) -> pa.Table:
    """The rows' compared forms out of the database, by COPY and a file: a million rows never stand in Python. Numbers
    are still sealed there, and opened in memory only."""
    compared = COMPARED[registry.key]
    columns = [_column(registry, item, sources) for item, sources in compared.items()]
    sealed = [item for item in compared if item in registry.sealed]
    joins = " ".join(f"LEFT JOIN linkage_number {i} ON {i}.token = r.values ->> '{i}'" for i in sealed)
    sql = (
        f"COPY (SELECT r.id::text, {', '.join(columns)} FROM linkage_row r JOIN linkage_source s ON s.id = r.source_id "
        f"{joins} WHERE s.registry = '{registry.key}' AND {which}) TO STDOUT (FORMAT csv)"
    )
    names = ("id", *compared)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with system(), connection.cursor() as cursor:
            over(cursor, MANY)
            _out(cursor, sql, path)
        if not path.stat().st_size:
            return pa.table({item: pa.array([], pa.string()) for item in names})
        found = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(column_names=names),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    for item in sealed:
        found = found.set_column(names.index(item), item, open_cells(found[item].combine_chunks()))
    return found


def _column(registry: Registry, item: str, sources: tuple[str, ...]) -> str:
    if item in registry.sealed:
        return cell(item)
    forms = (f"r.forms ->> '{i}', r.values ->> '{i}'" for i in sources)
    return f"coalesce({', '.join(forms)})"


def _out(cursor: Any, sql: str, path: Path) -> None:
    with path.open("wb") as stream, cursor.copy(sql) as copy:
        for piece in copy:
            stream.write(piece)
