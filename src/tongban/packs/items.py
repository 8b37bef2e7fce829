"""From a pack's `items.yaml` to items and services of the hall."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tongban.base.kernel.api import NotFound
from tongban.trust.identity import api as identity
from tongban.work.hall.data import ItemDraft, Result, Service, Unique

from .data import Pack

_UNITS = {"workday": "1", "day": "2", "month": "3", "year": "4"}


OF_PROCESS = re.compile(r'\w+:(table|office)="([^"=]+)"')


def parts_of(pack: Pack) -> set[str]:
    """The parts that offices play in a pack's items and processes."""
    parts = {
        value for xml in pack.processes.values() for kind, value in OF_PROCESS.findall(xml.decode()) if kind == "office"
    }
    for item in pack.items:
        service = item.get("service") or {}
        parts |= {item["department"], *item.get("joint_departments", ())}
        parts |= {service.get("first", item["department"]), *service.get("offices", ()), *service.get("tell", ())}
    return parts


def service_of(item: Mapping[str, Any], pack: str) -> Service | None:
    """How the item is handled, as its pack declares it."""
    declared = item.get("service")
    if not declared:
        return None
    result = {**(declared.get("result") or {})}
    return Service(
        item=item["key"],
        form=declared["form"],
        process=declared["process"],
        first=declared["first"],
        offices=list(declared.get("offices") or ()),
        automatic=declared.get("automatic") == "true",
        level=int(declared.get("level", 2)),
        unique=[Unique(**unique) for unique in declared.get("unique") or ()],
        result=Result(**result),
        tell=list(declared.get("tell") or ()),
        inputs=dict(declared.get("inputs") or {}),
        pack=pack,
    )


def draft_of(item: Mapping[str, Any], pack: str, division: str, form: Any, limits: Mapping[str, Any]) -> ItemDraft:
    """The item's wording. Its materials and situations are those of its form: nothing is declared twice (rule 3).

    `limits` are the region's own promised limits, which win over the pack's.
    """
    office = _office(item, division)
    promised = limits.get(item["key"]) or item.get("promised_limit") or {}
    legal = item.get("legal_limit") or {}
    service = item.get("service") or {}
    values: dict[str, Any] = {
        "task_name": _zh(item["task_name"]),
        "task_type": item.get("task_type", ""),
        "use_level": item.get("use_level", ""),
        "office": office.ref.id if office else "",
        "dept_name": office.title if office else item.get("department", ""),
        "dept_code": office.uscc if office else "",
        "division": division,
        "anticipate_day": int(legal["n"]) if "n" in legal else None,
        "anticipate_type": _UNITS.get(legal.get("unit", ""), ""),
        "promise_day": int(promised["n"]) if "n" in promised else None,
        "promise_type": _UNITS.get(promised.get("unit", ""), ""),
        "project_type": item.get("project_type", ""),
        "limit_scene_num": int(item["visits"]) if "visits" in item else None,
        "accept_condition": _zh(item.get("conditions")),
        "by_law": _zh(item.get("basis")),
        "is_fee": item.get("fee") == "true",
        "service_object": list(item.get("service_objects") or ()),
        "user_topic_type": list(item.get("user_topics") or ()),
        "corp_topic_type": list(item.get("corp_topics") or ()),
        "handle_type": list(item.get("handle_forms") or ()),
        "is_online": bool(service),
        "online_handle_depth": item.get("online_depth", ""),
        "result_type": item.get("result_type", ""),
        "result_name": _zh(item.get("result_name")),
        "consult_phone": item.get("phone", "0898-12345（演示）"),
        "complain_phone": item.get("complaints", "0898-12389（演示）"),
        "transact_time": item.get("hours", "工作日 8:30–12:00，14:30–17:30"),
        "transact_addr": "政务服务中心综合窗口",
        "pack": pack,
        "form_key": service.get("form", ""),
        "process_key": service.get("process", ""),
        "licence_type": (service.get("result") or {}).get("licence", ""),
        "situations": _situations(form),
    }
    return ItemDraft(
        key=item["key"],
        values=values,
        materials=_materials(form),
        steps=[
            {
                "step_name": _zh(s["name"]),
                "office": _title(s, division),
                "limit_day": int(s["limit"]),
                "limit_type": "1",
            }
            for s in item.get("steps") or ()
        ],
        faqs=[{"question": _zh(f["question"]), "answer": _zh(f["answer"])} for f in item.get("faqs") or ()],
    )


def _office(item: Mapping[str, Any], division: str) -> Any:
    try:
        return identity.office_by_role(str(item.get("department")), division)
    except NotFound:
        return None


def _title(step: Mapping[str, Any], division: str) -> str:
    office = _office(step, division)
    return office.title if office else ""


def _zh(text: Any) -> str:
    return str(text.get("zh", "")) if isinstance(text, Mapping) else str(text or "")


def _situations(form: Any) -> list[dict[str, Any]]:
    if form is None:
        return []
    return [
        {
            "key": question.name,
            "title": question.title.zh,
            "options": [{"key": option.code, "title": option.title.zh} for option in question.options],
        }
        for question in form.situations
    ]


def _materials(form: Any) -> list[dict[str, Any]]:
    if form is None:
        return []
    return [
        {
            "slot": material.name,
            "material_name": material.title.zh,
            "is_need": material.necessity if material.required else "2",
            "material_format": "2",
            "page_num": 1,
            "source_type": material.source,
            "source_explain": material.issuer.zh if material.issuer else "",
            "licence_type": material.licence or "",
            "fill_explain": material.help.zh if material.help else "",
            "applies": [f"{question}={code}" for question, codes in material.situations for code in codes],
        }
        for material in form.materials
    ]
