"""The main job through the hall's front door: one application, several departments, one answer (SCN-01, SVC-04)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ANSWERS, Town, papers
from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Refused, today
from tongban.base.ledger import api as ledger
from tongban.data.licences import api as licences
from tongban.engine.registers import api as registers
from tongban.trust.identity.data import Actor
from tongban.work.hall import api as hall
from tongban.work.hall.data import CaseState, ItemDraft, Outcome, Submitted

pytestmark = pytest.mark.django_db


def submit(actor: Actor, **changes: Any) -> Submitted:
    answers = {**ANSWERS, **changes}
    return hall.submit(
        actor, "enterprise_registration", hall.applicant_of(actor), answers, papers(actor), nonce=f"n-{answers['name']}"
    )


def work_of(done: Submitted, town: Town, role: str) -> Any:
    return next(work for work, office, _kind in hall.open_work(done.case) if office == town.office(role))


def decide(town: Town, done: Submitted, role: str, outcome: Outcome = Outcome.GRANT) -> None:
    hall.decide(town.approvers[role], work_of(done, town, role), outcome, "经审查，同意。")


def test_all_agree_one_licence_and_a_new_legal_entity(town: Town) -> None:
    done = submit(town.founder)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    view = hall.case_view_of(done.case)
    assert view.state == CaseState.HANDLING
    assert [h.office for h in view.holders] == ["海口市市场监督管理局"]
    assert view.due and view.due_why
    decide(town, done, "commerce")
    view = hall.case_view_of(done.case)
    assert {h.office for h in view.holders} == {"海口市质量技术监督局", "海口市税务局"}
    decide(town, done, "tax")
    assert hall.case_view_of(done.case).state == CaseState.HANDLING
    decide(town, done, "quality")
    view = hall.case_view_of(done.case)
    assert view.state == CaseState.GRANTED
    assert view.holders == ()
    assert licences.verify(view.licence).status == "valid"
    row = registers.find("legal_entity", uscc=view.licence)
    assert row and row.values["name"] == ANSWERS["name"]
    kinds = [entry.kind for entry in ledger.history(done.case) if entry.kind.startswith("hall.case")]
    assert kinds == [
        "hall.case.submitted",
        "hall.case.accepted",
        *["hall.case.decided"] * 3,
        "hall.case.granted",
    ]


def test_svc09_a_case_keeps_the_limits_of_the_wording_it_was_handed_in_under(town: Town) -> None:
    before = hall.item("enterprise_registration")
    earlier = submit(town.founder)
    hall.publish([ItemDraft(before.key, {**before.fields, "promise_day": before.promise_day + 4})])
    later = submit(town.founder, name="海口晚到贸易有限公司")
    for done, days in ((earlier, before.promise_day), (later, before.promise_day + 4)):
        hall.accept(town.clerk, work_of(done, town, "commerce"))
        assert hall.case_view_of(done.case).due == calendars.due(today(), days).date


def test_one_refusal_refuses_and_nothing_is_registered(town: Town) -> None:
    done = submit(town.founder)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    decide(town, done, "commerce")
    decide(town, done, "tax", Outcome.REFUSE)
    decide(town, done, "quality")
    view = hall.case_view_of(done.case)
    assert (view.state, view.licence) == (CaseState.REFUSED, "")
    assert registers.page("legal_entity").rows == ()


def test_t36_the_same_nonce_makes_one_case(town: Town) -> None:
    first, second = submit(town.founder), submit(town.founder)
    assert first.case == second.case
    assert (bool(first.query_code), second.query_code) == (True, "")


def test_a_name_that_somebody_else_applies_for_is_refused_with_the_reason(town: Town) -> None:
    submit(town.founder)
    with pytest.raises(Invalid) as refused:
        submit(town.second)
    assert "name" in refused.value.errors


def test_t4_nobody_decides_a_case_they_accepted(town: Town) -> None:
    done = submit(town.founder)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    both = Actor(
        **{f: getattr(town.approvers["commerce"], f) for f in Actor.__dataclass_fields__}
        | {"person": town.clerk.person}
    )
    with pytest.raises(Refused):
        hall.decide(both, work_of(done, town, "commerce"), Outcome.GRANT, "同意")
    assert hall.case_view_of(done.case).holders[0].office == "海口市市场监督管理局"


def test_t13_an_office_that_has_nothing_to_do_with_a_case_finds_none(town: Town) -> None:
    done = submit(town.founder)
    with pytest.raises(NotFound):
        hall.accept(town.stranger, work_of(done, town, "commerce"))
    assert hall.case_view_of(done.case).state == CaseState.SUBMITTED


def test_a_task_is_decided_once(town: Town) -> None:
    done = submit(town.founder)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    work = work_of(done, town, "commerce")
    hall.decide(town.approvers["commerce"], work, Outcome.GRANT, "同意")
    with pytest.raises(Refused):
        hall.decide(town.approvers["commerce"], work, Outcome.REFUSE, "不同意")
    assert len(hall.case_view_of(done.case).holders) == 2
