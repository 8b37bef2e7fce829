"""The six shared processes, driven the way the hall drives them: start, complete, read the answer."""

from __future__ import annotations

import pytest

from tongban.base.kernel.api import Ref, Refused, new_id
from tongban.engine.process import api
from tongban.engine.process.data import CaseState, Status, Task

pytestmark = pytest.mark.django_db
OFFICES = ["工商局", "质监局", "税务局"]


@pytest.fixture
def subject() -> Ref:
    return Ref("hall.case", new_id())


def begin(name: str, subject: Ref, **variables: object) -> CaseState:
    return api.start(f"shared:{name}", subject, variables)


def decide(task: Task, outcome: str = "grant", opinion: str = "") -> CaseState:
    return api.complete(task.id, {"outcome": outcome, "opinion": opinion})


def offices(state: CaseState) -> list[str | None]:
    return [task.office for task in state.open]


@pytest.mark.parametrize("name", list(api.shared()))
def test_every_shared_process_is_accepted(name: str) -> None:
    assert api.check(api.shared()[name]) == []


def test_parallel_all_opens_a_task_for_each_office_and_grants_when_all_do(subject: Ref) -> None:
    state = begin("parallel_all", subject, offices=OFFICES)
    assert offices(state) == OFFICES
    for task in state.open:
        assert state.status is Status.RUNNING
        state = decide(task, opinion="同意")
    assert (state.status, state.variables["answer"], state.ended_at_elements) == (
        "completed",
        "grant",
        ("granted",),
    )
    assert state.variables["outcomes"] == [
        {"office": office, "outcome": "grant", "opinion": "同意"} for office in OFFICES
    ]
    assert state == api.state(subject)


def test_parallel_all_hears_everybody_and_refuses_when_one_does(subject: Ref) -> None:
    state = begin("parallel_all", subject, offices=OFFICES)
    first, second, third = state.open
    assert len(decide(second, "refuse").open) == 2
    decide(first)
    state = decide(third)
    assert (state.status, state.variables["answer"]) == ("completed", "refuse")
    assert [o["outcome"] for o in state.variables["outcomes"]] == ["refuse", "grant", "grant"]


def test_first_refusal_closes_the_other_tasks(subject: Ref) -> None:
    first, second, third = begin("parallel_first_refusal", subject, offices=OFFICES).open
    decide(first)
    state = decide(second, "refuse")
    assert (state.status, state.variables["answer"], state.open) == ("completed", "refuse", ())
    assert [t.status for t in api.tasks(subject)] == ["done", "done", "cancelled"]
    with pytest.raises(Refused):
        decide(third)
    assert api.state(subject) == state


def test_serial_asks_one_office_after_the_other(subject: Ref) -> None:
    state = begin("serial", subject, offices=OFFICES)
    for office in OFFICES:
        assert offices(state) == [office]
        state = decide(state.open[0])
    assert state.variables["answer"] == "grant"


def test_nobody_asked_grants_nothing(subject: Ref) -> None:
    state = begin("parallel_all", subject, offices=[])
    assert (state.status, state.variables["answer"]) == ("completed", "refuse")


def test_countersign_goes_back_to_the_drafting_office_until_all_agree(subject: Ref) -> None:
    state = begin("countersign", subject, office="办公室", offices=OFFICES[:2])
    assert offices(state) == ["办公室"]
    state = decide(state.open[0])
    assert offices(state) == OFFICES[:2]
    state = decide(decide(state.open[0], "refuse", "缺依据").open[0])
    assert [(t.element, t.office) for t in state.open] == [("revise", "办公室")]
    state = decide(state.open[0])
    assert offices(state) == OFFICES[:2]
    state = decide(decide(state.open[0]).open[0])
    assert [t.element for t in state.open] == ["conclude"]
    assert decide(state.open[0]).variables["answer"] == "grant"


def test_document_out_returns_to_the_drafter_and_reaches_dispatch(subject: Ref) -> None:
    state = begin("document_out", subject, office="秘书处", signer="主任室", registry="文书科", offices=[])
    passed = []
    for outcome in ("", "refuse", "", "grant", "grant", "", ""):
        passed.append((state.open[0].element, state.open[0].office))
        state = decide(state.open[0], outcome)
    assert passed == [
        ("draft", "秘书处"),
        ("review", "秘书处"),
        ("draft", "秘书处"),
        ("review", "秘书处"),
        ("sign", "主任室"),
        ("number", "文书科"),
        ("dispatch", "文书科"),
    ]
    assert (state.status, state.variables["answer"]) == ("completed", "grant")


def test_document_in_reminds_without_interrupting(subject: Ref) -> None:
    state = begin("document_in", subject, office="办公室", offices=["农业局", "水利局"], days=5)
    for _ in range(3):
        state = decide(state.open[0])
    assert offices(state) == ["农业局", "水利局"]
    state = decide(decide(state.open[0]).open[0])
    assert [t.element for t in state.open] == ["file"]
    assert decide(state.open[0]).status is Status.COMPLETED


def test_the_picture_shows_where_the_case_stands(subject: Ref) -> None:
    state = begin("parallel_all", subject, offices=OFFICES)
    xml, lit, done = api.picture(subject)
    assert (lit, done) == (("decide",), ("begin",))
    assert "BPMNShape" in xml
    for task in state.open:
        decide(task)
    assert api.picture(subject).done == ("agreed", "begin", "decide", "granted")
