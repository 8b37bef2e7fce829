"""Another engine (SpiffWorkflow, a development dependency) driven beside ours with the same choices.

Conditions are never evaluated: both sides ask `truth`, which answers by the text of the expression, so a model in any
expression language can be compared. Scripts are not executed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.camunda.parser.CamundaParser import CamundaParser
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.util.task import TaskState

from tongban.engine.process.compile import read
from tongban.engine.process.conformance import Shelf
from tongban.engine.process.model import Flow, Graph, Kind, Loop, Node, Scope, Timer
from tongban.engine.process.parse import MODEL
from tongban.engine.process.step import Step, waits
from tongban.engine.process.stimuli import Begin, Complete, Fire, Wait
from tongban.engine.process.tokens import State

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def truth(text: str, seed: int) -> bool:
    """What the condition `text` is in run `seed`."""
    return hashlib.sha256(f"{seed} {' '.join(text.split())}".encode()).digest()[0] % 2 == 1


class Same:
    """Our judge: asks `truth`."""

    patient = True

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def _true(self, flow: Flow) -> bool:
        return truth(flow.rule.text if flow.rule else f"choice {flow.id}", self.seed)

    def exclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> Flow | None:
        return next((f for f in flows if self._true(f)), None)

    def inclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> list[Flow]:
        return [f for f in flows if self._true(f)]

    def items(self, node: Node, loop: Loop, context: Mapping[str, Any]) -> Sequence[Any]:
        return (1, 2)

    def finished(self, loop: Loop, context: Mapping[str, Any]) -> bool:
        return loop.until is not None and truth(loop.until.text, self.seed)

    def again(self, loop: Loop, context: Mapping[str, Any]) -> bool:
        return loop.condition is None or truth(loop.condition.text, self.seed)

    def answer(self, answer: Any, context: Mapping[str, Any]) -> Any:
        return None

    def output(self, loop: Loop, context: Mapping[str, Any]) -> Any:
        return None

    def due(self, timer: Timer, context: Mapping[str, Any], before: Any) -> tuple[datetime, int]:
        return LATER, 0

    def start(self, scope: Scope) -> Sequence[str]:
        return scope.starts


def _way(scope: Scope) -> tuple[str, ...]:
    """Where a run begins: at the none start event, or else at the first start event of any kind."""
    return scope.starts or (scope.entries[0] if scope.entries else ())


class Ours:
    """Our engine in memory."""

    def __init__(self, graph: Graph, root: str, seed: int) -> None:
        self.graph, self.judge, self.state = graph, Same(seed), State()
        self._take(Begin(root, _way(graph.scopes[root])))

    def _take(self, stimulus: Any) -> None:
        step = Step(self.graph, self.state, self.judge)
        step.take(stimulus)
        step.run()
        for wait in waits(self.graph, self.state):
            if wait.kind in ("held", "call") or (wait.kind == "task" and wait.node.kind is Kind.SEND):
                self._take(Complete(wait.token))
                return

    def _waits(self, *kinds: str) -> list[Wait]:
        return [w for w in waits(self.graph, self.state) if w.kind in kinds]

    def open(self) -> Counter[str]:
        return Counter(w.node.id for w in self._waits("task"))

    def messages(self) -> Counter[str]:
        return Counter(w.node.id for w in self._waits("message"))

    def complete(self, element: str) -> None:
        self._take(Complete(next(w.token for w in self._waits("task") if w.node.id == element)))

    def deliver(self, element: str) -> None:
        self._take(Fire(next(w.token for w in self._waits("message") if w.node.id == element), element))

    def stopped(self) -> bool:
        """No condition was true where one has to be."""
        return bool(self.state.incidents())


class _Choices(PythonScriptEngine):
    """Spiff's script engine without scripts."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def evaluate(self, task: Any, expression: Any, external_context: Any = None) -> Any:
        text = str(expression)
        spec = type(task.task_spec).__name__
        if "MultiInstance" in spec and getattr(task.task_spec, "cardinality", None) == expression:
            return 2
        if "PT" in text or "P14D" in text:
            return "P9999D"
        if "date" in text:
            return (datetime.now(UTC) + timedelta(days=9999)).isoformat()
        return truth(text, self.seed)

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        return True

    def call_service(self, context: Any, task: Any = None, **kwargs: Any) -> str:
        return "{}"


class Theirs:
    """SpiffWorkflow."""

    def __init__(self, path: Path, root: str, seed: int, data: Mapping[str, Any]) -> None:
        parser = _parser(path)
        parser.add_bpmn_str(_prepared(path), filename=str(path))
        try:
            spec, subs = parser.get_spec(root), parser.get_subprocess_specs(root)
        except Exception:  # perhaps it calls a process of a file beside it
            parser = _parser(path)
            parser.add_bpmn_str(_prepared(path), filename=str(path))
            for other in sorted(path.parent.glob("*.bpmn")):
                if other != path:
                    try:
                        parser.add_bpmn_str(_prepared(other), filename=str(other))
                    except Exception:  # a sibling that cannot stand beside this model
                        continue
            spec, subs = parser.get_spec(root), parser.get_subprocess_specs(root)
        self.flow = BpmnWorkflow(spec, subs, script_engine=_Choices(seed))
        self.flow.task_tree.data.update(data)
        for task in self.flow.get_tasks(state=TaskState.READY):
            task.data.update(data)
        self.begin()

    def begin(self) -> None:
        """Pass the first start event, whatever it waits for."""
        self.flow.do_engine_steps()
        for task in self.flow.get_tasks(state=TaskState.WAITING):
            if "StartEvent" in type(task.task_spec).__name__:
                _happen(task)
                break
        self._settle()

    def _tasks(self) -> list[Any]:
        ready = self.flow.get_tasks(state=TaskState.READY, manual=True)
        return [t for t in ready if t.task_spec.bpmn_id and "Receive" not in type(t.task_spec).__name__]

    def _awaiting(self) -> list[Any]:
        found = []
        for task in self.flow.get_tasks(state=TaskState.WAITING):
            definition = getattr(task.task_spec, "event_definition", None)
            start = "StartEvent" in type(task.task_spec).__name__
            if type(definition).__name__.startswith("Message") and task.task_spec.bpmn_id and not start:
                found.append(task)
        return found

    def open(self) -> Counter[str]:
        return Counter(t.task_spec.bpmn_id for t in self._tasks())

    def messages(self) -> Counter[str]:
        return Counter(t.task_spec.bpmn_id for t in self._awaiting())

    def complete(self, element: str) -> None:
        next(t for t in self._tasks() if t.task_spec.bpmn_id == element).run()
        self._settle()

    def deliver(self, element: str) -> None:
        task = next(t for t in self._awaiting() if t.task_spec.bpmn_id == element)
        _happen(task)
        self._settle()

    def _settle(self) -> None:
        self.flow.do_engine_steps()
        self.flow.refresh_waiting_tasks()
        self.flow.do_engine_steps()


def _parser(path: Path) -> BpmnParser:
    text = path.read_text(errors="replace")
    if "/camunda/" in str(path):
        return CamundaParser()
    return SpiffBpmnParser() if "spiffworkflow" in text or "/spiff/" in str(path) else BpmnParser()


def _happen(task: Any) -> None:
    """Let the event of this one task happen, without a payload."""
    task.task_spec.event_definition.update_task_data = lambda _task: None
    task._set_internal_data(event_fired=True)
    task.task_spec._update(task)


_DATA = (
    "dataInputAssociation",
    "dataOutputAssociation",
    "ioSpecification",
    "outputDataItem",
    "loopDataOutputRef",
    "correlationProperty",
    "correlationKey",
    "dataObject",
    "incoming",
    "outgoing",
)


def _prepared(path: Path) -> bytes:
    """The model as the other engine wants it: executable, without data flow, with every flow named at its nodes."""
    root = etree.fromstring(path.read_bytes())
    for name in _DATA:
        for element in list(root.iter(f"{{{MODEL}}}{name}")):
            element.getparent().remove(element)
    ids = {e.get("id"): e for e in root.iter() if e.get("id")}
    for process in root.iter(f"{{{MODEL}}}process"):
        process.set("isExecutable", "true")
    flows = list(root.iter(f"{{{MODEL}}}sequenceFlow"))
    going = Counter(flow.get("sourceRef") for flow in flows)
    for flow in flows:
        for end, name in (("targetRef", "incoming"), ("sourceRef", "outgoing")):
            mark = etree.SubElement(ids[flow.get(end)], f"{{{MODEL}}}{name}")
            mark.text = flow.get("id")
        source = ids[flow.get("sourceRef")]
        chooses = source.tag.endswith(("exclusiveGateway", "inclusiveGateway")) and going[source.get("id")] > 1
        if chooses and source.get("default") != flow.get("id") and flow.find(f"{{{MODEL}}}conditionExpression") is None:
            etree.SubElement(flow, f"{{{MODEL}}}conditionExpression").text = f"choice {flow.get('id')}"
    return etree.tostring(root)


def graph_of(path: Path) -> Graph | None:
    """Our graph of a model, structure alone; None when it is refused."""
    reading = read(path.read_bytes(), opaque=True)
    if reading.graph is None or reading.findings or not reading.graph.roots:
        return None
    return Shelf(opaque=True).linked(path, reading.graph)


def inputs(graph: Graph) -> dict[str, Any]:
    """Two-item lists for the collections that multi-instance activities run over."""
    loops = [n.loop for s in graph.scopes.values() for n in s.nodes.values() if n.loop]
    return {loop.collection: [1, 2] for loop in loops if loop.collection}
