"""Which column is which field: by the names in `synonyms.yaml`, checked against the cells, unless a map says so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from . import values
from .data import Finding
from .source import Hints, Table, Unreadable

_SAMPLE = 400
_WEAK_ID = {"id", "code", "编码", "编号", "代码", "servicecode", "number", "no", "reference", "ref"}
_NAME_PARTS = (
    "名称",
    "名稱",
    "事项",
    "name",
    "title",
    "서비스명",
    "명",
    "nombre",
    "bezeichnung",
    "nom",
    "名",
)
# Words by which a column is recognised when its whole name is unknown.
_PARTS: dict[str, tuple[str, ...]] = {
    "dept_name": ("agency", "department", "ministry", "authority", "实施主体", "部门", "单位", "기관명", "organismo"),
    "summary": ("description", "summary", "简介", "描述", "概要"),
    "accept_condition": ("eligib", "whocanapply", "条件", "대상"),
    "materials": ("document", "材料", "구비서류"),
    "promise_day": ("processingtime", "timelimit", "turnaround", "timeline", "承诺时限", "办结时限", "처리기간"),
    "is_fee": ("fee", "cost", "charge", "收费", "수수료"),
    "by_law": ("legalbasis", "legislation", "statut", "依据", "법령"),
    "handle_flow": ("howtoapply", "procedure", "流程", "신청방법"),
    "consult_phone": ("phone", "telephone", "电话", "전화"),
    "online_handle_url": ("url", "website", "weblink", "网址"),
    "service_object": ("audience", "targetgroup", "population", "recipient", "服务对象"),
}
_BRACKETS = re.compile(r"[(（\[【<].*?[)）\]】>]")
_LANGUAGE = re.compile(r"[\s_-]+(?:en|eng|english|fr|fra|zh|cn|chn|ko|kr|ja|jp|es|de)$", re.I)
_NOISE = re.compile(r"[\W_]+")
CODES = {
    "row_guid",
    "task_code",
    "catalog_code",
    "local_task_code",
    "local_catalog_code",
    "task_handle_item",
    "dept_code",
}


@dataclass(frozen=True)
class Map:
    """What a mapping file says. `columns`: field -> column names; `values`: field -> cell -> value to take."""

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)


@cache
def synonyms() -> dict[str, list[str]]:
    """Names a column may have, plain, by field, the best first."""
    listed = yaml.safe_load(Path(__file__).with_name("synonyms.yaml").read_text(encoding="utf-8"))
    return {name: list(dict.fromkeys(plain(str(each)) for each in names)) for name, names in listed.items()}


@cache
def _fields_by_name() -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for name, names in synonyms().items():
        for rank, each in enumerate(names):
            found.setdefault(each, []).append((name, rank))
    return found


def plain(text: str) -> str:
    """A column name without case, width, spaces, punctuation."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())


def _readings(column: str) -> list[str]:
    """The name as it stands, without bracketed remarks, and the last part of a path."""
    texts = [
        column,
        _BRACKETS.sub("", column),
        re.split(r"[./]", column)[-1],
        re.sub(r" \(\d+\)$", "", column),
    ]
    texts += [_LANGUAGE.sub("", column)]
    texts += [re.sub(r"^name of (?:the )?(.*)$", r"\1 name", _BRACKETS.sub("", column).strip(), flags=re.I)]
    texts += [part for part in re.split(r"\s*[|/（(\n]\s*", column) if part] + column.split()[-1:]
    return list(dict.fromkeys(name for text in texts if (name := plain(text))))


def knows(column: str) -> bool:
    """Whether a text is the name of some field."""
    return any(name in _fields_by_name() for name in _readings(column)[:3])


def read_map(text: str) -> Map:
    """A mapping file (YAML): `columns`, `values`, `defaults`, `departments` and how to read the file.

    A file with none of these keys is taken as the columns alone, `field: column` or `column: field`.
    """
    try:
        body = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise Unreadable("map.yaml", _("The mapping is not YAML: %s") % str(error).splitlines()[0]) from None
    if not isinstance(body, dict):
        raise Unreadable("map.yaml", _("The mapping must be a list of names and values."))
    known = {"columns", "values", "defaults", "departments", *Hints.__dataclass_fields__}
    if not known & set(body):
        body = {"columns": body}
    sections = {name: body.get(name) or {} for name in ("columns", "values", "defaults", "departments")}
    for name, section in sections.items():
        if not isinstance(section, dict):
            raise Unreadable("map.yaml", _("“%s” in the mapping must be names and values.") % name)
    try:
        hints = Hints(
            **{name: type(getattr(Hints(), name))(body[name]) for name in Hints.__dataclass_fields__ if name in body}
        )
    except (TypeError, ValueError):
        raise Unreadable("map.yaml", _("The heading's row must be a number.")) from None
    return Map(
        _columns(sections["columns"]),
        {str(f): {str(k): str(v) for k, v in (each or {}).items()} for f, each in sections["values"].items()},
        {str(name): str(value) for name, value in sections["defaults"].items()},
        {str(name): str(value) for name, value in sections["departments"].items()},
        hints,
    )


def _columns(section: Mapping[Any, Any]) -> dict[str, list[str]]:
    fields = set(synonyms())
    found: dict[str, list[str]] = {}
    for key, value in section.items():
        names = [str(each) for each in value] if isinstance(value, list) else [str(value)]
        if str(key) in fields:
            found.setdefault(str(key), []).extend(names)
        elif len(names) == 1 and names[0] in fields:
            found.setdefault(names[0], []).append(str(key))
        else:
            raise Unreadable("map.field", _("Items have no field “%s”.") % key, str(key))
    return found


def assign(table: Table, wanted: Map) -> tuple[dict[str, list[str]], list[Finding]]:
    """Field -> columns, and notes. `Unreadable` when no column can be the item's name."""
    notes: list[Finding] = []
    taken: dict[str, list[str]] = {}
    by_plain = {plain(column): column for column in reversed(table.columns)}
    for name, columns in wanted.columns.items():
        present = [column for text in columns if (column := _present(text, table.columns, by_plain))]
        if present:
            taken[name] = present
        else:
            notes.append(_note(name, "map.column_missing", _("There is no column “%s”.") % "”, “".join(columns)))
    used = {column for columns in taken.values() for column in columns}
    claims = sorted(
        (rank, place, name, column)
        for place, column in enumerate(table.columns)
        if column not in used
        for name, rank in _claims(column)
    )
    for _rank, _place, name, column in claims:
        if name not in taken and column not in used and _fits(name, column, table, notes):
            taken[name] = [column]
            used.add(column)
    if "task_name" not in taken:
        column = _guess_name(table, used)
        if not column:
            names = ", ".join(table.columns[:30])
            raise Unreadable(
                "map.no_name", _("No column can be the name of the item. Columns: %s") % names, "task_name"
            )
        taken["task_name"] = [column]
        notes.append(_note("task_name", "map.guessed", _("Column “%s” was taken as the item's name.") % column))
    return taken, notes


def _present(text: str, columns: Sequence[str], by_plain: Mapping[str, str]) -> str:
    return text if text in columns else by_plain.get(plain(text), "")


def _claims(column: str) -> list[tuple[str, int]]:
    """Fields that this column may be, each with its rank; a partly read name ranks behind whole ones."""
    found: dict[str, int] = {}
    for place, reading in enumerate(_readings(column)):
        for name, rank in _fields_by_name().get(reading, ()):
            found[name] = min(found.get(name, 10**6), rank + 1000 * min(place, 1))
    if not found:
        whole = plain(column)
        found = {name: 5000 for name, parts in _PARTS.items() if any(part in whole for part in parts)}
    return list(found.items())


def _sample(table: Table, column: str) -> list[str]:
    found = []
    for row in table.rows:
        text = values.text(row.cells.get(column))[0] if not isinstance(row.cells.get(column), (list, dict)) else ""
        if text:
            found.append(text)
            if len(found) >= _SAMPLE:
                break
    return found


def _fits(name: str, column: str, table: Table, notes: list[Finding]) -> bool:
    """Whether the cells look like the field: a code has no sentences, an identifier does not repeat itself."""
    cells = _sample(table, column)
    if not cells:
        return True
    if name == "row_guid":
        return _identifies(column, cells, notes)
    if name in CODES:
        odd = sum(bool(re.search(r"[\u4e00-\u9fff]{3}|\s\S+\s", cell)) or len(cell) > 80 for cell in cells)
        return odd < len(cells) * 0.5
    if name == "task_name":
        good = sum(2 <= len(cell) <= 500 and not re.fullmatch(r"[\d\W_]+|https?://\S+", cell) for cell in cells)
        return good > len(cells) * 0.5
    if name == "dept_name":
        return sum(bool(re.fullmatch(r"[\dA-Z\W_]{6,}", cell)) for cell in cells) < len(cells) * 0.5
    if name in ("plan_effective_date", "plan_cancel_date"):
        return sum(values.day(cell)[0] is not None for cell in cells) > len(cells) * 0.3
    if name == "task_state":
        return sum(values.state(cell) is not None for cell in cells) > len(cells) * 0.5
    if name == "online_handle_url":
        return sum(values.is_url(cell) for cell in cells) > len(cells) * 0.15
    if name in ("is_online", "limit_scene_num"):
        return sum(values.flag(cell) is not None or cell.isdigit() for cell in cells) > len(cells) * 0.3
    return True


def _identifies(column: str, cells: Sequence[str], notes: list[Finding]) -> bool:
    share = len(set(cells)) / len(cells)
    weak = plain(column) in _WEAK_ID or len(cells) < 3
    if share >= (0.8 if weak else 0.5):
        return True
    message = _("Column “%s” repeats itself too often to identify an item and was not used so.")
    notes.append(_note("row_guid", "map.not_unique", message % column))
    return False


def _guess_name(table: Table, used: set[str]) -> str:
    free = [column for column in table.columns if column not in used]
    for part in _NAME_PARTS:
        for column in free:
            if part in plain(column) and _fits("task_name", column, table, []) and _sample(table, column):
                return column
    best, best_score = "", 0.0
    for column in free:
        cells = _sample(table, column)
        if len(cells) < 2 or not _fits("task_name", column, table, []):
            continue
        length = sum(map(len, cells)) / len(cells)
        worded = sum(bool(re.search(r"[^\W\d_]{2}", cell)) and not values.is_url(cell) for cell in cells) / len(cells)
        score = len(set(cells)) / len(cells) * worded if 4 <= length <= 120 else 0.0
        if score > max(best_score, 0.5):
            best, best_score = column, score
    return best


def _note(name: str, rule: str, message: str) -> Finding:
    return Finding(None, name, rule, "warning", message)
