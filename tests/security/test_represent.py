"""Acting for an enterprise: its legal representative finds it to choose, nobody else does, asked at each use (T37)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Town
from tongban.base.kernel.api import Ref, system, today
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Row
from tongban.work.hall import api as hall

from .conftest import NUMBER, Browse

pytestmark = pytest.mark.django_db
CHOOSE, GIVE = "/account/act-for/", "/account/agents/new/"
ELSEWHERE = "460105199003070017"


def _firm(town: Town, uscc: str, name: str, representative: str) -> Row:
    values = {"uscc": uscc, "name": name, "type": "enterprise", "status": "active", "representative_id": representative}
    with system():
        return registers.write("legal_entity", values, by=town.clerk.person, reason="登记", source="market_regulation")


@pytest.fixture
def firms(town: Town) -> tuple[Row, Row]:
    """The founder's, and somebody else's."""
    return (
        _firm(town, "91350100M000100Y43", "海口自家贸易有限公司", NUMBER),
        _firm(town, "91460000MA5T00001F", "海口别家贸易有限公司", ELSEWHERE),
    )


def test_t37_representatives_see_and_choose_their_own_enterprises(
    town: Town, firms: tuple[Row, Row], browse: Browse
) -> None:
    own, other = firms
    founder = browse("public", town.founder)
    for address in ("/account/agents/", GIVE):
        page = founder.get(address).content.decode()
        assert "海口自家贸易有限公司" in page and "海口别家贸易有限公司" not in page
    assert founder.post(CHOOSE, {"agency": str(other.ref)}).status_code == 404
    assert founder.post(CHOOSE, {"agency": str(own.ref)}).status_code == 302
    page = founder.get("/account/levels/")
    actor = page.wsgi_request.actor
    assert (actor.acting_for, actor.principal_name) == (own.ref, "海口自家贸易有限公司")
    assert "海口自家贸易有限公司" in page.content.decode()  # the banner: in whose name everything is done
    assert hall.applicant_of(actor).ref == own.ref
    until = (today() + timedelta(days=9)).isoformat()
    asked = {"principal": str(own.ref), "phone": "13800138001", "name": "测试乙", "scopes": "", "until": until}
    assert founder.post(GIVE, asked).status_code == 302
    assert "海口自家贸易有限公司" in browse("public", town.second).get("/account/agents/").content.decode()


def test_t37_nobody_else_sees_or_takes_them(town: Town, firms: tuple[Row, Row], browse: Browse) -> None:
    stranger = browse("public", town.second)
    for address in ("/account/agents/", GIVE):
        assert "贸易有限公司" not in stranger.get(address).content.decode()
    for firm in firms:
        assert stranger.post(CHOOSE, {"agency": str(firm.ref)}).status_code == 404
        until = (today() + timedelta(days=9)).isoformat()
        asked = {"principal": str(firm.ref), "phone": "13800138000", "name": "测试甲", "scopes": "", "until": until}
        assert stranger.post(GIVE, asked).status_code == 422
    assert stranger.get("/account/").wsgi_request.actor.acting_for is None


def test_t37_who_no_longer_represents_it_is_refused_at_the_next_request(
    town: Town, firms: tuple[Row, Row], browse: Browse
) -> None:
    own = firms[0]
    founder = browse("public", town.founder)
    founder.post(CHOOSE, {"agency": str(own.ref)})
    assert founder.get("/account/").wsgi_request.actor.acting_for == own.ref
    _replaced(town, own.ref)
    assert founder.get("/account/").status_code == 403
    assert founder.get("/account/").wsgi_request.actor.acting_for is None  # from now on in their own name
    assert "海口自家贸易有限公司" not in founder.get("/account/agents/").content.decode()


def _replaced(town: Town, ref: Ref) -> None:
    with system():
        row: Any = registers.find("legal_entity", id=ref.id)
        values = dict(row.values) | {"representative_id": ELSEWHERE}
        registers.write(
            "legal_entity", values, by=town.clerk.person, reason="变更", source="market_regulation", version=row.version
        )
