"""A small town for tests that walk through several rooms: one city with the offices of the main job, and its packs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from tongban.base.calendars import api as calendars
from tongban.base.files import api as files
from tongban.base.kernel.api import NotFound, Ref
from tongban.packs import api as packs
from tongban.packs.data import SAMPLE_PDF
from tongban.site import testing
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow, Reach

CITY = "460100"
DEPARTMENTS = {
    "commerce": "海口市市场监督管理局",
    "quality": "海口市质量技术监督局",
    "tax": "海口市税务局",
    "civil_affairs": "海口市民政局",
    "social_security": "海口市人力资源和社会保障局",
    "statistics": "海口市统计局",
    "police": "海口市公安局",
    "government_services": "海口市政务服务管理局",
    "party_office": "海口市委办公室（市国家保密局）",
    "data": "海口市大数据局",
}
ANSWERS = {
    "premises": "owned",
    "special_trade": "no",
    "name": "海口测试贸易有限公司",
    "enterprise_kind": "有限责任公司",
    "division": CITY,
    "address": {"division": "460106", "text": "海口市龙华区示例路1号"},
    "capital": "1000000",
    "industry": "F51",
    "scope": "日用百货批发零售",
    "representative_name": "测试甲",
    "representative_id": "11010519491231002X",
    "phone": "13800138000",
    "shareholders": [{"holder": "测试甲", "id_number": "11010519491231002X", "amount": "1000000"}],
    "staff": 5,
    "accounting": "small",
}


def papers(actor: Actor) -> dict[str, list[dict[str, str]]]:
    """The three materials that the answers above ask for."""
    file = files.receive(io.BytesIO(SAMPLE_PDF), "章程.pdf", files.Slot(("pdf",)), by=actor.person)
    return {slot: [{"file": file.id, "name": file.name}] for slot in ("articles", "identity", "ownership")}


# The longest files begin first, so that no worker is left alone with one of them at the end.
LONGEST = (
    "test_data_centre", "test_payloads", "test_matrix", "test_story", "test_days", "test_reach", "test_faults",
    "test_kill", "test_sealed", "test_reorganise", "test_story_offices", "test_case_pages", "test_personal_rows",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@dataclass
class Town:
    """The people of the main job: founder, a second applicant, clerk, approvers by role, and a stranger."""

    founder: Actor
    second: Actor
    clerk: Actor
    approvers: dict[str, Actor]
    stranger: Actor

    def office(self, role: str) -> Ref:
        return identity.office_by_role(role, CITY).ref


PASSWORD = "Bu-Shi-Mi-Ma-1"
WINDOW = ("hall.work", "hall.accept", "hall.answer")
APPROVER = ("hall.work", "hall.decide", "register.read")
APPROVERS = ("commerce", "quality", "tax", "civil_affairs")


def _staff(username: str, name: str, role: str, permissions: tuple[str, ...]) -> None:
    identity.define_role(f"test_{username}", name, permissions, reach=Reach.OWN)
    person = identity.create_staff(username, name, password=PASSWORD, second_factor=False)
    identity.assign_post(person.ref, identity.office_by_role(role, CITY).ref, name, [f"test_{username}"])


def build_town() -> Town:
    """Offices, calendar, packs and people, in the present transaction or database; those already there stay."""
    if not _known("founder"):
        _build()
    return Town(
        founder=_actor("founder"),
        second=_actor("second"),
        clerk=_actor("clerk"),
        approvers={role: _actor(role) for role in APPROVERS},
        stranger=_actor("stranger"),
    )


def _known(username: str) -> bool:
    try:
        identity.person_by_username(username)
    except NotFound:
        return False
    return True


def _actor(username: str) -> Actor:
    return identity.actor_for(identity.person_by_username(username).ref)


def _build() -> None:
    rows = [
        OfficeRow("province", "海南省人民政府", OfficeKind.PROVINCE, "460000"),
        OfficeRow("haikou", "海口市人民政府", OfficeKind.CITY, CITY, parent="province"),
        *(
            OfficeRow(f"haikou-{role}", title, OfficeKind.DEPARTMENT, CITY, parent="haikou", roles=(role,))
            for role, title in DEPARTMENTS.items()
        ),
    ]
    identity.load_offices(rows)
    calendars.seed()
    packs.apply(["enterprise_registration", "elder_card", "geography", "laws", "macro_economy", "results"])
    founder = {"username": "founder", "id_number": "11010519491231002X"}
    identity.create_citizen("测试甲", phone="13800138000", password=PASSWORD, level=3, **founder)
    identity.create_citizen("测试乙", phone="13800138001", password=PASSWORD, level=3, username="second")
    _staff("clerk", "窗口甲", "commerce", WINDOW)
    for role in APPROVERS:
        _staff(role, f"审批{role}", role, APPROVER)
    _staff("stranger", "路人", "police", APPROVER)


def pytest_collection_finish(session: pytest.Session) -> None:
    """A run of these tests alone begins every database with the town already built, which saves a minute or two."""
    here = Path(__file__).parent
    if session.items and all(item.path.is_relative_to(here) for item in session.items):
        testing.prepared = build_town


@pytest.fixture
def town(db: None) -> Town:
    return build_town()
