"""Rights to one's own data as cases: a copy, a correction, the end of the account (TRUST-13; PIPL 44-47)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pypdf
import pytest

from tests.conftest import ANSWERS, CITY, PASSWORD, Town, papers
from tongban.base.kernel.api import system
from tongban.engine.documents import api as documents
from tongban.engine.registers import api as registers
from tongban.packs import api as packs
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor
from tongban.work.hall import api as hall
from tongban.work.hall.data import Applicant, CaseState, Outcome
from tongban.work.hall.models import Case

pytestmark = pytest.mark.django_db
NUMBER, OTHER = "11010519491231002X", "44052418800101001" + "4"


@pytest.fixture
def ready(town: Town) -> Town:
    packs.apply(["personal_information"])
    with system():
        for number, name, phone in ((NUMBER, "测试甲", "13800138000"), (OTHER, "测试丙", "13800138009")):
            values = {"id_number": number, "name": name, "phone": phone, "status": "normal"}
            registers.write("population", values, by=None, reason="登记", source="public_security")
    return town


def handed_in(actor: Actor, item: str, answers: dict[str, Any], run_jobs: Callable[[], int]) -> Any:
    applicant = Applicant(actor.person, actor.name)
    ref = hall.submit(actor, item, applicant, {"division": CITY, **answers}, {}, nonce=item).case
    run_jobs()
    with system():
        return Case.objects.get(public_id=ref.id)


def test_a_copy_says_what_is_held(ready: Town, run_jobs: Callable[[], int]) -> None:
    case = handed_in(ready.founder, "personal_copy", {"phone": "13800138000"}, run_jobs)
    assert case.state == CaseState.GRANTED
    run_jobs()
    copy = next(one for one in documents.documents_of(case.ref) if one.kind == "personal_copy")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(documents.pdf(copy.ref.id))).pages)
    assert NUMBER in text.replace("\n", "")
    assert case.case_no in text
    assert OTHER not in text.replace("\n", "")


def test_a_correction_changes_the_own_row_only(ready: Town, run_jobs: Callable[[], int]) -> None:
    answers = {"field": "phone", "value": "13800138555", "why": "号码已更换", "phone": "13800138000"}
    case = handed_in(ready.founder, "personal_correction", answers, run_jobs)
    with system():
        work = hall.open_work(case.ref)[0][0]
        identity.define_role("desk", "窗口", ["hall.work", "hall.accept"])
        desk = identity.create_staff("desk", "窗口乙", password=PASSWORD, second_factor=False).ref
        identity.assign_post(desk, ready.office("police"), "窗口", ["desk"])
    hall.accept(identity.actor_for(desk), work)
    with system():
        work = hall.open_work(case.ref)[0][0]
        before = registers.find("population", id_number=OTHER)
    hall.decide(ready.stranger, work, Outcome.GRANT, "已核实")
    with system():
        own, other = registers.find("population", id_number=NUMBER), registers.find("population", id_number=OTHER)
    assert own is not None
    assert (own.values["phone"], own.version, own.source) == ("13800138555", 2, "hall:correction")
    assert other == before


def test_open_cases_hold_an_account(ready: Town, run_jobs: Callable[[], int]) -> None:
    applicant = Applicant(ready.founder.person, ready.founder.name)
    hall.submit(ready.founder, "enterprise_registration", applicant, ANSWERS, papers(ready.founder), nonce="open")
    case = handed_in(ready.founder, "account_closing", {"understood": "yes"}, run_jobs)
    assert case.state == CaseState.REFUSED
    assert identity.person(ready.founder.person).active


def test_an_account_is_closed_where_nothing_holds_it(ready: Town, run_jobs: Callable[[], int]) -> None:
    case = handed_in(ready.second, "account_closing", {"understood": "yes"}, run_jobs)
    assert case.state == CaseState.GRANTED
    assert not identity.person(ready.second.person).active
