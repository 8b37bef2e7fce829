"""Named people and a small province for every test of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.trust.identity import api, codes
from tongban.trust.identity.data import CodeMessage, OfficeKind, OfficeRow

PASSWORD = "brave-Otter-31"
CITIZEN_ID = "460105199003070017"

ROWS = [
    OfficeRow("46", "海南省人民政府", OfficeKind.PROVINCE, "46"),
    OfficeRow(
        "46/commerce",
        "海南省市场监督管理局",
        OfficeKind.DEPARTMENT,
        "46",
        "46",
        roles=("commerce", "quality"),
    ),
    OfficeRow("4601", "海口市人民政府", OfficeKind.CITY, "4601", "46"),
    OfficeRow("4601/tax", "海口市税务局", OfficeKind.DEPARTMENT, "4601", "4601", roles=("tax",)),
    OfficeRow("460105", "秀英区人民政府", OfficeKind.COUNTY, "460105", "4601"),
    OfficeRow(
        "460105/commerce",
        "秀英区市场监督管理局",
        OfficeKind.DEPARTMENT,
        "460105",
        "460105",
        roles=("commerce",),
    ),
    OfficeRow("460105100", "长流镇人民政府", OfficeKind.TOWNSHIP, "460105100", "460105"),
    OfficeRow("460105100201", "长北村", OfficeKind.VILLAGE, "460105100201", "460105100"),
]


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    """Argon2 is slow on purpose; the tests that are about it name it themselves."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def province(db: None) -> None:
    api.load_offices(ROWS)


@pytest.fixture
def people(province: None) -> SimpleNamespace:
    """A citizen, a clerk in the county's commerce office, an administrator of the city, a stranger without
    posts."""
    api.define_role("clerk", "窗口人员", ["identity.read"])
    api.define_role("administrator", "机构管理员", ["identity.manage"], reach="subtree")
    clerk = api.create_staff("clerk", "陈窗口", password=PASSWORD, second_factor=False)
    administrator = api.create_staff("administrator", "林管理", password=PASSWORD, second_factor=False)
    stranger = api.create_staff("stranger", "周路人", password=PASSWORD, second_factor=False)
    county = api.office_by_code("460105/commerce")
    api.assign_post(clerk.ref, county.ref, "窗口", ["clerk"])
    api.assign_post(administrator.ref, api.office_by_code("4601").ref, "管理员", ["administrator"])
    citizen = api.create_citizen(
        "王小明", id_number=CITIZEN_ID, phone="13800000001", password=PASSWORD, username="wang", level=2
    )
    return SimpleNamespace(clerk=clerk, administrator=administrator, stranger=stranger, citizen=citizen, county=county)


@pytest.fixture
def public_site(settings: Any) -> str:
    settings.SITE = "public"
    settings.ROOT_URLCONF = "tongban.trust.identity.urls_public"
    return "public"


@pytest.fixture
def staff_site(settings: Any) -> str:
    settings.SITE = "staff"
    settings.ROOT_URLCONF = "tongban.trust.identity.urls_staff"
    return "staff"


@pytest.fixture
def sent() -> Iterator[list[CodeMessage]]:
    """Codes as a sender from above would get them."""
    box: list[CodeMessage] = []
    others = dict(codes.code_senders._items)
    codes.code_senders._items.clear()
    codes.code_senders._items["test"] = box.append
    yield box
    codes.code_senders._items.clear()
    codes.code_senders._items.update(others)


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A browser that has typed name and password."""

    def enter(login: str, password: str = PASSWORD, client: Client | None = None) -> Client:
        client = client or Client()
        client.post("/account/sign-in/", {"login": login, "password": password})
        return client

    return enter
