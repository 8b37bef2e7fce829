"""A DMN model: its requirements graph, evaluated on demand (DMN chapters 5, 6 and 10.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .boxed import Boxes, fitting
from .compiler import Code
from .data import ModelError
from .expressions import guarded
from .items import Items
from .kinds import ANY, FunctionOf, Kind
from .run import SECONDS, STEPS, Env, Run
from .scanner import normal_name
from .sheet import Element, child, children, line_of, read_xml, tag
from .values import Function, Parameter, Value, to_feel

_LOGIC = ("decision", "businessKnowledgeModel", "decisionService", "inputData")
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A named element of the requirements graph."""

    model: Model
    tag: str
    id: str
    name: str
    element: Element
    requires: tuple[str, ...]


def load_dmn(xml: bytes, imports: Mapping[str, Model] | None = None, *, strict: bool = True) -> Model:
    """Read a DMN 1.1-1.5 model. `imports` are loaded models by namespace, for the imports it declares.

    Raises `ModelError` for XML that is refused or is no DMN, for references that lead nowhere and, when
    `strict`, for the first expression that does not compile. Otherwise those are in `Model.problems` and
    evaluate to null.
    """
    model = Model(read_xml(xml), imports or {})
    if strict and model.problems:
        raise model.problems[0]
    return model


class Model:
    """A loaded model. Immutable after loading; evaluations keep their state to themselves."""

    def __init__(self, root: Element, imports: Mapping[str, Model]) -> None:
        if tag(root) != "definitions":
            raise ModelError("the root element is not 'definitions'", tag(root), line_of(root))
        self.name = root.get("name", "")
        self.namespace = root.get("namespace", "")
        self.problems: list[ModelError] = []
        self.imports: dict[str, Model] = {}
        self.items: Items
        self._imported: dict[str, Model] = {}
        for declared in children(root, "import"):
            self._import(declared, imports)
        self.items = Items(root, {alias: model.items for alias, model in self.imports.items()})
        self._by_id: dict[str, Node] = {}
        self._by_name: dict[str, Node] = {}
        for element in children(root, *_LOGIC):
            self._add(element)
        entries = root.iterfind(".//{*}contextEntry/{*}variable")
        named = [*entries, *root.iter("{*}column", "{*}output")]
        self._entries = {normal_name(part.get("name", "")) for part in named} - {""}
        self._boxes = Boxes(self.items, self._properties())
        self._code: dict[str, Code] = {}
        for node in self._by_id.values():
            self._compile(node)
        self.problems += [ModelError(str(problem), self.name) for problem in self.items.problems]
        self.problems += self._boxes.problems

    # loading

    def _import(self, declared: Element, imports: Mapping[str, Model]) -> None:
        namespace = declared.get("namespace", "")
        if "DMN" not in declared.get("importType", "DMN"):
            return  # PMML and the like: what uses it is refused when it is evaluated
        model = imports.get(namespace)
        if model is None:
            line = line_of(declared)
            self.problems.append(ModelError(f"no model for the import {namespace!r}", self.name, line))
            return
        self._imported[namespace] = model
        alias = normal_name(declared.get("name", ""))
        self.imports[alias or f"\0{namespace}"] = model

    def _add(self, element: Element) -> None:
        requires = []
        for requirement in children(element, "informationRequirement", "knowledgeRequirement"):
            for required in children(requirement):
                if required.get("href"):
                    requires.append(required.get("href", ""))
        name = normal_name(element.get("name", ""))
        node = Node(self, tag(element), element.get("id") or name, name, element, tuple(requires))
        self._by_id[node.id] = node
        self._by_name.setdefault(name, node)

    def _properties(self) -> set[str]:
        """Names that may follow a dot or stand in a filter: components, entries, columns, imported elements."""
        found = self.items.entry_names() | self._entries
        for model in self.imports.values():
            found |= set(model._by_name) | model._properties()
        return found

    def node(self, reference: str) -> Node | None:
        """What an href points at: `#id`, `namespace#id`, or an id alone."""
        namespace, _, identifier = reference.rpartition("#")
        if namespace and namespace != self.namespace:
            model = self._imported.get(namespace)
            return None if model is None else model._by_id.get(identifier)
        return self._by_id.get(identifier)

    def find(self, name_or_id: str, kind: str = "") -> Node | None:
        """An element by name or id, here or in an imported model (`alias.name`, or the name alone).

        `kind` is the element wanted, where a decision and a decision service share a name.
        """
        name = normal_name(name_or_id)
        named = (node for node in self._by_id.values() if kind and (node.tag, node.name) == (kind, name))
        found = next(named, None) or self._by_name.get(name) or self._by_id.get(name_or_id)
        if found is not None:
            return found
        for alias, model in self.imports.items():
            if name_or_id.startswith(alias + ".") and (inner := model.find(name_or_id[len(alias) + 1 :])):
                return inner
        return next((inner for model in self.imports.values() if (inner := model.find(name_or_id))), None)

    def alias(self, model: Model) -> str:
        """The name under which an imported model's elements are seen; empty: without a prefix."""
        found = next((alias for alias, other in self.imports.items() if other is model), "")
        return "" if found.startswith("\0") else found

    def _compile(self, node: Node) -> None:
        names: set[str] = set()
        for reference in node.requires:
            required = self.node(reference)
            if required is None:
                line = line_of(node.element)
                self.problems.append(ModelError(f"nothing has the id {reference!r}", node.name, line))
                continue
            names.add(variable_name(required))
            if required.model is not self:
                names.add(self.alias(required.model) or required.name)
        if node.tag == "businessKnowledgeModel":
            names.add(variable_name(node))
        for part in node.element.iter():
            type_ref = part.get("typeRef")
            if type_ref and self.items.find(type_ref) is None:
                self.problems.append(ModelError(f"there is no type {type_ref!r}", node.name, line_of(part)))
        scope = frozenset(names - {""})
        if node.tag == "decision":
            self._code[node.id] = self._boxes.compile(node.element, scope)
        elif node.tag == "businessKnowledgeModel":
            logic = child(node.element, "encapsulatedLogic")
            if logic is not None:
                self._boxes._owner = node.name
                self._code[node.id] = self._boxes.function(logic, scope)

    def kind(self, node: Node) -> Kind | None:
        variable = child(node.element, "variable")
        return None if variable is None else self.items.find(variable.get("typeRef"))

    # what others ask

    @property
    def decisions(self) -> tuple[str, ...]:
        """The names of the decisions, in document order."""
        return tuple(node.name for node in self._by_id.values() if node.tag == "decision")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the input data, in document order."""
        return tuple(node.name for node in self._by_id.values() if node.tag == "inputData")

    def decide(
        self,
        decision: str,
        context: Mapping[str, object],
        *,
        budget: int = STEPS,
        seconds: float = SECONDS,
        now: Callable[[], datetime] | None = None,
    ) -> Value:
        """The outcome of a decision, decision service or business knowledge model, by name or id.

        `context` holds the input data by name (for a service or a knowledge model: its arguments).
        Raises `KeyError` for a name the model does not have, and `BudgetExceeded` and `ForeignValue` as an
        expression does.
        """
        node = self.find(decision)
        if node is None:
            raise KeyError(decision)
        return Evaluation(self, context, Run(budget, seconds, now)).outcome(node)


def variable_name(node: Node) -> str:
    """The name under which an element is seen by what requires it."""
    variable = child(node.element, "variable")
    return normal_name(variable.get("name", "") if variable is not None else "") or node.name


Path = tuple[str, ...]
_Key = tuple[Path, str, str]


class Evaluation:
    """The values of one evaluation of a model, each computed once."""

    def __init__(self, model: Model, context: Mapping[str, object], run: Run) -> None:
        self.model = model
        self.run = run
        self.inputs: dict[str, Value] = {normal_name(key): to_feel(value) for key, value in context.items()}
        self._bound: dict[tuple[str, str], Value] = {}  # the arguments of a decision service
        self._values: dict[_Key, Value] = {}
        self._open: set[_Key] = set()

    def outcome(self, node: Node) -> Value:
        """What a caller from outside gets for an element."""
        path = () if node.model is self.model else next(iter(_paths(self.model, node.model, 0)), ())
        if node.tag in ("decision", "inputData"):
            return guarded(lambda env: self.value(node, path), Env({}, None, self.run))
        function = self.function(node, path)
        if function is None:
            return None
        if node.tag == "decisionService":
            args = [self._given(part, path + _step(node.model, part)) for part in _service_inputs(node)]
        else:
            args = [self.inputs.get(parameter.name) for parameter in function.parameters]
        return guarded(lambda env: function.invoke(self.run, args), Env({}, None, self.run))

    def value(self, node: Node, path: Path = ()) -> Value:
        """The value of an element; null for a decision that needs itself.

        `path` are the import aliases that lead to it: a model imported on two ways has inputs of its own on each.
        """
        if (identity := (node.model.namespace, node.id)) in self._bound:
            return self._bound[identity]
        key = (path, *identity)
        if key in self._values:
            return self._values[key]
        if key in self._open or len(self._open) > _MAX_DEPTH:
            return None
        self._open.add(key)
        self.run.charge()
        if node.tag == "inputData":
            value = self._input(node, path)
        elif node.tag == "decision":
            value = self._decision(node, path)
        else:
            value = self.function(node, path)
        self._open.discard(key)
        self._values[key] = value
        return value

    def _input(self, node: Node, path: Path) -> Value:
        value = self._given(node, path)
        kind = node.model.kind(node)
        return value if kind is None else kind.coerce(value)

    def _given(self, node: Node, path: Path) -> Value:
        """What was given for input data: under the aliases of the path, the last of them, or its name alone."""
        name = node.name if node.name in self.inputs else variable_name(node)
        for start in range(len(path)):
            at: Value = self.inputs
            for alias in path[start:]:
                at = at.get(alias) if type(at) is dict else None
            if type(at) is dict and name in at:
                return at[name]
            if (dotted := ".".join([*path[start:], name])) in self.inputs:
                return self.inputs[dotted]
        return self.inputs.get(name)

    def _decision(self, node: Node, path: Path) -> Value:
        code = node.model._code.get(node.id)
        value = None if code is None else code(Env(self._scope(node, path), None, self.run))
        kind = fitting(node.element, node.model.kind(node))
        return value if kind is None else kind.coerce(value)

    def _scope(self, node: Node, path: Path) -> dict[str, Value]:
        """The values an element requires, imported ones under their model's alias."""
        scope: dict[str, Value] = {}
        for reference in node.requires:
            required = node.model.node(reference)
            if required is None:
                continue
            step = _step(node.model, required)
            value = self.value(required, path + step)
            if step:
                holder = scope.setdefault(step[0], {})
                if type(holder) is dict:
                    holder[variable_name(required)] = value
            else:
                scope[variable_name(required)] = value
        return scope

    def function(self, node: Node, path: Path = ()) -> Function | None:
        if node.tag == "decisionService":
            return self._service(node)
        code = node.model._code.get(node.id)
        scope = self._scope(node, path)
        made = None if code is None else code(Env(scope, None, self.run))
        if not isinstance(made, Function):
            return None
        kind = node.model.kind(node)
        result = kind.result if isinstance(kind, FunctionOf) else kind
        function = Function(node.name, made.parameters, made.call, result or made.result)
        scope.setdefault(variable_name(node), function)  # it may call itself
        return function

    def _service(self, node: Node) -> Function:
        """A decision service as a function of its input data and input decisions (DMN 10.4)."""
        model = node.model
        given = _service_inputs(node)
        outputs = [
            found
            for part in children(node.element, "outputDecision")
            if (found := model.node(part.get("href", ""))) is not None
        ]
        parameters = tuple(Parameter(variable_name(part), part.model.kind(part) or ANY) for part in given)

        def call(run: Run, args: list[Value]) -> Value:
            inner = Evaluation(model, {}, run)
            for part, arg in zip(given, args, strict=True):
                inner._bound[(part.model.namespace, part.id)] = arg
            results = [(variable_name(output), inner.value(output, _step(model, output))) for output in outputs]
            return results[0][1] if len(results) == 1 else dict(results)

        kind = model.kind(node)
        return Function(node.name, parameters, call, kind.result if isinstance(kind, FunctionOf) else kind)


def _service_inputs(node: Node) -> list[Node]:
    """What a decision service takes: its input data, then its input decisions (DMN 10.4)."""
    parts = [*children(node.element, "inputData"), *children(node.element, "inputDecision")]
    return [found for part in parts if (found := node.model.node(part.get("href", ""))) is not None]


def _step(model: Model, node: Node) -> Path:
    """The way from a model to an element it refers to: nothing, or the alias of an import."""
    alias = model.alias(node.model)
    return (alias,) if alias else ()


def _paths(root: Model, target: Model, depth: int) -> list[Path]:
    """The chains of import aliases that lead from one model to another."""
    if depth > 8:
        return []
    found: list[Path] = []
    for alias, model in root.imports.items():
        step = () if alias.startswith("\0") else (alias,)
        if model is target:
            found.append(step)
        found += [step + rest for rest in _paths(model, target, depth + 1)]
    return found
