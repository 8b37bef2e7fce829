"""Our engine beside SpiffWorkflow on public models: the same open tasks and awaited messages after each step."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import SHARED, models
from .oracle import Ours, Theirs, graph_of, inputs

FOLDERS = ("bpmn-spiff-tests", "bpmn-bpmnjs-examples")
ENOUGH = 40
EXPLAINED = {
    "event-gateway.bpmn": "the other engine does not list the events after an event-based gateway",
    "noninterrupting-MessageBoundary.bpmn": "it listens once, the standard as long as the activity runs (10.5.4)",
    "parallel_multiinstance_invalid.bpmn": "it demands data objects, which are ignored here",
    "standard_loop_invalid.bpmn": "it stops at a loop without a condition",
    "prescript_postscript_parent.bpmn": "it demands data inputs of the called process",
    "call_activity_level_3.bpmn": "calls itself without end",
}


class TooSlow(Exception):
    """The other engine took too long."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def compare(path: Path) -> str:
    """`same`, why the other engine does not run the model, or where the two differ."""
    graph = graph_of(path)
    if graph is None:
        return "refused"
    verdict = "not run there"
    for root in graph.roots:
        for seed in (1, 2):
            try:
                with at_most(2):
                    theirs = Theirs(path, root, seed, inputs(graph))
            except Exception:
                continue
            found = _side_by_side(Ours(graph, root, seed), theirs, random.Random(seed))
            if found.startswith("differs"):
                return f"{root}: {found}"
            verdict = found if found == "same" else verdict
    return verdict


def _side_by_side(ours: Ours, theirs: Theirs, dice: random.Random) -> str:
    for step in range(20):
        if (ours.open(), ours.messages()) != (theirs.open(), theirs.messages()):
            return f"differs at step {step}: {ours.open()} {ours.messages()} / {theirs.open()} {theirs.messages()}"
        acts = [("complete", e) for e in sorted(ours.open())] + [("deliver", e) for e in sorted(ours.messages())]
        if not acts:
            return "same"
        act, element = dice.choice(acts)
        getattr(ours, act)(element)
        try:
            with at_most(2):
                getattr(theirs, act)(element)
        except Exception:
            return "same" if ours.stopped() else "not run there"
    return "same"


@pytest.mark.skipif(not models(FOLDERS[0]), reason=f"no public models in {SHARED.name} beside the checkout")
def test_the_same_tasks_are_open_after_each_step_on_forty_models() -> None:
    verdicts: dict[str, str] = {}
    for folder in FOLDERS:
        for path in models(folder):
            if path.name not in EXPLAINED:
                verdicts[str(path.relative_to(SHARED))] = compare(path)
    differing = {k: v for k, v in verdicts.items() if "differs" in v}
    assert differing == {}
    assert sum(v == "same" for v in verdicts.values()) >= ENOUGH
