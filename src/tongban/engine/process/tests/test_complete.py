"""Completing tasks: once, by one person, on the version they saw; incidents and errors lose nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction

from tongban.base.kernel.api import NotFound, Ref, Refused, Stale, new_id
from tongban.engine.process import api
from tongban.engine.process.data import ProcessError

Draw = Callable[..., bytes]
ASK = '<startEvent id="s"/><userTask id="ask" name="Ask" tongban:limit="3" tongban:form="f"/><endEvent id="e"/>'


@pytest.fixture
def subject() -> Ref:
    return Ref("hall.case", new_id())


def begin(xml: bytes, subject: Ref, key: str = "p", **variables: object) -> api.CaseState:
    return api.start(api.publish(key, xml), subject, variables)


@pytest.mark.django_db
def test_a_task_shows_what_the_diagram_says(draw: Draw, subject: Ref) -> None:
    (task,) = begin(draw(ASK, "s -> ask", "ask -> e"), subject).open
    assert (task.name, task.limit, task.unit, task.form, task.office) == ("Ask", 3, "workday", "f", None)
    assert (task.status, task.version, task.subject, task.loop_index) == ("open", 1, subject, None)


@pytest.mark.django_db
def test_a_completed_task_is_not_completed_again(draw: Draw, subject: Ref) -> None:
    state = begin(draw(ASK, "s -> ask", "ask -> e"), subject)
    after = api.complete(state.open[0].id, {"outcome": "grant"}, by=Ref("identity.person", "p1"))
    assert (after.status, after.ended_at_elements) == ("completed", ("e",))
    with pytest.raises(Refused):
        api.complete(state.open[0].id, {"outcome": "refuse"})
    assert api.state(subject) == after
    with pytest.raises(NotFound):
        api.complete("nothing")


@pytest.mark.django_db
def test_a_version_that_moved_is_stale(draw: Draw, subject: Ref) -> None:
    state = begin(draw(ASK, "s -> ask", "ask -> e"), subject)
    with pytest.raises(Stale):
        api.complete(state.open[0].id, version=7)
    assert api.state(subject) == state
    assert api.complete(state.open[0].id, version=1).status == "completed"


@pytest.mark.django_db
def test_no_true_condition_is_an_incident_that_can_be_retried(draw: Draw, subject: Ref) -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="x"/><endEvent id="a"/><endEvent id="b"/>'
    xml = draw(body, "s -> x", "x -> a if amount > 10", "x -> b if amount < 5")
    state = begin(xml, subject, amount=7)
    assert (state.status, state.incidents[0].element) == ("failed", "x")
    assert api.retry(subject, {"amount": 3}).ended_at_elements == ("b",)
    with pytest.raises(Refused):
        api.retry(subject)


@pytest.mark.django_db
def test_a_verb_runs_once_and_its_failure_is_an_incident(draw: Draw, subject: Ref, verb: Callable[..., None]) -> None:
    calls: list[dict[str, object]] = []

    def work(who: Ref, variables: dict[str, object]) -> dict[str, object]:
        calls.append(variables)
        if variables.get("broken"):
            raise RuntimeError("no line")
        return {"number": 12}

    verb("test.number", work)
    body = '<startEvent id="s"/><serviceTask id="v" tongban:verb="test.number"/><endEvent id="e"/>'
    state = begin(draw(body, "s -> v", "v -> e"), subject, broken=True)
    assert (state.status, state.incidents[0].element) == ("failed", "v")
    state = api.retry(subject, {"broken": False})
    assert (state.status, state.variables["number"], len(calls)) == ("completed", 12, 2)


@pytest.mark.django_db
def test_an_error_of_a_verb_goes_to_its_boundary_event(draw: Draw, subject: Ref, verb: Callable[..., None]) -> None:
    def refuse(who: Ref, variables: dict[str, object]) -> None:
        raise ProcessError("clash")

    verb("test.refuse", refuse)
    body = (
        '<startEvent id="s"/><serviceTask id="v" tongban:verb="test.refuse"/><endEvent id="e"/><endEvent id="c"/>'
        '<boundaryEvent id="b" attachedToRef="v"><errorEventDefinition errorRef="x"/></boundaryEvent>'
    )
    xml = draw(body, "s -> v", "v -> e", "b -> c", more='<error id="x" errorCode="clash"/>')
    assert begin(xml, subject).ended_at_elements == ("c",)


@pytest.mark.django_db
def test_an_unknown_verb_is_refused_with_element_and_line(draw: Draw) -> None:
    xml = draw('<startEvent id="s"/>\n<serviceTask id="v" tongban:verb="no.such"/>', "s -> v")
    (finding,) = api.check(xml)
    assert (finding.element, finding.line, finding.kind) == ("v", 3, "refused")
    assert "no.such" in finding.reason


@pytest.mark.django_db
def test_cancelling_closes_everything_once(draw: Draw, subject: Ref) -> None:
    state = begin(draw(ASK, "s -> ask", "ask -> e"), subject)
    after = api.cancel(subject, "withdrawn")
    assert (after.status, after.open, api.tasks(subject)[0].status) == ("cancelled", (), "cancelled")
    for verb in (lambda: api.cancel(subject, "again"), lambda: api.complete(state.open[0].id)):
        with pytest.raises(Refused):
            verb()


@pytest.mark.django_db
def test_messages_are_taken_by_who_waits_or_start_a_process(draw: Draw, subject: Ref) -> None:
    message = '<messageEventDefinition messageRef="m"/>'
    body = (
        f'<startEvent id="s">{message}</startEvent><receiveTask id="r" messageRef="n"/><endEvent id="e"/>'
        '<userTask id="t"/>'
    )
    more = '<message id="m" name="paid"/><message id="n" name="delivered"/>'
    api.publish("by_message", draw(body, "s -> r", "r -> t", "t -> e", more=more))
    assert api.deliver("paid", subject, {"sum": 4}).status == "running"
    with pytest.raises(Refused):
        api.deliver("unheard", subject)
    state = api.deliver("delivered", subject)
    assert ([t.element for t in state.open], state.variables) == (["t"], {"sum": 4})


@pytest.mark.django_db
def test_variables_keep_their_types(draw: Draw, subject: Ref) -> None:
    """Dates are compared as dates and amounts as decimals, also after a rest in the database."""
    body = ASK.replace('<endEvent id="e"/>', '<exclusiveGateway id="x"/><endEvent id="e"/><endEvent id="n"/>')
    condition = 'born + duration("P60Y") <= day and capital * 2 = 0.3 and notice > duration("P1D")'
    xml = draw(body, "s -> ask", "ask -> x", f"x -> e if {condition}", "x => n")
    given = {"born": date(1966, 11, 2), "capital": Decimal("0.15"), "notice": timedelta(days=2)}
    state = begin(xml, subject, **given)
    assert state.variables == given
    after = api.complete(state.open[0].id, {"day": date(2026, 11, 2)})
    assert after.ended_at_elements == ("e",)


@pytest.mark.django_db
def test_variables_stay_small(draw: Draw, subject: Ref) -> None:
    from tongban.base.kernel.api import Invalid

    state = begin(draw(ASK, "s -> ask", "ask -> e"), subject)
    with pytest.raises(Invalid), transaction.atomic():
        api.complete(state.open[0].id, {"case": "x" * 20_000})
    assert api.state(subject) == state


@pytest.mark.django_db
def test_published_definitions_cannot_be_changed(draw: Draw) -> None:
    """R15: the same content is the same reference, and the database refuses to change a published row."""
    from django.db import DatabaseError

    xml = draw(ASK, "s -> ask", "ask -> e")
    assert api.publish("fixed", xml) == api.publish("fixed", xml) == api.definition("fixed")
    for change in ("UPDATE process_definition SET key = 'other'", "DELETE FROM process_definition"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    other = api.publish("fixed", xml.replace(b'name="Ask"', b'name="Ask again"'))
    assert api.definition("fixed") == other != api.publish("fixed", xml) == api.definition("fixed")


@pytest.mark.django_db
def test_a_called_process_is_bound_when_the_caller_is_published(draw: Draw, subject: Ref) -> None:
    caller = draw(
        '<startEvent id="s"/><callActivity id="c" calledElement="inner"/><endEvent id="e"/>', "s -> c", "c -> e"
    )
    assert [f.element for f in api.check(caller)] == ["c"]
    api.publish("inner", draw(ASK, "s -> ask", "ask -> e", key="inner"))
    state = begin(caller, subject, "outer")
    api.publish("inner", draw('<startEvent id="s"/><endEvent id="e"/>', "s -> e", key="inner"))
    assert [t.element for t in state.open] == ["ask"]
    assert api.complete(state.open[0].id).ended_at_elements == ("e",)


@pytest.mark.django_db
def test_a_shared_process_is_called_by_its_name(draw: Draw, subject: Ref) -> None:
    body = '<startEvent id="s"/><callActivity id="c" calledElement="parallel_all"/>'
    body += '<endEvent id="e"/><userTask id="t"/>'
    xml = draw(body, "s -> c", "c -> t", "t -> e")
    assert api.check(xml) == []
    state = begin(xml, subject, offices=["a", "b"])
    assert [t.office for t in state.open] == ["a", "b"]
    state = api.complete(api.complete(state.open[0].id, {"outcome": "grant"}).open[0].id, {"outcome": "grant"})
    assert ([t.element for t in state.open], state.variables["answer"]) == (["t"], "grant")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_complete_the_same_task_one_wins(draw: Draw, subject: Ref) -> None:
    state = begin(draw(ASK, "s -> ask", "ask -> e"), subject, "race")
    answers: list[str] = []
    gate = threading.Barrier(8)

    def work() -> None:
        try:
            gate.wait(5)
            api.complete(state.open[0].id, {"outcome": "grant"})
            answers.append("won")
        except Refused:
            answers.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["refused"] * 7 + ["won"]
    assert [t.status for t in api.tasks(subject)] == ["done"]


@pytest.mark.django_db(transaction=True)
def test_parallel_tasks_completed_at_once_all_count(subject: Ref) -> None:
    state = api.start("shared:parallel_all", subject, {"offices": [f"o{n}" for n in range(6)]})
    errors: list[Exception] = []

    def work(task: str) -> None:
        try:
            api.complete(task, {"outcome": "grant"})
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(t.id,)) for t in state.open]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    after = api.state(subject)
    assert errors == []
    assert (after.status, len(after.variables["outcomes"]), after.variables["answer"]) == ("completed", 6, "grant")
