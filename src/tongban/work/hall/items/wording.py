"""Items in words for their pages: facts, materials, counters, all fields with their official names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from tongban.base.kernel.api import Text

from . import data

Pair = tuple[Text, Text]

FIELD_TITLES: dict[str, Text] = {
    "task_name": gettext_lazy("Name of the item"),
    "group": gettext_lazy("Main item"),
    "summary": gettext_lazy("Description"),
    "catalog_code": gettext_lazy("Base code"),
    "local_catalog_code": gettext_lazy("Local base code"),
    "task_code": gettext_lazy("Implementation code"),
    "local_task_code": gettext_lazy("Local implementation code"),
    "task_handle_item": gettext_lazy("Handling item code"),
    "task_type": gettext_lazy("Type of item"),
    "use_level": gettext_lazy("Level of exercise"),
    "dept_name": gettext_lazy("Implementing body"),
    "dept_code": gettext_lazy("Code of the implementing body"),
    "division": gettext_lazy("Division"),
    "anticipate_day": gettext_lazy("Legal limit"),
    "anticipate_type": gettext_lazy("Unit of the legal limit"),
    "anticipate_explain": gettext_lazy("Remark on the legal limit"),
    "promise_day": gettext_lazy("Promised limit"),
    "promise_type": gettext_lazy("Unit of the promised limit"),
    "promise_explain": gettext_lazy("Remark on the promised limit"),
    "project_type": gettext_lazy("Kind of case"),
    "limit_scene_num": gettext_lazy("Visits"),
    "limit_scene_explain": gettext_lazy("Why a visit is needed"),
    "accept_condition": gettext_lazy("Conditions"),
    "by_law": gettext_lazy("Legal basis"),
    "handle_flow": gettext_lazy("Procedure"),
    "is_fee": gettext_lazy("Fee"),
    "fee_basis": gettext_lazy("Basis of the fee"),
    "service_object": gettext_lazy("For whom"),
    "user_topic_type": gettext_lazy("Themes for persons"),
    "corp_topic_type": gettext_lazy("Themes for legal persons"),
    "handle_type": gettext_lazy("Ways of handling"),
    "is_online": gettext_lazy("Online"),
    "online_handle_depth": gettext_lazy("Online depth"),
    "online_handle_url": gettext_lazy("Web address"),
    "result_type": gettext_lazy("Kind of result"),
    "result_name": gettext_lazy("Result"),
    "transact_addr": gettext_lazy("Place"),
    "transact_time": gettext_lazy("Hours"),
    "consult_phone": gettext_lazy("Telephone for advice"),
    "complain_phone": gettext_lazy("Telephone for complaints"),
    "plan_effective_date": gettext_lazy("In force from"),
    "plan_cancel_date": gettext_lazy("In force until"),
    "materials": gettext_lazy("Materials"),
    "steps": gettext_lazy("Steps"),
    "faqs": gettext_lazy("Common questions"),
    "fees": gettext_lazy("Fees"),
    "situations": gettext_lazy("Situations"),
    "attribution": gettext_lazy("Source"),
}
GROUPS: tuple[tuple[str, Text, tuple[str, ...]], ...] = (
    ("basics", gettext_lazy("Name and description"),
     ("task_name", "group", "summary", "task_type", "use_level", "project_type")),
    ("audience", gettext_lazy("For whom, on which theme"), ("service_object", "user_topic_type", "corp_topic_type")),
    ("limits", gettext_lazy("Time limits and visits"),
     ("anticipate_day", "anticipate_type", "anticipate_explain", "promise_day", "promise_type", "promise_explain",
      "limit_scene_num", "limit_scene_explain")),
    ("rules", gettext_lazy("Conditions, basis, procedure"), ("accept_condition", "by_law", "handle_flow")),
    ("ways", gettext_lazy("How and where it is handled"),
     ("handle_type", "is_online", "online_handle_depth", "online_handle_url", "transact_addr", "transact_time",
      "consult_phone", "complain_phone")),
    ("result", gettext_lazy("Result and fees"), ("result_type", "result_name", "is_fee", "fee_basis")),
    ("codes", gettext_lazy("Codes and dates"),
     ("catalog_code", "local_catalog_code", "task_code", "local_task_code", "task_handle_item",
      "plan_effective_date", "plan_cancel_date")),
)  # fmt: skip
"""The fields of an item's wording that its office edits, as a form groups them. Whose item it is, and how a pack
handles it, is not wording."""
PART_TITLES: dict[str, dict[str, Text]] = {
    "materials": {
        "material_name": gettext_lazy("Name of the material"),
        "is_need": gettext_lazy("Needed"),
        "material_type": gettext_lazy("Original or copy"),
        "material_format": pgettext_lazy("material", "Form"),
        "page_num": gettext_lazy("Originals"),
        "copy_num": gettext_lazy("Copies"),
        "source_type": gettext_lazy("Where it comes from"),
        "source_explain": gettext_lazy("Issued by"),
        "fill_explain": gettext_lazy("How to fill it in"),
        "accept_stand": gettext_lazy("What is accepted"),
        "by_law": gettext_lazy("Basis of the requirement"),
        "applies": gettext_lazy("Only in these situations"),
    },
    "steps": {
        "step_name": gettext_lazy("Name of the step"),
        "office": gettext_lazy("Office"),
        "limit_day": pgettext_lazy("step", "Limit"),
        "limit_type": pgettext_lazy("limit", "Unit"),
        "content": gettext_lazy("What is done"),
        "result": gettext_lazy("Result of the step"),
    },
    "faqs": {"question": gettext_lazy("Question"), "answer": gettext_lazy("Answer")},
    "fees": {
        "fee_name": gettext_lazy("Name of the fee"),
        "fee_stand": gettext_lazy("Standard"),
        "by_law": gettext_lazy("Legal basis"),
        "is_desc": gettext_lazy("Can be reduced"),
        "desc_explain": gettext_lazy("When it is reduced"),
    },
    "situations": {
        "title": gettext_lazy("Question to the applicant"),
        "options": gettext_lazy("Answers to choose from"),
        "only_if": gettext_lazy("Asked only if"),
    },
}
TABLES: dict[str, Mapping[str, Text]] = {
    "task_type": data.TASK_TYPES,
    "use_level": data.USE_LEVELS,
    "project_type": data.PROJECT_TYPES,
    "service_object": data.SERVICE_OBJECTS,
    "handle_type": data.HANDLE_TYPES,
    "result_type": data.RESULT_TYPES,
    "anticipate_type": data.LIMIT_UNIT_TITLES,
    "promise_type": data.LIMIT_UNIT_TITLES,
    "limit_type": data.LIMIT_UNIT_TITLES,
    "is_need": data.NEEDS,
    "material_type": data.MATERIAL_TYPES,
    "material_format": data.FORMATS,
    "source_type": data.SOURCES,
}
_LIMITS = {"anticipate_day": "anticipate_type", "promise_day": "promise_type", "limit_day": "limit_type"}
UNITS = frozenset(_LIMITS.values())


def facts(item: data.Item) -> list[dict[str, Any]]:
    """The strip on top of a guide: limits, visits, fee, how far it goes online. What is not known is left out."""
    fields = item.fields
    found: list[dict[str, Any]] = []
    if item.promise_day is not None:
        found.append({"label": _("Promised limit"), "value": limit(item.promise_day, item.promise_unit)})
    if item.anticipate_day is not None:
        found.append({"label": _("Legal limit"), "value": limit(item.anticipate_day, item.anticipate_unit)})
    if fields["limit_scene_num"] is not None:
        found.append({"label": _("Visits"), "value": visits(fields["limit_scene_num"]),
                      "note": fields["limit_scene_explain"]})  # fmt: skip
    if fields["is_fee"] is not None:
        found.append({"label": _("Fee"), "value": _("Charged") if fields["is_fee"] else _("Free of charge")})
    if depth := online(item):
        found.append({"label": _("Online"), "value": depth})
    return found


def limit(n: int, unit: str) -> Text:
    """A limit in words; 0 is at once, -1 none by law."""
    if n == 0:
        return _("Done while you wait")
    if n < 0:
        return _("None set by law")
    if unit == "workday":
        return ngettext("%d working day", "%d working days", n) % n
    if unit == "day":
        return ngettext("%d day", "%d days", n) % n
    if unit == "month":
        return ngettext("%d month", "%d months", n) % n
    return ngettext("%d year", "%d years", n) % n


def visits(n: int) -> Text:
    """How often one has to come."""
    return _("No visit needed") if n == 0 else ngettext("%d visit at most", "%d visits at most", n) % n


def online(item: data.Item) -> Text:
    """How far it goes online: the level of the list, else whether it can be applied for."""
    depth = str(item.fields["online_handle_depth"]).upper().removesuffix("级")
    if depth in ("IV", "Ⅳ", "4"):
        return _("From application to result")
    if item.form_key or item.fields["is_online"]:
        return _("Application online")
    return _("Information only") if item.fields["is_online"] is False else ""


def about(item: data.Item) -> list[Pair]:
    """Who does it for whom under which codes."""
    names = (
        "task_type",
        "dept_name",
        "use_level",
        "service_object",
        "handle_type",
        "result_name",
        "task_code",
    )
    return [(FIELD_TITLES[name], words(name, item.fields)) for name in names if words(name, item.fields)]


def counter(item: data.Item) -> list[Pair]:
    """Where and when, and whom to call."""
    names = ("dept_name", "transact_addr", "transact_time", "consult_phone", "complain_phone")
    return [(FIELD_TITLES[name], words(name, item.fields)) for name in names if words(name, item.fields)]


def every_field(item: data.Item) -> list[Pair]:
    """Every field that has a value, by its official name."""
    shown = {name: title for name, title in FIELD_TITLES.items() if name not in UNITS}
    return [(title, text) for name, title in shown.items() if (text := words(name, item.fields))]


def words(name: str, fields: Mapping[str, Any]) -> Text:
    """One field in words; empty where it has no value."""
    value = fields.get(name)
    if value in (None, "", []):
        return ""
    if name in _LIMITS:
        return limit(int(value), data.LIMIT_UNITS.get(str(fields.get(_LIMITS[name])), "workday"))
    if name in TABLES:
        listed = value if isinstance(value, list) else [value]
        return "、".join(str(TABLES[name].get(code, code)) for code in listed)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return "、".join(str(each) if not isinstance(each, dict) else _first(each) for each in value)
    return str(value)


def _first(each: Mapping[str, Any]) -> str:
    names = ("material_name", "step_name", "question", "fee_name", "title")
    return next((str(each[name]) for name in names if each.get(name)), "")


def situation_words(text: str, situations: Sequence[Mapping[str, Any]]) -> str:
    """`question=option` as people read it: 谁来办理？ 本人."""
    key, _equals, option = text.partition("=")
    for each in situations:
        if each.get("key") == key:
            titles = {str(o.get("key")): str(o.get("title")) for o in each.get("options") or ()}
            return f"{each.get('title')} {titles.get(option, option)}"
    return text


def entry_words(part: str, entry: Mapping[str, Any], situations: Sequence[Mapping[str, Any]]) -> str:
    """One material, step, fee, question or situation as lines of `field: value`."""
    lines: list[str] = []
    for name, title in PART_TITLES[part].items():
        value = entry.get(name)
        if value in (None, "", []) or name in UNITS:
            continue
        if name in ("applies", "only_if"):
            text = "；".join(situation_words(str(each), situations) for each in value)
        elif name == "options":
            text = "；".join(str(each.get("title")) for each in value)
        else:
            text = str(words(name, entry))
        lines.append(f"{title}：{text}" if lines else text)
    return "\n".join(lines)


def material(each: data.Material) -> dict[str, Any]:
    """A material with its codes in words, and who has it already."""
    copies = []
    if each.originals:
        copies.append(ngettext("%d original", "%d originals", each.originals) % each.originals)
    if each.copies:
        copies.append(ngettext("%d copy", "%d copies", each.copies) % each.copies)
    return {
        "name": each.name,
        "need": data.NEEDS.get(each.need, data.NEEDS["1"]),
        "required": each.need == "1",
        "later": each.need == "3",
        "form": data.FORMATS.get(each.format, ""),
        "kind": data.MATERIAL_TYPES.get(each.type, ""),
        "copies": "、".join(copies),
        "source": data.SOURCES.get(each.source, ""),
        "issuer": each.source_explain,
        "licence": bool(each.licence_type),
        "register": bool(each.register),
        "blank": each.blank,
        "example": each.example,
        "fill": each.fill_explain,
        "stand": each.accept_stand,
        "law": each.by_law,
    }


def paragraphs(text: str) -> list[str]:
    """A text as its lines; numbers in front of them stay."""
    return [line.strip() for line in str(text or "").split("\n") if line.strip()]
