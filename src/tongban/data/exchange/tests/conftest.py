"""A data authority, two offices with nodes and one without; a resource that goes into a register."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth import get_user_model
from django.test import Client

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import new_id, now
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Category, Cycle, Description, Item, Resource
from tongban.data.exchange import api, enrolling
from tongban.data.transport.data import Envelope, Kind, Message
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow, Reach

REGISTER = """
key: exchange_firm
title: {zh: 企业汇集库, en: Collected firms}
owner: ic
level: internal
zone: outer
natural_key: [uscc]
fields:
  - {name: uscc, title: {zh: 统一社会信用代码, en: Code}, type: credit_code, required: true}
  - {name: name, title: {zh: 名称, en: Name}, type: text, max_length: 20, required: true}
  - {name: founded, title: {zh: 成立日期, en: Founded}, type: date}
  - {name: workers, title: {zh: 从业人数, en: Workers}, type: int}
"""
ITEMS = tuple(
    Item(n, t)
    for n, t in (("uscc", "统一社会信用代码"), ("name", "名称"), ("founded", "成立日期"), ("workers", "人数"))
)

ROLES = {
    "ex_keeper": ["exchange.read", "exchange.manage"],
    "ex_reader": ["exchange.read"],
    "ex_asker": ["exchange.ask"],
    "ex_catalogue": [
        f"catalogue.{one}" for one in ("read", "edit", "review", "decide", "manage", "request", "secrecy")
    ],
}
FIRMS = ["91350100M000100Y43", "91460000MA5T5KXA7D", "91460100MA5TABCD14"]


@pytest.fixture
def town(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TONGBAN_SECOND_FACTOR = False
    calendars.seed()
    identity.load_offices(
        [
            OfficeRow(
                "46", "示范省大数据管理局", OfficeKind.PROVINCE, "46", uscc="11370800MB28559184", roles=("data",)
            ),
            OfficeRow("46.ic", "示范省市场监督管理局", OfficeKind.DEPARTMENT, "46", "46", uscc="91350100M000100Y43"),
            OfficeRow("46.tax", "示范省税务局", OfficeKind.DEPARTMENT, "46", "46"),
        ]
    )
    for key, rights in ROLES.items():
        identity.define_role(key, key, rights, reach=Reach.SUBTREE)
    people = {}
    for name, office, role in (
        ("keeper", "46", "ex_keeper"), ("reader", "46", "ex_reader"),
        ("asker", "46.tax", "ex_asker"), ("stranger", "46.tax", None),
        *((name, "46", "ex_catalogue") for name in ("editor", "chief", "secrecy", "authority")),
    ):  # fmt: skip
        people[name] = identity.create_staff(name, name, second_factor=False)
        identity.assign_post(people[name].ref, identity.office_by_code(office).ref, "科员", [role] if role else [])
    actors = {name: identity.actor_for(person.ref) for name, person in people.items()}
    return SimpleNamespace(**actors, people=people)


@pytest.fixture
def client_of(settings: Any, town: SimpleNamespace) -> Callable[[str], Client]:
    settings.ROOT_URLCONF = "tongban.data.exchange.tests.urls"
    settings.SITE = "staff"

    def sign_in(name: str) -> Client:
        client = Client(raise_request_exception=False)
        account = get_user_model().objects.get(public_id=town.people[name].ref.id)
        client.force_login(account, backend="tongban.trust.identity.signin.SignInBackend")
        return client

    return sign_in


def csr() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def enrolled(town: SimpleNamespace) -> Callable[[str, str], str]:
    """Invites and enrols the node of an office; gives its key."""

    def take(key: str, office: str) -> str:
        _row, file = api.invite(town.keeper, key, office, level="province", division="460000")
        enrolling.enrol(key, json.loads(file)["body"]["token"], csr(), csr())
        return key

    return take


@pytest.fixture
def firms(town: SimpleNamespace) -> Iterator[Resource]:
    """A published resource of the market office, with a register here."""
    registers.forget_definitions()
    registers.apply([registers.parse(REGISTER, "firm.yaml")])
    yield published(town, "exchange_firm")
    registers.forget_definitions()


def published(town: SimpleNamespace, register: str = "", provider: str = "46.ic") -> Resource:
    description = Description(
        title="企业登记信息", summary="在省内登记的企业及其登记事项。", provider=provider, category=Category.DEPARTMENT,
        project="07", subject="003", items=ITEMS, register=register, cycle=Cycle.DAILY, system="企业登记系统",
        owner="登记注册处处长", operator="信息中心运行科",
    )  # fmt: skip
    made = catalogue.compile(town.editor, description)
    one = catalogue.submit(town.editor, made.id, 1)
    one = catalogue.review(town.chief, made.id, True, "", one.revision)
    one = catalogue.clear_secrecy(town.secrecy, made.id, True, "不涉密", "密审〔2026〕12号", one.revision)
    one = catalogue.review(town.authority, made.id, True, "", one.revision)
    return catalogue.publish(town.authority, made.id, one.revision)


def batch(sender: str, resource: Resource, rows: list[dict[str, Any]], **changes: Any) -> Message:
    """A delivery as transport hands it over, its sender proven."""
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    facts = {"grant": f"centre:{resource.id}", "schema": f"{resource.code}@{resource.edition}", "office": "46.ic"}
    envelope = Envelope(
        id=new_id(), kind=Kind.DATA, business="batch", sender=sender, to="centre", created=now(),
        resource=resource.code, **facts | changes,
    )  # fmt: skip
    return Message(envelope, out.getvalue())


def row(number: int, name: str = "", **changes: Any) -> dict[str, Any]:
    """One firm as its office sends it."""
    return {"uscc": FIRMS[number], "name": name or f"企业{number}", "founded": "2020-01-31", "workers": 7} | changes
