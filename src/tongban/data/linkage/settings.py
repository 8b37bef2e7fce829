"""Settings of a linkage: a small YAML file that says what each column means (docs/reference/linkage.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from .data import Columns, LinkError, Settings
from .meanings import MEANINGS, meaning

_IDS = ("id", "unique_id", "rec_id", "record_id", "uid", "编号", "序号")
_KEYS = {"id", "columns", "left", "right", "threshold", "one_to_one", "engine"}
_ENGINES = r"|duckdb|spark|(spark|k8s)://\S+|yarn"


def load(path: Path | None, left: Sequence[str], right: Sequence[str], threshold: float | None = None) -> Settings:
    """The settings for files with these columns. Without a file, columns mean what their names say; `threshold` wins
    over the file's."""
    given = _given(path) if path else {}
    _known(given, _KEYS)
    threshold = given.get("threshold", Settings.threshold) if threshold is None else threshold
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise LinkError(_("threshold is a probability from 0 to 1."))
    engine = given.get("engine", "")
    if not isinstance(engine, str) or not re.fullmatch(_ENGINES, engine):
        raise LinkError(_("engine is duckdb, spark, or the master of a Spark cluster, such as spark://host:7077."))
    return Settings(
        left=_columns({**given, **_side(given, "left")}, left),
        right=_columns({**given, **_side(given, "right")}, right),
        threshold=float(threshold),
        one_to_one=bool(given.get("one_to_one")),
        engine=engine,
    )


def _known(given: Mapping[Any, Any], keys: set[str]) -> None:
    if unknown := {str(name) for name in given} - keys:
        raise LinkError(_("Unknown settings: {names}. There are: {all}.").format(names=_list(unknown), all=_list(keys)))


def _side(given: Mapping[str, Any], side: str) -> dict[str, Any]:
    said = given.get(side) or {}
    if not isinstance(said, dict):
        raise LinkError(_("{side} is a mapping with `id` and `columns`.").format(side=side))
    _known(said, {"id", "columns"})
    return said


def _given(path: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise LinkError(_("{file} cannot be read: {error}").format(file=path, error=error)) from error
    if not isinstance(given, dict):
        raise LinkError(_("{file} holds no settings: it is a mapping with `id` and `columns`.").format(file=path))
    return given


def _columns(given: Mapping[str, Any], present: Sequence[str]) -> Columns:
    id = str(given.get("id") or next((n for n in _IDS if n in present), ""))
    if not id:
        raise LinkError(_("Say in the settings which column is the id. Columns: {all}.").format(all=_list(present)))
    if id not in present:
        raise LinkError(_("There is no id column {name!r}. Columns: {all}.").format(name=id, all=_list(present)))
    said = given.get("columns")
    if said is None:
        found = {name: m.key for name in present if name != id and (m := meaning(name))}
    elif isinstance(said, Mapping):
        found = dict(pair for column, means in said.items() for pair in _said(str(column), means, present))
    else:
        raise LinkError(_("columns is a mapping: column name to meaning."))
    if not found:
        raise LinkError(_("No column has a meaning. Meanings: {all}.").format(all=_list(MEANINGS)))
    return Columns(id, found)


def _said(column: str, means: Any, present: Sequence[str]) -> list[tuple[str, str]]:
    """`column: meaning`, or `meaning: column` and `meaning: [columns]`, as people write it either way."""
    if column in present and isinstance(means, str) and (m := meaning(means)):
        return [(column, m.key)]
    columns = [means] if isinstance(means, str) else means
    if (m := meaning(column)) and isinstance(columns, list) and all(c in present for c in columns):
        return [(c, m.key) for c in columns]
    if column not in present:
        raise LinkError(_("There is no column {name!r}. Columns: {all}.").format(name=column, all=_list(present)))
    raise LinkError(_("Unknown meaning {name!r}. Meanings: {all}.").format(name=means, all=_list(MEANINGS)))


def _list(names: Any) -> str:
    return ", ".join(sorted(names))
