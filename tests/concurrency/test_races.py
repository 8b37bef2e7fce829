"""Many at once through the hall's front door: one effect, and a clear answer for all the others (T36, R8, R11)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.base.calendars.data import Procedure
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, TongbanError
from tongban.base.ledger import api as ledger
from tongban.data.licences import api as licences
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import acting
from tongban.trust.identity.data import Actor
from tongban.work.hall import api as hall
from tongban.work.hall.actions.claims import claim
from tongban.work.hall.data import CaseState, Outcome, Submitted

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50


@pytest.fixture
def town(transactional_db: None) -> Town:
    from django.db import transaction

    with transaction.atomic():
        return build_town()


def at_once(works: list[Callable[[], Any]], width: int = 10) -> list[Any]:
    """Run all at the same moment, each on a connection of its own, `width` at a time; results or refusals."""
    results: list[Any] = [None] * len(works)
    gate, seats = threading.Barrier(min(width, len(works))), threading.Semaphore(width)

    def run(place: int) -> None:
        with seats:
            if place < gate.parties:
                gate.wait(20)
            try:
                results[place] = works[place]()
            except TongbanError as refusal:
                results[place] = refusal
            finally:
                connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def as_(actor: Actor, verb: Callable[[], Any]) -> Callable[[], Any]:
    """As a page does it: inside the actor's own transaction."""

    def run() -> Any:
        with acting(actor):
            return verb()

    return run


def ready_draft(actor: Actor, **changes: Any) -> str:
    draft = hall.open_draft(actor, "enterprise_registration")
    hall.save_draft(actor, draft.public_id, {**ANSWERS, **changes})
    type(draft).objects.filter(pk=draft.pk).update(papers=papers(actor))
    return draft.public_id


def handed_in(town: Town, **changes: Any) -> Submitted:
    return hall.submit_draft(town.founder, ready_draft(town.founder, **changes))


def accepted(town: Town) -> Submitted:
    done = handed_in(town)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    return done


def work_of(done: Submitted, town: Town, role: str) -> Ref:
    return next(work for work, office, _kind in hall.open_work(done.case) if office == town.office(role))


def leaves(done: Submitted) -> Counter[str]:
    return Counter(entry.kind for entry in ledger.history(done.case))


def test_t36_fifty_submits_of_one_draft_make_one_case(town: Town) -> None:
    draft = ready_draft(town.founder)
    results = at_once([as_(town.founder, lambda: hall.submit_draft(town.founder, draft))] * MANY)
    assert {getattr(result, "case", result) for result in results} == {results[0].case}
    assert sum(bool(result.query_code) for result in results) == 1
    assert leaves(results[0])["hall.case.submitted"] == 1
    assert leaves(results[0])["documents.document.requested"] == 1


def test_t36_fifty_decisions_on_one_task_make_one(town: Town) -> None:
    done = accepted(town)
    work, officer = work_of(done, town, "commerce"), town.approvers["commerce"]
    verbs = [as_(officer, lambda n=n: hall.decide(officer, work, Outcome.GRANT, f"同意 {n}")) for n in range(MANY)]
    results = at_once(verbs)
    refused = [result for result in results if isinstance(result, Refused)]
    assert (len(refused), {refusal.code for refusal in refused}) == (MANY - 1, {"done"})
    assert leaves(done)["hall.case.decided"] == 1
    assert len(hall.open_work(done.case)) == 2


def test_a_second_decision_is_refused_and_changes_nothing(town: Town) -> None:
    done = accepted(town)
    work = work_of(done, town, "commerce")
    hall.decide(town.approvers["commerce"], work, Outcome.GRANT, "同意")
    before = leaves(done)
    with pytest.raises(Refused):
        hall.decide(town.approvers["commerce"], work, Outcome.REFUSE, "不同意")
    assert leaves(done) == before


def test_the_last_two_offices_at_once_issue_one_licence(town: Town) -> None:
    done = accepted(town)
    hall.decide(town.approvers["commerce"], work_of(done, town, "commerce"), Outcome.GRANT, "同意")
    last = [(town.approvers[role], work_of(done, town, role)) for role in ("quality", "tax")]
    verbs = [as_(who, lambda who=who, work=work: hall.decide(who, work, Outcome.GRANT, "同意")) for who, work in last]
    assert not [result for result in at_once(verbs) if isinstance(result, TongbanError)]
    view = hall.case_view_of(done.case)
    assert view.state == CaseState.GRANTED
    assert leaves(done)["hall.case.granted"] == 1
    assert licences.verify(view.licence).status == "valid"
    assert len(registers.page("legal_entity").rows) == 1


def test_r11_a_stale_draft_is_told_what_changed_and_nothing_is_lost(town: Town) -> None:
    draft = hall.open_draft(town.founder, "enterprise_registration")
    seen = draft.version
    hall.save_draft(town.founder, draft.public_id, {"scope": "在手机上写的"}, version=seen)
    with pytest.raises(Stale) as stale:
        hall.save_draft(town.founder, draft.public_id, {"scope": "在电脑上写的"}, version=seen)
    assert stale.value.status == 409
    assert stale.value.changes["scope"] == ("在电脑上写的", "在手机上写的")
    draft.refresh_from_db()
    assert draft.answers["scope"] == "在手机上写的"


def test_r11_of_many_devices_with_one_version_one_saves(town: Town) -> None:
    draft = hall.open_draft(town.founder, "enterprise_registration")
    verbs = [
        as_(
            town.founder,
            lambda n=n: hall.save_draft(town.founder, draft.public_id, {"staff": n}, version=draft.version),
        )
        for n in range(20)
    ]
    results = at_once(verbs)
    assert sum(isinstance(result, Stale) for result in results) == 19


def test_two_applicants_for_one_name_make_one_case(town: Town) -> None:
    drafts = [(who, ready_draft(who)) for who in (town.founder, town.second)]
    results = at_once([as_(who, lambda who=who, draft=draft: hall.submit_draft(who, draft)) for who, draft in drafts])
    refused = [result for result in results if isinstance(result, Invalid)]
    assert len(refused) == 1
    assert set(refused[0].errors) == {"name"}
    winners = [result for result in results if isinstance(result, Submitted)]
    assert len(winners) == 1
    assert hall.open_draft(town.second, "enterprise_registration").public_id  # the loser can go on


def test_one_task_is_claimed_by_one(town: Town) -> None:
    done = handed_in(town)
    work = work_of(done, town, "commerce")
    people = [town.clerk, town.approvers["commerce"]]
    results = at_once([as_(who, lambda who=who: claim(who, [work.id], seen={work.id: ""})) for who in people * 10])
    assert sum(results) == 1
    kinds = [entry.kind for entry in ledger.history(work)]
    assert kinds == ["hall.work.claimed"]


def test_withdrawing_against_deciding_has_one_winner(town: Town) -> None:
    for _round in range(4):
        done = accepted(town)
        officer, work = town.approvers["commerce"], work_of(done, town, "commerce")
        results = at_once(
            [
                as_(town.founder, lambda done=done: hall.withdraw(town.founder, done.case, "改主意了")),
                as_(officer, lambda officer=officer, work=work: hall.decide(officer, work, Outcome.REFUSE, "不同意")),
            ]
        )
        assert all(not isinstance(r, TongbanError) or isinstance(r, (Refused, NotFound)) for r in results)
        view, told = hall.case_view_of(done.case), leaves(done)
        assert view.state.ended or view.state == CaseState.HANDLING
        assert told["hall.case.withdrawn"] + told["hall.case.refused"] == int(view.state.ended)
        assert bool(hall.open_work(done.case)) == (not view.state.ended)
        if not view.state.ended:
            hall.withdraw(town.founder, done.case)


def test_fifty_withdrawals_end_a_case_once(town: Town) -> None:
    done = accepted(town)
    results = at_once([as_(town.founder, lambda: hall.withdraw(town.founder, done.case))] * 20)
    assert sum(isinstance(result, Refused) for result in results) == 19
    assert leaves(done)["hall.case.withdrawn"] == 1


def test_suspending_twice_at_once_opens_one_suspension(town: Town) -> None:
    done = accepted(town)
    officer, work = town.approvers["commerce"], work_of(done, town, "commerce")
    stop = as_(officer, lambda: hall.suspend(officer, work, Procedure.HEARING, "听证"))
    results = at_once([stop] * 10)
    assert sum(isinstance(result, Refused) for result in results) == 9
    assert leaves(done)["hall.case.suspended"] == 1
    assert hall.case_view_of(done.case).state == CaseState.SUSPENDED
    go_on = as_(officer, lambda: hall.resume(officer, work, "听证结束"))
    results = at_once([go_on] * 10)
    assert sum(isinstance(result, Refused) for result in results) == 9
    assert leaves(done)["hall.case.resumed"] == 1
    assert hall.case_view_of(done.case).state == CaseState.HANDLING


def test_suspending_against_deciding_keeps_the_state_whole(town: Town) -> None:
    done = accepted(town)
    officer, work = town.approvers["commerce"], work_of(done, town, "commerce")
    results = at_once(
        [
            as_(officer, lambda: hall.suspend(officer, work, Procedure.HEARING, "听证")),
            as_(officer, lambda: hall.decide(officer, work, Outcome.GRANT, "同意")),
        ]
    )
    assert sum(isinstance(result, Refused) for result in results) == 1
    suspended = hall.case_view_of(done.case).state == CaseState.SUSPENDED
    assert leaves(done)["hall.case.suspended"] == int(suspended)
    assert leaves(done)["hall.case.decided"] == int(not suspended)
