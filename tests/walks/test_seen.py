"""“Who has seen my data, when and why”: the citizen's page and the ledger say the same, look for look (rule 8, T1)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from tests.conftest import ANSWERS, PASSWORD, Town, papers
from tongban.base.kernel.api import NotFound, Ref, Refused, now, system
from tongban.engine.registers import api as registers
from tongban.portal.seen import KINDS, _why, seen_of
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import acting
from tongban.work.hall import api as hall

pytestmark = pytest.mark.django_db
NUMBER, OTHER = "11010519491231002X", "110105194912310038"
CASE = Ref("hall.case", "c1")


@pytest.fixture
def row(town: Town) -> Ref:
    with system():
        for number, name in ((NUMBER, "测试甲"), (OTHER, "旁人")):
            values = {"id_number": number, "name": name, "status": "normal"}
            registers.write("population", values, by=None, reason="建库", source="test")
        found = registers.find("population", id_number=NUMBER)
        assert found
        return found.ref


def ledger_says(ref: Ref) -> Counter[str]:
    """What the ledger itself holds of looks at this person's record, asked without any of our code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind FROM ledger_leaf WHERE subject_id = %s AND (kind LIKE '%%.read' OR kind LIKE '%%.unmasked' "
            "OR kind LIKE '%%.seen')",
            [ref.id],
        )
        return Counter(kind for (kind,) in cursor.fetchall())


def test_every_look_is_on_the_page_and_nothing_else(town: Town, row: Ref, settings: Any) -> None:
    officer = town.approvers["commerce"]
    identity.define_role("test_looks", "查询", ["register.read", "register.unmask", "register.export"])
    identity.assign_post(officer.person, officer.offices[0], "查询岗", ["test_looks"], concurrent=True)
    officer = identity.actor_for(officer.person)
    with acting(officer), pytest.raises(NotFound):
        registers.get(officer, "population", row.id)  # no grant, no look, no trace
    identity.purpose_grant(officer.person, CASE, town.founder.person, now() + timedelta(hours=1))
    with acting(officer):
        registers.get(officer, "population", row.id)
        registers.trace(officer, "population", registers.page("population").rows)
        registers.unmask(officer, "population", row.id, reason="核对住址变更")
        registers.export(officer, "population")
    with acting(officer), pytest.raises((NotFound, Refused)), acting(town.stranger):
        registers.get(town.stranger, "population", row.id)
    said = ledger_says(row)
    assert sum(said.values()) == 4 and set(said) <= set(KINDS)
    with acting(town.founder):
        shown = seen_of(town.founder)
    assert len(shown) == 4
    assert all(one.why for one in shown)
    assert all("海口市市场监督管理局" in one.offices and one.at for one in shown)
    with acting(town.second):
        assert seen_of(town.second) == []

    settings.SITE, settings.ROOT_URLCONF = "public", "tongban.site.urls_public"
    browser = Client()
    browser.post("/account/sign-in/", {"login": "founder", "password": PASSWORD})
    answer = browser.get("/account/seen/")
    page = answer.content.decode()
    assert (
        page.count('<th scope="row"') == 4
        and "海口市市场监督管理局" in page
        and "核对住址变更" in page
        and NUMBER not in page
    )


def test_an_officer_who_opens_the_application_is_on_the_page(town: Town, settings: Any) -> None:
    done = hall.submit(
        town.founder,
        "enterprise_registration",
        hall.applicant_of(town.founder),
        ANSWERS,
        papers(town.founder),
        nonce="seen",
    )
    with acting(town.founder):
        assert seen_of(town.founder) == []
    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.site.urls_staff"
    with system():
        account = get_user_model().objects.get(public_id=town.clerk.person.id)
    clerk = Client()
    clerk.force_login(account)
    assert clerk.get(f"/cases/{done.case.id}/").status_code == 200
    with acting(town.founder):
        (look,) = seen_of(town.founder)
    assert (str(look.how), str(look.why)) == (str(KINDS["hall.case.seen"]), str(_why({"why": str(done.case)})))
    assert "海口市市场监督管理局" in look.offices
    with acting(town.second):
        assert seen_of(town.second) == []
