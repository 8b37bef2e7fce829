"""From a BPMN file to a graph, or to the findings that stand against it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from . import checks
from .data import Finding
from .elements import (
    CONVERSATIONS,
    DEFINITIONS,
    GLOBAL_TASKS,
    IGNORED,
    NODES,
    REFUSED,
    REFUSED_ROOTS,
    SHARED,
    TRIGGERS,
)
from .expressions import Rule, rule, timer_rule
from .model import ACTIVITIES, EVENTS, Flow, Graph, Kind, Loop, Node, Scope, Timer
from .parse import Element, Unreadable, child, children, line_of, local, name, own, parse, text_of

MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file amounts to. `graph` is None when nothing can be made of it; `empty` when it holds no
    process."""

    graph: Graph | None
    findings: tuple[Finding, ...]

    @property
    def malformed(self) -> bool:
        return any(f.kind == "malformed" for f in self.findings)


def read(xml: bytes, opaque: bool = False) -> Reading:
    """Compile `xml`. With `opaque`, expressions in other languages are left unread. Never raises."""
    try:
        root = parse(xml)
    except Unreadable as error:
        return Reading(None, (error.finding,))
    reader = _Reader(root, opaque)
    graph = reader.graph()
    order = {"malformed": 0, "refused": 1}
    return Reading(graph, tuple(sorted(reader.findings, key=lambda f: (order[f.kind], f.line))))


def check(xml: bytes, known: Collection[str] = ()) -> list[Finding]:
    """Everything that keeps `xml` from being published; an empty list when it may be.

    `known` are the keys of processes, besides the shared ones, that call activities may call.
    """
    reading = read(xml)
    if reading.graph is None or reading.findings:
        return list(reading.findings)
    return checks.unready(reading.graph, {*SHARED, *known})


@dataclass(slots=True)
class _Draft:
    """A scope while it is being read."""

    element: Element
    key: str
    parent: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)


class _Reader:
    def __init__(self, root: Element, opaque: bool) -> None:
        self.root, self.opaque = root, opaque
        self.findings: list[Finding] = []
        self.language = root.get("expressionLanguage", "")
        self.imports = child(root, "import") is not None
        self.ids: dict[str, Element] = {}
        self.drafts: dict[str, _Draft] = {}
        self.where: dict[str, str] = {}  # node id -> key of its scope
        self.flow_elements: list[Element] = []

    # -- the file ------

    def graph(self) -> Graph | None:
        """The compiled graph; findings say whether it may be used."""
        self._index(self.root)
        roots = []
        for element in children(self.root):
            kind = name(element)
            if kind in REFUSED_ROOTS:
                self.refuse(element, REFUSED_ROOTS[kind])
            elif kind == "process":
                roots.append(self._scope(element, ""))
            elif kind == "collaboration":
                for talk in children(element, *CONVERSATIONS):
                    self.refuse(talk, "conversations are not run")
        if len(self.where) > MOST_NODES:
            self.refuse(self.root, f"more than {MOST_NODES} flow nodes")
            return None
        for element in self.flow_elements:
            self._flow(element)
        scopes = {key: self._finish(draft) for key, draft in self.drafts.items()}
        self.findings += checks.forbidden(scopes)
        self.findings += checks.collaborations(self.root, self.ids, self.where, self._root_of)
        return Graph(tuple(roots), scopes)

    def _index(self, element: Element) -> None:
        todo = [element]
        while todo:
            at = todo.pop()
            for inner in reversed(list(children(at))):
                if name(inner) != "extensionElements":
                    todo.append(inner)
            id_ = at.get("id")
            if id_ and at is not self.root:
                if id_ in self.ids:
                    self.break_(at, f"the id {id_} is used twice", line=line_of(at))
                else:
                    self.ids[id_] = at

    def id_of(self, element: Element) -> str:
        """The element's id; one made of its line where there is none."""
        return element.get("id") or f"_line{line_of(element)}_{name(element)}"

    def refuse(self, element: Element, reason: str) -> None:
        self.findings.append(Finding(self.id_of(element), line_of(element), reason))

    def break_(self, element: Element, reason: str, line: int = 0) -> None:
        self.findings.append(Finding(self.id_of(element), line or line_of(element), reason, "malformed"))

    def resolve(self, reference: str | None) -> Element | None:
        """The element that a reference means."""
        raw = (reference or "").strip()
        found = self.ids.get(raw)
        return found if found is not None else self.ids.get(local(raw))

    def target(self, element: Element, attribute: str, *kinds: str) -> Element | None:
        """The element that an attribute refers to; a finding when there is none or it is of another kind."""
        raw = element.get(attribute, "")
        if not raw.strip():
            return None
        found = self.resolve(raw)
        if found is None:
            if not (self.imports and ":" in raw):
                self.break_(element, f"{attribute} refers to {raw}, which does not exist")
        elif kinds and name(found) not in kinds:
            self.break_(element, f"{attribute} refers to {raw}, which is not a {kinds[0]}")
        return found

    def rule(self, element: Element | None, timer: bool = False) -> Rule | None:
        """The expression that an element holds."""
        if element is None:
            return None
        if self.opaque:
            return Rule(text_of(element), line_of(element)) if text_of(element) else None
        language = element.get("language") or self.language
        made = (timer_rule if timer else rule)(text_of(element), language, line_of(element))
        return self._judged(made, element)

    def own_rule(self, element: Element, key: str) -> Rule | None:
        """An expression in one of our own attributes: always FEEL."""
        return self._judged(rule(own(element, key), "", line_of(element)), element)

    def _judged(self, made: Rule | None, element: Element) -> Rule | None:
        if made is not None and made.problem and not self.opaque:
            named: Element | None = element
            while named is not None and not (named.get("id") and name(named) in (*NODES, "sequenceFlow")):
                named = named.getparent()
            at = named if named is not None else element
            self.findings.append(Finding(self.id_of(at), line_of(element), made.problem))
        return made

    # -- scopes and flows ------

    def _scope(self, element: Element, parent: str) -> str:
        key = self.id_of(element)
        draft = self.drafts[key] = _Draft(element, key, parent)
        for inner in children(element):
            kind = name(inner)
            if kind in REFUSED:
                self.refuse(inner, REFUSED[kind])
                self.where[self.id_of(inner)] = key
            elif kind in NODES:
                node = self._node(inner, key)
                draft.nodes[node.id] = node
                self.where[node.id] = key
            elif kind == "sequenceFlow":
                self.flow_elements.append(inner)
            elif kind not in IGNORED:
                self.refuse(inner, f"{kind} is not run")
        return key

    def _flow(self, element: Element) -> None:
        source, target = self._end(element, "sourceRef"), self._end(element, "targetRef")
        if source is None or target is None:
            return
        if self.where[source] != self.where[target]:
            crossed = "pool" if self._root_of(source) != self._root_of(target) else "sub-process"
            self.refuse(element, f"a sequence flow must not cross the boundary of a {crossed} (BPMN 7.6.1)")
            return
        draft = self.drafts[self.where[source]]
        condition = self.rule(child(element, "conditionExpression"))
        id_ = self.id_of(element)
        draft.flows[id_] = Flow(id_, source, target, element.get("name", ""), condition, line_of(element))

    def _end(self, element: Element, attribute: str) -> str | None:
        if not element.get(attribute, "").strip():
            self.break_(element, f"the sequence flow has no {attribute}")
            return None
        found = self.target(element, attribute)
        if found is None:
            if self.imports and ":" in element.get(attribute, ""):
                self.break_(element, f"{attribute} refers to another file")
            return None
        if self.id_of(found) not in self.where:
            self.refuse(element, f"a sequence flow connects flow nodes; {attribute} is a {name(found)} (BPMN 8.4.13)")
            return None
        return self.id_of(found)

    def _root_of(self, node: str) -> str:
        key = self.where.get(node, "")
        while key and self.drafts[key].parent:
            key = self.drafts[key].parent
        return key

    def _finish(self, draft: _Draft) -> Scope:
        coming: dict[str, list[str]] = {n: [] for n in draft.nodes}
        going: dict[str, list[str]] = {n: [] for n in draft.nodes}
        for flow in draft.flows.values():
            if flow.source in going and flow.target in coming:
                going[flow.source].append(flow.id)
                coming[flow.target].append(flow.id)
        attached: dict[str, list[str]] = {n: [] for n in draft.nodes}
        for node in draft.nodes.values():
            if node.attached in attached:
                attached[node.attached].append(node.id)
        nodes = {
            n.id: replace(
                n,
                incoming=tuple(coming[n.id]),
                outgoing=tuple(going[n.id]),
                boundaries=tuple(attached[n.id]),
            )
            for n in draft.nodes.values()
        }
        flows = {f.id: f for f in draft.flows.values() if f.source in nodes and f.target in nodes}
        return Scope(
            key=draft.key,
            id=draft.key,
            name=draft.element.get("name", ""),
            line=line_of(draft.element),
            parent=draft.parent,
            nodes=nodes,
            flows=flows,
            executable=draft.element.get("isExecutable", "").strip() in ("true", "1"),
        )

    # -- nodes ------

    def _node(self, element: Element, scope: str) -> Node:
        kind = NODES[name(element)]
        node = Node(self.id_of(element), kind, line_of(element), scope, element.get("name", "").strip())
        node = replace(node, default=self._default(element))
        if kind in EVENTS:
            return self._event(element, node)
        if kind is Kind.EVENT_BASED:
            instantiates = element.get("instantiate") == "true"
            if element.get("eventGatewayType") == "Parallel":
                self.refuse(element, "parallel event-based gateways are not run")
            return replace(node, instantiates=instantiates)
        if kind in ACTIVITIES:
            return self._activity(element, node)
        return node

    def _default(self, element: Element) -> str:
        found = self.target(element, "default", "sequenceFlow")
        if found is None:
            return ""
        source = self.resolve(found.get("sourceRef"))
        if source is not None and source is not element:
            self.refuse(element, "the default flow must leave the element itself (BPMN 8.4.13)")
        return self.id_of(found)

    def _event(self, element: Element, node: Node) -> Node:
        if node.kind is Kind.BOUNDARY:
            if not element.get("attachedToRef", "").strip():
                self.break_(element, "the boundary event is attached to nothing")
            host = self.target(element, "attachedToRef")
            node = replace(
                node,
                attached=self.id_of(host) if host is not None else "",
                interrupting=element.get("cancelActivity", "true").strip() not in ("false", "0"),
            )
        answer = own(element, "answer")
        if answer:
            made = self.own_rule(element, "answer") if answer.startswith("=") else answer
            node = replace(node, answer=made or "")
        definitions = list(children(element, *DEFINITIONS))
        for reference in children(element, "eventDefinitionRef"):
            found = self.resolve(text_of(reference))
            if found is not None:
                definitions.append(found)
            else:
                self.break_(element, f"eventDefinitionRef refers to {text_of(reference)}, which does not exist")
        if len(definitions) > 1 or element.get("parallelMultiple") == "true":
            self.refuse(element, "events with several triggers are not run")
            return node
        return self._triggered(element, node, definitions[0]) if definitions else node

    def _triggered(self, element: Element, node: Node, definition: Element) -> Node:
        kind = name(definition)
        if kind not in TRIGGERS:
            self.refuse(element, f"{kind.removesuffix('EventDefinition')} events are not run")
            return node
        node = replace(node, trigger=TRIGGERS[kind])
        if kind == "messageEventDefinition":
            node = replace(node, message=self._message(definition))
        elif kind == "errorEventDefinition":
            node = replace(node, code=self._code(definition))
        elif kind == "timerEventDefinition":
            node = replace(node, timer=self._timer(element, definition))
        return node

    def _message(self, element: Element) -> str:
        found = self.target(element, "messageRef", "message")
        raw = element.get("messageRef", "")
        return (found.get("name") or self.id_of(found)) if found is not None else local(raw)

    def _code(self, definition: Element) -> str:
        raw = definition.get("errorRef", "")
        if not raw.strip() or self.resolve(raw) is None:
            return local(raw)  # widespread: the code itself stands where a reference belongs
        found = self.target(definition, "errorRef", "error")
        return (found.get("errorCode") or self.id_of(found)) if found is not None else ""

    def _timer(self, element: Element, definition: Element) -> Timer:
        holder = definition if own(definition, "workdays") else element
        if own(holder, "workdays"):
            return Timer("workdays", workdays=self.own_rule(holder, "workdays"))
        for form in ("date", "duration", "cycle"):
            made = self.rule(child(definition, f"time{form.title()}"), timer=True)
            if made is not None:
                return Timer(form, made)
        return Timer()

    def _activity(self, element: Element, node: Node) -> Node:
        if element.get("isForCompensation") == "true":
            self.refuse(element, "compensation is not run")
        loop = child(element, "multiInstanceLoopCharacteristics")
        repeat = child(element, "standardLoopCharacteristics")
        if loop is not None:
            node = replace(node, loop=self._instances(loop))
        elif repeat is not None:
            node = replace(node, loop=self._repeat(repeat))
        if node.kind is Kind.SUB:
            if element.get("triggeredByEvent") == "true":
                self.refuse(element, "event sub-processes are not run")
            return replace(node, called=self._scope(element, node.scope))
        if node.kind is Kind.CALL:
            return self._call(element, node)
        if node.kind in (Kind.SEND, Kind.RECEIVE):
            node = replace(node, message=self._message(element), instantiates=element.get("instantiate") == "true")
        return self._work(element, node)

    def _work(self, element: Element, node: Node) -> Node:
        office = own(element, "office")
        limit = own(element, "limit")
        if limit and not limit.isdecimal():
            self.refuse(element, f"tongban:limit is a whole number, not {limit[:40]!r}")
        unit = own(element, "unit") or "workday"
        if unit not in ("workday", "day"):
            self.refuse(element, f"tongban:unit is workday or day, not {unit[:40]!r}")
        return replace(
            node,
            office=(self.own_rule(element, "office") or "") if office.startswith("=") else office,
            limit=int(limit[:6]) if limit.isdecimal() else None,
            unit=unit,
            form=own(element, "form"),
            verb=own(element, "verb"),
            table=own(element, "table"),
            attributes=_documented(element),
        )

    def _call(self, element: Element, node: Node) -> Node:
        wanted = element.get("calledElement", "").strip()
        found = self.resolve(wanted)
        if found is None or name(found) not in ("process", *GLOBAL_TASKS):
            return replace(node, calls=local(wanted))
        if name(found) == "process":
            return replace(node, called=self.id_of(found))
        return self._work(found, replace(node, kind=GLOBAL_TASKS[name(found)]))

    def _instances(self, element: Element) -> Loop:
        if child(element, "complexBehaviorDefinition") is not None:
            self.refuse(element, "complex behaviour of multiple instances is not run")
        return Loop(
            sequential=element.get("isSequential", "").strip() in ("true", "1"),
            cardinality=self.rule(child(element, "loopCardinality")),
            collection=own(element, "collection") or self._variable(child(element, "loopDataInputRef")),
            item=own(element, "item") or self._item(child(element, "inputDataItem")),
            collect=own(element, "collect") or self._variable(child(element, "loopDataOutputRef")),
            output=self.own_rule(element, "output"),
            output_item=self._item(child(element, "outputDataItem")),
            until=self.rule(child(element, "completionCondition")),
        )

    def _repeat(self, element: Element) -> Loop:
        most = element.get("loopMaximum", "").strip()
        return Loop(
            standard=True,
            sequential=True,
            condition=self.rule(child(element, "loopCondition")),
            test_before=element.get("testBefore", "").strip() in ("true", "1"),
            maximum=int(most[:6]) if most.isdecimal() else None,
        )

    def _variable(self, reference: Element | None) -> str:
        """The variable behind a reference to a data element: its name, or the reference itself."""
        raw = text_of(reference)
        found = self.resolve(raw)
        return (found.get("name") or local(raw)) if found is not None else local(raw)

    def _item(self, element: Element | None) -> str:
        return (element.get("name") or element.get("id") or "") if element is not None else ""


def _documented(element: Element) -> dict[str, str]:
    text = text_of(child(element, "documentation"))
    return {"documentation": text[:2000]} if text else {}


__all__ = ["Reading", "check", "read"]
