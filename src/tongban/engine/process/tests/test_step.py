"""The semantics, in memory: gateways, joins, scopes, instances, interruptions. Sections are those of BPMN 2.0.2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tongban.engine.process.compile import read
from tongban.engine.process.feel import FeelJudge
from tongban.engine.process.model import Graph
from tongban.engine.process.step import Step, advance, waits
from tongban.engine.process.stimuli import Begin, Complete, Fire, Throw
from tongban.engine.process.tokens import State

Draw = Callable[..., bytes]


class Run:
    """An instance in memory, named by elements."""

    def __init__(self, xml: bytes, **variables: Any) -> None:
        reading = read(xml)
        assert reading.graph is not None
        assert reading.findings == ()
        self.graph: Graph = reading.graph
        self.state = State(variables=variables)
        self.judge = FeelJudge(datetime(2026, 1, 1, tzinfo=UTC))
        self.take(Begin(self.graph.main[0]))

    def take(self, stimulus: Any) -> None:
        before = self.state.dump()
        later, _effects = advance(self.graph, self.state, stimulus, self.judge)
        assert self.state.dump() == before  # a step is a function: what it was given stays as it was
        self.state = State.load(later.dump(), later.variables, later.status)
        assert self.state.dump() == later.dump()

    def open(self) -> list[str]:
        return sorted(w.node.id for w in waits(self.graph, self.state) if w.kind == "task")

    def _token(self, element: str, *kinds: str) -> int:
        return next(w.token for w in waits(self.graph, self.state) if w.node.id == element and w.kind in kinds)

    def done(self, element: str, **variables: Any) -> Run:
        self.take(Complete(self._token(element, "task", "call"), variables))
        return self

    def event(self, element: str, **variables: Any) -> Run:
        self.take(Fire(self._token(element, "message", "timer"), element, variables))
        return self

    @property
    def ended(self) -> tuple[str, list[str]]:
        return self.state.status, self.state.ended


def users(*names: str) -> str:
    return "".join(f'<userTask id="{name}"/>' for name in names)


def test_a_parallel_join_takes_one_token_from_each_flow(draw: Draw) -> None:
    body = f'<startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="j"/><endEvent id="e"/>{users("a", "b")}'
    run = Run(draw(body, "s -> g", "g -> a", "g -> b", "a -> j", "b -> j", "j -> e"))
    assert run.open() == ["a", "b"]
    assert run.done("a").open() == ["b"]
    assert run.done("b").ended == ("completed", ["e"])


def test_flows_that_merge_without_a_gateway_each_go_on(draw: Draw) -> None:
    body = f'<startEvent id="s"/><endEvent id="e"/>{users("a", "b", "c")}'
    run = Run(draw(body, "s -> a", "s -> b", "a -> c", "b -> c", "c -> e"))
    assert run.done("a").done("b").open() == ["c", "c"]
    assert run.done("c").ended[0] == "running"
    assert run.done("c").ended == ("completed", ["e"])


def test_conditions_on_the_flows_of_a_task_split_like_an_inclusive_gateway(draw: Draw) -> None:
    xml = draw(
        f'<startEvent id="s"/>{users("t", "a", "b", "d")}', "s -> t", "t -> a if x > 1", "t -> b if x > 2", "t => d"
    )
    assert Run(xml).done("t", x=3).open() == ["a", "b"]
    assert Run(xml).done("t", x=2).open() == ["a"]
    assert Run(xml).done("t", x=1).open() == ["d"]


def test_an_inclusive_join_waits_for_what_can_still_come_and_no_longer(draw: Draw) -> None:
    """13.4.3: the far branch, two tasks away from the join, is waited for; the one never taken is not."""
    body = f'<startEvent id="s"/><inclusiveGateway id="g"/><inclusiveGateway id="j"/>{users("a", "b", "b2", "c", "z")}'
    flows = ("s -> g", "g -> a if x > 0", "g -> b if x > 1", "g -> c if x > 2")
    xml = draw(body, *flows, "a -> j", "b -> b2", "b2 -> j", "c -> j", "j -> z")
    run = Run(xml, x=2)
    assert run.done("a").open() == ["b"]
    assert run.done("b").open() == ["b2"]
    assert run.done("b2").open() == ["z"]
    assert Run(xml, x=1).done("a").open() == ["z"]


def test_an_inclusive_join_goes_on_when_the_awaited_branch_leaves_elsewhere(draw: Draw) -> None:
    body = (
        '<startEvent id="s"/><parallelGateway id="g"/><exclusiveGateway id="x"/><inclusiveGateway id="j"/>'
        f'<endEvent id="away"/>{users("a", "b", "z")}'
    )
    xml = draw(body, "s -> g", "g -> a", "g -> b", "a -> j", "b -> x", "x -> j if ok", "x => away", "j -> z")
    assert Run(xml).done("a").done("b", ok=False).open() == ["z"]
    assert Run(xml).done("b", ok=True).open() == ["a"]


def test_an_inclusive_join_in_a_circle_does_not_wait_for_itself(draw: Draw) -> None:
    body = f'<startEvent id="s"/><inclusiveGateway id="j"/><exclusiveGateway id="x"/><endEvent id="e"/>{users("a")}'
    xml = draw(body, "s -> j", "j -> a", "a -> x", "x -> j if again", "x => e")
    assert Run(xml).done("a", again=True).done("a", again=False).ended == ("completed", ["e"])


def test_the_first_event_after_an_event_based_gateway_wins(draw: Draw) -> None:
    body = (
        '<startEvent id="s"/><eventBasedGateway id="g"/><endEvent id="paid"/><endEvent id="late"/>'
        '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="x"/></intermediateCatchEvent>'
        '<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>'
        "</intermediateCatchEvent>"
    )
    xml = draw(body, "s -> g", "g -> m", "g -> t", "m -> paid", "t -> late", more='<message id="x" name="pay"/>')
    assert [due for _, _, due in Run(xml).state.timers()] == ["2026-01-04T00:00:00+00:00"]
    assert Run(xml).event("m").ended == ("completed", ["paid"])
    assert Run(xml).event("t").ended == ("completed", ["late"])


def test_terminate_ends_its_own_scope_and_no_more(draw: Draw) -> None:
    inner = (
        f'<subProcess id="sub"><startEvent id="is"/>{users("a", "b")}<endEvent id="stop"><terminateEventDefinition/>'
        '</endEvent><sequenceFlow id="i1" sourceRef="is" targetRef="a"/><sequenceFlow id="i2" sourceRef="is" '
        'targetRef="b"/><sequenceFlow id="i3" sourceRef="a" targetRef="stop"/></subProcess>'
    )
    body = f'<startEvent id="s"/>{inner}{users("other", "next")}'
    run = Run(draw(body, "s -> sub", "s -> other", "sub -> next"))
    assert run.open() == ["a", "b", "other"]
    assert run.done("a").open() == ["next", "other"]
    body = f'<startEvent id="s"/>{users("a", "b")}<endEvent id="stop"><terminateEventDefinition/></endEvent>'
    assert Run(draw(body, "s -> a", "s -> b", "a -> stop")).done("a").ended == ("terminated", ["stop"])


ERROR = (
    '<subProcess id="sub"><startEvent id="is"/><userTask id="a"/><userTask id="b"/><endEvent id="bad">'
    '<errorEventDefinition errorRef="x"/></endEvent><sequenceFlow id="i1" sourceRef="is" targetRef="a"/>'
    '<sequenceFlow id="i2" sourceRef="is" targetRef="b"/><sequenceFlow id="i3" sourceRef="a" targetRef="bad"/>'
    "{loop}</subProcess>"
)
MORE = '<error id="x" errorCode="E1"/><error id="y" errorCode="E2"/>'


def test_an_error_interrupts_the_activity_that_catches_it(draw: Draw) -> None:
    catch = '<boundaryEvent id="c" attachedToRef="sub"><errorEventDefinition errorRef="{}"/></boundaryEvent>'
    body = f'<startEvent id="s"/>{ERROR.format(loop="")}{catch.format("x")}{users("mend", "next")}'
    run = Run(draw(body, "s -> sub", "sub -> next", "c -> mend", more=MORE))
    assert run.done("a").open() == ["mend"]
    body = f'<startEvent id="s"/>{ERROR.format(loop="")}{catch.format("y")}{users("mend", "next")}'
    run = Run(draw(body, "s -> sub", "sub -> next", "c -> mend", more=MORE)).done("a")
    assert (run.state.status, run.state.error) == ("failed", "error E1 was not caught")


def test_an_error_in_one_of_many_instances_interrupts_them_all(draw: Draw) -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>"
    catch = '<boundaryEvent id="c" attachedToRef="sub"><errorEventDefinition/></boundaryEvent>'
    body = f'<startEvent id="s"/>{ERROR.format(loop=loop)}{catch}{users("mend", "next")}'
    run = Run(draw(body, "s -> sub", "sub -> next", "c -> mend", more=MORE))
    assert run.open() == ["a"] * 3 + ["b"] * 3
    assert run.done("b").done("a").open() == ["mend"]


@pytest.mark.parametrize(("interrupts", "after"), [("true", ["late"]), ("false", ["a", "late"])])
def test_a_boundary_timer_interrupts_or_does_not(draw: Draw, interrupts: str, after: list[str]) -> None:
    timer = "<timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition>"
    bound = f'<boundaryEvent id="t" attachedToRef="a" cancelActivity="{interrupts}">{timer}</boundaryEvent>'
    run = Run(draw(f'<startEvent id="s"/>{bound}{users("a", "late", "next")}', "s -> a", "a -> next", "t -> late"))
    assert run.event("t").open() == after
    assert list(run.state.timers()) == []


def test_instances_one_after_another_and_the_completion_condition(draw: Draw) -> None:
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="{}" tongban:collection="offices" tongban:item="office">'
        "<completionCondition>numberOfCompletedInstances >= 2</completionCondition></multiInstanceLoopCharacteristics>"
    )
    body = '<startEvent id="s"/><userTask id="a">{}</userTask><userTask id="z"/>'
    run = Run(draw(body.format(loop.format("true")), "s -> a", "a -> z"), offices=["x", "y", "w"])
    assert [t.local["office"] for t in run.state.tokens.values() if t.owner] == ["x"]
    assert run.done("a").open() == ["a"]
    assert run.done("a").open() == ["z"]
    run = Run(draw(body.format(loop.format("false")), "s -> a", "a -> z"), offices=["x", "y", "w"])
    assert run.open() == ["a", "a", "a"]
    assert run.done("a").done("a").open() == ["z"]
    assert Run(draw(body.format(loop.format("false")), "s -> a", "a -> z"), offices=[]).open() == ["z"]


def test_many_instances_of_a_sub_process_run_side_by_side(draw: Draw) -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>150</loopCardinality></multiInstanceLoopCharacteristics>"
    inner = f'<subProcess id="sub">{loop}<task id="i"/><userTask id="a"/>'
    inner += '<sequenceFlow id="i1" sourceRef="i" targetRef="a"/></subProcess>'
    run = Run(draw(f'<startEvent id="s"/>{inner}{users("z")}', "s -> sub", "sub -> z"))
    assert run.open() == ["a"] * 150
    assert run.state.status == "running"


def test_a_standard_loop_repeats_while_its_condition_holds(draw: Draw) -> None:
    condition = "<loopCondition>again</loopCondition>"
    loop = f'<standardLoopCharacteristics loopMaximum="3">{condition}</standardLoopCharacteristics>'
    xml = draw(f'<startEvent id="s"/><userTask id="a">{loop}</userTask>{users("z")}', "s -> a", "a -> z")
    assert Run(xml).done("a", again=True).done("a", again=False).open() == ["z"]
    assert Run(xml).done("a", again=True).done("a", again=True).done("a", again=True).open() == ["z"]


def test_a_process_that_turns_in_circles_stops_with_an_incident(draw: Draw) -> None:
    body = '<startEvent id="s"/><task id="a"/><exclusiveGateway id="x"/><endEvent id="e"/>'
    run = Run(draw(body, "s -> x", "x -> a if true", "x => e", "a -> x"))
    assert run.state.status == "failed"
    assert "circles" in run.state.incidents()[0].note


def test_without_a_start_event_everything_without_incoming_flow_begins(draw: Draw) -> None:
    """10.5.2: and the process ends where no flow leads on."""
    run = Run(draw(users("a", "b", "c"), "a -> c"))
    assert run.open() == ["a", "b"]
    assert run.done("a").done("b").done("c").ended == ("completed", [])


def test_an_error_of_a_task_is_caught_at_its_boundary(draw: Draw) -> None:
    catch = '<boundaryEvent id="c" attachedToRef="a"><errorEventDefinition errorRef="x"/></boundaryEvent>'
    body = f'<startEvent id="s"/>{catch}{users("a", "mend", "z")}'
    run = Run(draw(body, "s -> a", "a -> z", "c -> mend", more=MORE))
    run.take(Throw(run._token("a", "task"), "E1", {"why": "no line"}))
    assert (run.open(), run.state.variables) == (["mend"], {"why": "no line"})


def test_the_state_of_a_step_is_small(draw: Draw) -> None:
    """G2: at most 2 KB of engine state a step."""
    run = Run(draw(f'<startEvent id="s"/>{users(*"abcdefgh")}', *(f"s -> {x}" for x in "abcdefgh")))
    assert len(str(run.state.dump())) < 600
    assert Step(run.graph, run.state, run.judge).effects == []
