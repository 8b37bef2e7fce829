"""What the YAML files of a pack look like. Explained with examples in `docs/reference/pack-format.md`."""

from __future__ import annotations

from tongban.base.calendars.data import Procedure
from tongban.work.hall.data import Assigned, CaseState, Outcome, Right

from .shapes import (
    NAME,
    anything,
    day,
    listed,
    mapped,
    name,
    number,
    one_of,
    prose,
    record,
    title,
    truth,
    variant,
    words,
    written,
)

_expression = words()
_limit = record({"n": number(0, 3650), "unit": one_of("workday", "day", "month", "year")})

PACK = record(
    {
        "key": name,
        "title": title,
        "version": written(r"\d{1,4}\.\d{1,4}\.\d{1,4}", "three numbers such as 1.0.0"),
        "owner": name,
    },
    {"needs": listed(name), "answers": listed(words(40))},
)

_UNIQUE = record({"answer": name, "register": name, "field": name}, {"message": title})
_RESULT = record(
    {},
    {
        "licence": name,
        "face": mapped(_expression),
        "holder_name": words(60),
        "holder_number": words(60),
        "register": name,
        "values": mapped(_expression),
        "assign": mapped(one_of(*(kind.value for kind in Assigned))),
        "right": one_of(*(right.value for right in Right)),
    },
)
_SERVICE = record(
    {"form": name, "process": written(f"(shared:)?{NAME}", "a process of the pack, or shared:NAME"), "first": name},
    {
        "offices": listed(name),
        "automatic": truth,
        "level": number(0, 4),
        "inputs": mapped(_expression),
        "unique": listed(_UNIQUE),
        "result": _RESULT,
        "tell": listed(name),
    },
)
_ITEM = record(
    {"key": name, "task_name": title, "department": name},
    {
        "task_type": words(4),
        "use_level": words(4),
        "joint_departments": listed(name),
        "service_objects": listed(words(4)),
        "user_topics": listed(words(40)),
        "corp_topics": listed(words(40)),
        "handle_forms": listed(words(4)),
        "project_type": words(4),
        "legal_limit": _limit,
        "promised_limit": _limit,
        "visits": number(0, 20),
        "online_depth": words(4),
        "fee": truth,
        "result_name": title,
        "result_type": words(4),
        "conditions": prose,
        "basis": prose,
        "summary": prose,
        "phone": words(60),
        "complaints": words(60),
        "hours": words(200),
        "steps": listed(record({"name": title, "department": name, "limit": number(0, 3650)})),
        "faqs": listed(record({"question": prose, "answer": prose})),
        "service": _SERVICE,
    },
)
_LICENCE = record({"key": name, "title": title, "code": words(40)}, {"years": number(0, 100)})
ITEMS = record({}, {"items": listed(_ITEM), "licences": listed(_LICENCE)})

_ROLE = record(
    {"key": name, "title": title, "permissions": listed(words(60), least=1)}, {"reach": one_of("own", "subtree")}
)
ROLES = record({"roles": listed(_ROLE)})

_ANSWERS = mapped(anything)
_EXPECT = record(
    {},
    {
        "state": one_of(*(state.value for state in CaseState)),
        "licence": truth,
        "due": day,
        "why": words(300),
        "waiting": listed(name),
        "late": listed(name),
        "rows": listed(record({"register": name, "where": _ANSWERS}, {"count": number(0, 1000)})),
    },
)
_AT = {"office": name}
_WHY = {"reason": words(1000)}
STEPS = {
    "accept": None,
    "correct": record({"ask": words(500), "answers": _ANSWERS}),
    "decline": record({}, _WHY),
    "refuse_acceptance": record({}, _WHY),
    "decide": record({"outcome": one_of(*(outcome.value for outcome in Outcome))}, {**_AT, "opinion": words(1000)}),
    "suspend": record({"procedure": one_of(*(procedure.value for procedure in Procedure))}, {**_AT, **_WHY}),
    "resume": record({}, {**_AT, "result": words(1000)}),
    "withdraw": record({}, _WHY),
    "travel": record({"days": number(1, 3650)}),
    "second": record({"refused": name}, {"answers": _ANSWERS}),
    "expect": _EXPECT,
}
_CASE = record(
    {"title": words(120), "answers": _ANSWERS},
    {
        "item": name,
        "on": day,
        "materials": listed(name),
        "refused": name,
        "steps": listed(variant(STEPS)),
        "expect": _EXPECT,
    },
)
CASES = record({"cases": listed(_CASE)})
