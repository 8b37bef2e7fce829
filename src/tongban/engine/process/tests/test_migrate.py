"""Moving running instances to another version: planned, checked, never by itself (R15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongban.base.kernel.api import Invalid, Ref, Refused, Stale, new_id
from tongban.engine.process import api

pytestmark = pytest.mark.django_db
Draw = Callable[..., bytes]
FIRST = '<startEvent id="s"/><userTask id="a" name="A"/><userTask id="b"/><endEvent id="e"/>'
SECOND = '<startEvent id="s"/><userTask id="a2" name="A2"/><userTask id="c"/><endEvent id="e"/><manualTask id="m"/>'


@pytest.fixture
def subject() -> Ref:
    return Ref("hall.case", new_id())


def test_a_running_instance_keeps_its_version_until_it_is_moved(draw: Draw, subject: Ref) -> None:
    old = api.publish("p", draw(FIRST, "s -> a", "a -> b", "b -> e"))
    state = api.start("p", subject)
    new = api.publish("p", draw(SECOND, "s -> a2", "a2 -> c", "c -> e"))
    assert api.state(subject).definition == old
    task = state.open[0]
    moved = api.migrate(subject, new, {"a": "a2"})
    assert (moved.definition, [(t.id, t.element, t.name) for t in moved.open]) == (new, [(task.id, "a2", "A2")])
    with pytest.raises(Stale):
        api.complete(task.id, version=task.version)
    assert [t.element for t in api.complete(task.id).open] == ["c"]
    assert api.picture(subject).done == ("a2", "s")


def test_a_plan_names_what_is_in_the_way_and_changes_nothing(draw: Draw, subject: Ref) -> None:
    api.publish("p", draw(FIRST, "s -> a", "a -> b", "b -> e"))
    before = api.start("p", subject)
    new = api.publish("p", draw(SECOND, "s -> a2", "a2 -> c", "c -> e"))
    problems = {m.element: bool(m.problem) for m in api.migration_plan(subject, new)}
    assert problems == {"p": False, "a": True}
    assert [m.problem for m in api.migration_plan(subject, new, {"a": "a2"})] == ["", ""]
    for mapping in ({}, {"a": "m"}, {"a": "nowhere"}):
        with pytest.raises(Invalid):
            api.migrate(subject, new, mapping)
    assert api.state(subject) == before


def test_an_ended_instance_is_not_moved(draw: Draw, subject: Ref) -> None:
    ref = api.publish("p", draw(FIRST, "s -> a", "a -> e"))
    api.complete(api.start(ref, subject).open[0].id)
    with pytest.raises(Refused):
        api.migrate(subject, ref)


def test_timers_move_with_their_activity(draw: Draw, subject: Ref) -> None:
    timer = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
    bound = '<boundaryEvent id="{}" attachedToRef="a">' + timer + '</boundaryEvent><userTask id="late"/>'
    old = draw(FIRST + bound.format("t"), "s -> a", "a -> e", "t -> late")
    new = draw(FIRST + bound.format("t2"), "s -> a", "a -> e", "t2 -> late")
    state = api.start(api.publish("p", old), subject)
    ref = api.publish("p", new)
    with pytest.raises(Invalid):
        api.migrate(subject, ref)
    api.migrate(subject, ref, {"t": "t2"})
    from datetime import timedelta

    from tongban.base.kernel.api import travelled

    with travelled(timedelta(days=2)):
        assert api.fire_due() == 1
        assert [t.element for t in api.state(subject).open] == ["late"]
    with pytest.raises(Refused):
        api.complete(state.open[0].id)
