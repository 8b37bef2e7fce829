"""An office with its items, an editor, an importer, a stranger; the two sites' clients."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow
from tongban.work.hall.items import api as items
from tongban.work.hall.items.data import ItemDraft

SITUATIONS = [
    {
        "key": "who",
        "title": "谁来办理？",
        "options": [{"key": "self", "title": "本人"}, {"key": "agent", "title": "代理人"}],
    },
    {"key": "paper", "title": "有授权书吗？", "options": [{"key": "yes", "title": "有"}], "only_if": ["who=agent"]},
]


@pytest.fixture
def hall(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TONGBAN_SECOND_FACTOR = False
    identity.load_offices(
        [
            OfficeRow("460100-police", "海口市公安局", OfficeKind.DEPARTMENT, "460100", roles=("police",)),
            OfficeRow("460100-tax", "海口市税务局", OfficeKind.DEPARTMENT, "460100"),
        ]
    )
    office = identity.office_by_code("460100-police")
    identity.define_role("editor", "事项管理员", ["items.edit", "items.import"])
    made: dict[str, Any] = {"office": office}
    for name, where in (("editor", "460100-police"), ("stranger", "460100-tax")):
        made[name] = identity.create_staff(name, name, second_factor=False)
        if name == "editor":
            identity.assign_post(made[name].ref, identity.office_by_code(where).ref, "科员", ["editor"])
    values = {
        "task_name": "居住证办理",
        "task_type": "07",
        "dept_name": office.title,
        "office": office.ref.id,
        "service_object": ["1"],
        "user_topic_type": ["户籍办理"],
        "promise_day": 10,
        "promise_type": "1",
        "anticipate_day": 15,
        "anticipate_type": "1",
        "limit_scene_num": 1,
        "limit_scene_explain": "须现场采集照片",
        "is_fee": False,
        "accept_condition": "离开常住户口所在地\n居住半年以上",
        "by_law": "《居住证暂行条例》第九条",
        "consult_phone": "0898-00000000",
        "attribution": "示例清单",
        "situations": SITUATIONS,
    }
    materials = [
        {"slot": "photo", "material_name": "照片", "is_need": "1"},
        {"slot": "id", "material_name": "居民身份证", "is_need": "1", "licence_type": "id_card"},
        {"slot": "power", "material_name": "授权委托书", "is_need": "1", "applies": ["who=agent"]},
    ]
    draft = ItemDraft(
        "residence_permit",
        values,
        materials,
        steps=[{"step_name": "受理", "limit_day": 1, "limit_type": "1"}, {"step_name": "办结"}],
        faqs=[{"question": "要多久？", "answer": "十个工作日。"}],
    )
    made["draft"] = draft
    items.publish(
        [draft, ItemDraft("passport", {"task_name": "普通护照签发", "task_type": "01", "dept_name": "出入境"})]
    )
    return SimpleNamespace(**made)


@pytest.fixture
def site(settings: Any) -> Callable[..., Client]:
    """A client of one site, signed in if a person is given."""

    def client_of(kind: str, person: Any = None) -> Client:
        settings.ROOT_URLCONF = f"tongban.site.urls_{kind}"
        settings.SITE = kind
        client = Client(headers={"accept-language": "en"})
        if person is not None:
            account = get_user_model().objects.get(public_id=person.ref.id)
            client.force_login(account, backend="tongban.trust.identity.signin.SignInBackend")
        return client

    return client_of
