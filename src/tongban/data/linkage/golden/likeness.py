"""Linking what has no official number: compared with the registry by `match`; sure ones join, likely ones are asked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection

from tongban.base.kernel.api import now, system

from ..data import Columns, Settings
from ..matching import match
from .registries import COMPARED, Registry

SURE, LIKELY = 0.99, 0.5
_ALONE = """
INSERT INTO linkage_cluster (registry, number, founder, "values", lineage, rows, held, written, stale)
SELECT %(registry)s, '', r.id, '{}', '{}', 0, false, false, true FROM linkage_row r
JOIN linkage_source s ON s.id = r.source_id AND s.registry = %(registry)s
WHERE r.state = 'new' AND r.cluster_id IS NULL
"""
_SETTLE = """
UPDATE linkage_row r SET cluster_id = c.id, state = 'linked' FROM linkage_cluster c
WHERE c.founder = r.id AND r.cluster_id IS NULL AND r.state = 'new'
"""
# The surest cluster of each row, and the next one: a row that could be two people is nobody's without a question.
_JUDGED = """
CREATE TEMP TABLE judged ON COMMIT DROP AS
SELECT row_id, cluster_id, p, lead(p, 1, 0) OVER (PARTITION BY row_id ORDER BY p DESC) AS next,
       row_number() OVER (PARTITION BY row_id ORDER BY p DESC) AS n
FROM (SELECT a.row_id, r.cluster_id, max(a.p) AS p FROM alike a JOIN linkage_row r ON r.id = a.other
      GROUP BY a.row_id, r.cluster_id) b
"""
_JOIN = """
UPDATE linkage_row r SET cluster_id = j.cluster_id, state = 'linked' FROM judged j
WHERE j.row_id = r.id AND j.n = 1 AND j.p >= %(sure)s AND j.next < %(likely)s AND r.cluster_id IS NULL
"""
_ASK = """
INSERT INTO linkage_review (public_id, registry, why, left_id, right_id, probability, gain, state, asked_at, moved)
SELECT registers.new_id(), %(registry)s, 'alike', least(j.cluster_id, r.cluster_id),
       greatest(j.cluster_id, r.cluster_id), j.p, j.p, 'open', %(now)s, '{}'
FROM judged j JOIN linkage_row r ON r.id = j.row_id JOIN linkage_cluster c ON c.founder = r.id AND c.id = r.cluster_id
WHERE j.n <= 3 AND j.cluster_id <> r.cluster_id ON CONFLICT DO NOTHING
"""
_STALE = """
UPDATE linkage_cluster c SET stale = true FROM judged j JOIN linkage_row r ON r.id = j.row_id WHERE c.id = r.cluster_id
"""


def link_alike(registry: Registry, progress: Callable[[str], None]) -> dict[str, int]:
    """Every row still without a cluster. Comparing happens outside any transaction."""
    new = _rows(registry, "r.state = 'new' AND r.cluster_id IS NULL")
    if not new.num_rows:
        return {"by_likeness": 0, "asked": 0, "waiting": 0}
    held = _rows(registry, "r.state = 'linked'")
    found = match(new, held, _settings(registry), progress)[0] if held.num_rows else None
    with system(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL synchronous_commit = off")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.alike, pg_temp.judged")
        cursor.execute("CREATE TEMP TABLE alike (row_id bigint, other bigint, p float8)")
        if found is not None:
            with cursor.copy("COPY pg_temp.alike FROM STDIN") as copy:
                for pair in zip(*(column.to_pylist() for column in found.columns), strict=True):
                    copy.write_row(pair)
        names: dict[str, Any] = {"registry": registry.key, "now": now(), "sure": SURE, "likely": LIKELY}
        cursor.execute(_JUDGED)
        cursor.execute(_JOIN, names)
        counts = {"by_likeness": cursor.rowcount}
        cursor.execute(_ALONE, names)
        cursor.execute(_SETTLE)
        counts["waiting"] = cursor.rowcount
        cursor.execute(_ASK, names)
        counts["asked"] = cursor.rowcount
        cursor.execute(_STALE)
        cursor.execute("DROP TABLE pg_temp.alike")
    return counts


def _settings(registry: Registry) -> Settings:
    meanings = {item: registry.meanings[item] for item in COMPARED[registry.key]}
    columns = Columns("id", meanings)
    return Settings(columns, columns, LIKELY)


def _rows(registry: Registry, which: str) -> pa.Table:
    """The rows' compared forms out of the database, by COPY and a file: a million rows never stand in Python."""
    items = ("id", *COMPARED[registry.key])
    columns = ", ".join(f"coalesce(r.forms ->> '{i}', r.values ->> '{i}')" for i in items[1:])
    sql = (
        f"COPY (SELECT r.id::text, {columns} FROM linkage_row r JOIN linkage_source s ON s.id = r.source_id "
        f"WHERE s.registry = '{registry.key}' AND {which}) TO STDOUT (FORMAT csv)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with system(), connection.cursor() as cursor:
            _out(cursor, sql, path)
        if not path.stat().st_size:
            return pa.table({item: pa.array([], pa.string()) for item in items})
        return pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(column_names=items),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(items, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )


def _out(cursor: Any, sql: str, path: Path) -> None:
    with path.open("wb") as stream, cursor.copy(sql) as copy:
        for piece in copy:
            stream.write(piece)
