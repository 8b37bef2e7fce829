"""Materials, steps, questions and fees of a row: a list inside JSON, or a text with one entry a line."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from . import values, words
from .columns import plain

_NAMES: dict[str, dict[str, list[str]]] = {
    "materials": {
        "material_name": ["material_name", "材料名称", "CLMC", "name", "title", "名称"],
        "material_type": ["material_type", "材料类型", "CLLX"],
        "material_format": ["material_format", "submit", "材料形式", "CLXS"],
        "is_need": ["is_need", "必要性", "是否必要", "是否必备材料", "required"],
        "page_num": ["page_num", "原件份数", "份数"],
        "copy_num": ["copy_num", "复印件份数"],
        "source_type": ["source_type", "来源渠道", "材料来源", "CLLY"],
        "source_explain": ["source_explain", "来源渠道说明", "出具机构"],
        "fill_explain": ["fill_explain", "填报须知"],
        "accept_stand": ["accept_stand", "受理标准"],
        "by_law": ["by_law", "要求依据", "law"],
    },
    "steps": {
        "step_name": ["step_name", "环节名称", "名称", "name", "title", "HJMC"],
        "office": ["office", "办理部门", "dept_name"],
        "limit_day": ["limit_day", "办理时限", "时限", "days"],
        "content": ["content", "办理内容", "审查标准", "description"],
        "result": ["result", "办理结果"],
    },
    "faqs": {"question": ["question", "问题", "q"], "answer": ["answer", "答案", "回答", "解答", "a"]},
    "fees": {
        "fee_name": ["fee_name", "收费项目名称", "收费项目", "name", "名称"],
        "fee_stand": ["fee_stand", "收费标准", "standard", "amount"],
        "by_law": ["by_law", "收费依据", "law"],
        "desc_explain": ["desc_explain", "减免说明"],
    },
}
_FIRST = {"materials": "material_name", "steps": "step_name", "faqs": "question", "fees": "fee_name"}
_CODES = {
    "material_type": words.KINDS,
    "material_format": words.FORMATS,
    "is_need": words.NEEDS,
    "source_type": words.SOURCES,
}
_MAX = 300


def read(part: str, cell: Any) -> list[dict[str, Any]]:
    """The entries of a cell, each with the fields that items have; entries without a name are left out."""
    if isinstance(cell, str) and cell.lstrip().startswith(("[", "{")):
        with suppress(ValueError, RecursionError):
            cell = json.loads(cell)
    if isinstance(cell, dict):
        inner = [each for each in cell.values() if isinstance(each, list)]
        cell = inner[0] if inner else [cell]
    if isinstance(cell, list):
        found = [_entry(part, each) if isinstance(each, dict) else _named(part, each) for each in cell[:_MAX]]
    else:
        found = [_named(part, each) for each in values.items_of(values.text(cell)[0])[:_MAX]]
    first = _FIRST[part]
    return [each for each in found if each.get(first) and (part != "faqs" or each.get("answer"))]


def _named(part: str, each: Any) -> dict[str, Any]:
    return {_FIRST[part]: values.line(values.text(each)[0])[:500]}


def _entry(part: str, each: dict[str, Any]) -> dict[str, Any]:
    by_plain = {plain(str(key)): cell for key, cell in each.items()}
    found: dict[str, Any] = {}
    for field, names in _NAMES[part].items():
        cell = next((by_plain[key] for name in names if (key := plain(name)) in by_plain), None)
        text = values.text(cell)[0]
        if not text:
            continue
        if field in _CODES:
            text = values.code_of(text, _CODES[field])
        if field in ("page_num", "copy_num"):
            digits = values.narrow(text)
            if digits.isascii() and digits.isdigit() and int(digits) < 1000:
                found[field] = int(digits)
        elif field == "limit_day":
            number, unit, _odd = values.limit(text)
            if number is not None:
                found["limit_day"], found["limit_type"] = number, unit
        elif text:
            found[field] = text[:500] if field == _FIRST[part] else text[:4000]
    return found
