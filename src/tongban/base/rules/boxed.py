"""Boxed expressions (DMN 7.3, 10.2): XML elements to compiled code."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .compiler import Code
from .data import FeelError, ModelError
from .domains import iterable
from .evaluate import refused_function
from .expressions import compile_expression, compile_unary_tests
from .items import Items, listed
from .kinds import ANY, FunctionOf, Kind
from .memberships import Test
from .run import Env, Run
from .scanner import normal_name
from .sheet import Element, child, children, line_of, tag, text_in
from .syntax import RangeNode
from .tables import POLICIES, Input, Output, Rule, Table
from .values import Function, Parameter, Value

_EXPRESSIONS = (
    "literalExpression",
    "decisionTable",
    "invocation",
    "context",
    "list",
    "relation",
    "functionDefinition",
    "conditional",
    "filter",
    "for",
    "some",
    "every",
)


def _null(env: Env) -> Value:
    return None


def fitting(owner: Element, kind: Kind | None) -> Kind | None:
    """The type a variable's value must fit. Tools give a function definition the type of its result."""
    defines = child(owner, *_EXPRESSIONS)
    if defines is not None and tag(defines) == "functionDefinition" and not isinstance(kind, FunctionOf):
        return None
    return kind


class Boxes:
    """Compiles the boxed expressions of one model; what does not compile is noted and evaluates to null."""

    def __init__(self, items: Items, properties: set[str]) -> None:
        self._items = items
        self._kinds = items.names()
        self._properties = properties
        self.problems: list[ModelError] = []
        self._owner = ""

    def of(self, owner: Element, names: frozenset[str]) -> Code:
        """The expression inside a decision, context entry, binding ...; null when there is none."""
        element = child(owner, *_EXPRESSIONS)
        return _null if element is None else self.code(element, names)

    def compile(self, owner: Element, names: frozenset[str]) -> Code:
        """As `of`, with the owner's name in every problem found."""
        self._owner = owner.get("name") or owner.get("id") or tag(owner)
        return self.of(owner, names)

    def code(self, element: Element, names: frozenset[str]) -> Code:
        return _BOXES[tag(element)](self, element, names)

    def _problem(self, message: str, element: Element) -> None:
        self.problems.append(ModelError(message, self._owner, line_of(element)))

    def text(self, text: str | None, element: Element, names: frozenset[str]) -> Code:
        if text is None or not text.strip():
            return _null
        try:
            return compile_expression(text, names, properties=self._properties, kinds=self._kinds).code
        except FeelError as error:
            self._problem(str(error), element)
            return _null

    def tests(self, text: str | None, element: Element, names: frozenset[str]) -> Test | None:
        """The tests of a cell; None for `-`, which needs no testing."""
        if text is None or text.strip() in ("", "-"):
            return None
        try:
            return compile_unary_tests(text, names, properties=self._properties, kinds=self._kinds).test
        except FeelError as error:
            self._problem(str(error), element)
            return lambda value, env: None

    def literal(self, element: Element, names: frozenset[str]) -> Code:
        language = element.get("expressionLanguage", "")
        if child(element, "importedValues") is not None or (language and "feel" not in language.lower()):
            self._problem("an expression in another language than FEEL", element)
            return _refused("an expression in another language than FEEL")
        return self.text(text_in(element), element, names)

    def context(self, element: Element, names: frozenset[str]) -> Code:
        entries: list[tuple[str, Code, Kind | None]] = []
        result: Code | None = None
        for entry in children(element, "contextEntry"):
            variable = child(entry, "variable")
            code = self.of(entry, names)
            if variable is None:
                result = code
                continue
            name = normal_name(variable.get("name", ""))
            entries.append((name, code, self._items.find(variable.get("typeRef"))))
            names = names | {name}
        if len({name for name, _, _ in entries}) < len(entries):
            return _null  # as in a textual context, keys are distinct (DMN 10.3.2.6)

        def run(env: Env) -> Value:
            made: dict[str, Value] = {}
            inner = env.inner(made)
            for name, code, kind in entries:
                value = code(inner)
                if isinstance(value, Function) and not isinstance(kind, FunctionOf):
                    kind = None  # tools give a function definition the type of its result
                made[name] = value if kind is None else kind.coerce(value)
            return made if result is None else result(inner)

        return run

    def listing(self, element: Element, names: frozenset[str]) -> Code:
        parts = [self.code(part, names) for part in children(element, *_EXPRESSIONS)]
        return lambda env: [part(env) for part in parts]

    def relation(self, element: Element, names: frozenset[str]) -> Code:
        columns = [normal_name(column.get("name", "")) for column in children(element, "column")]
        rows = [[self.code(cell, names) for cell in children(row, *_EXPRESSIONS)] for row in children(element, "row")]
        return lambda env: [{name: cell(env) for name, cell in zip(columns, row, strict=False)} for row in rows]

    def invocation(self, element: Element, names: frozenset[str]) -> Code:
        function = self.of(element, names)
        bindings = []
        for binding in children(element, "binding"):
            parameter = child(binding, "parameter")
            name = normal_name("" if parameter is None else parameter.get("name", ""))
            bindings.append((name, self.of(binding, names)))

        def run(env: Env) -> Value:
            called = function(env)
            if not isinstance(called, Function):
                return None
            args = {parameter.name: None for parameter in called.parameters if not called.open_ended}
            args |= {name: code(env) for name, code in bindings}
            return called.invoke_named(env.run, args)

        return run

    def parameters(self, element: Element) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(normal_name(part.get("name", "")), self._items.find(part.get("typeRef")) or ANY)
            for part in children(element, "formalParameter")
        )

    def function(self, element: Element, names: frozenset[str]) -> Code:
        """A function definition; also the encapsulated logic of a business knowledge model."""
        parameters = self.parameters(element)
        if element.get("kind", "FEEL") != "FEEL":
            what = f"an external function ({element.get('kind')})"
            return lambda env: refused_function(parameters, what)
        given = [parameter.name for parameter in parameters]
        body = self.of(element, names | set(given))
        declared = self._items.find(element.get("typeRef"))
        result = declared.result if isinstance(declared, FunctionOf) else None

        def run(env: Env) -> Value:
            def call(run: Run, args: list[Value]) -> Value:
                return body(Env(dict(zip(given, args, strict=True)), env, run))

            return Function("", parameters, call, result)

        return run

    def _part(self, element: Element, name: str, names: frozenset[str]) -> Code:
        part = child(element, name)
        return _null if part is None else self.of(part, names)

    def conditional(self, element: Element, names: frozenset[str]) -> Code:
        """Null, unlike in a textual `if`, when the condition is neither a boolean nor null (DMN 10.2.2.8)."""
        condition, then, otherwise = (self._part(element, part, names) for part in ("if", "then", "else"))

        def run(env: Env) -> Value:
            met = condition(env)
            if met is not None and type(met) is not bool:
                return None
            return then(env) if met else otherwise(env)

        return run

    def selection(self, element: Element, names: frozenset[str]) -> Code:
        """The filter must be a boolean and its input a collection (DMN 10.2.2.9), else null."""
        source = self._part(element, "in", names)
        match = self._part(element, "match", names | {"item"})

        def run(env: Env) -> Value:
            items = iterable(source(env))
            if items is None:
                return None
            found: list[Value] = []
            for item in items:
                env.run.charge()
                inner = env.inner({"item": item})
                result = match(inner.inner(item) if type(item) is dict else inner)
                if type(result) is not bool:
                    return None
                if result:
                    found.append(item)
            return found

        return run

    def _iteration(self, element: Element, body: str, names: frozenset[str]) -> tuple[str, Code, Code]:
        name = normal_name(element.get("iteratorVariable", ""))
        inner = names | {name, "partial"}
        return name, self._domain(element, names), self._part(element, body, inner)

    def _domain(self, element: Element, names: frozenset[str]) -> Code:
        """What to go through; also bare bounds `1..n`, as they stand in a `for` that is text (DMN 10.3.2.14)."""
        part = child(element, "in")
        literal = None if part is None else child(part, "literalExpression")
        text = text_in(literal)
        if literal is None or not text or ".." not in text:
            return self._part(element, "in", names)
        try:
            bounds = compile_expression(f"[{text}]", names, properties=self._properties, kinds=self._kinds)
        except FeelError:
            return self.literal(literal, names)
        return bounds.code if isinstance(bounds.node, RangeNode) else self.literal(literal, names)

    def loop(self, element: Element, names: frozenset[str]) -> Code:
        name, source, body = self._iteration(element, "return", names)

        def run(env: Env) -> Value:
            items = iterable(source(env))
            if items is None:
                return None
            made: list[Value] = []
            for item in items:
                env.run.charge(1 + len(made) // 8)
                made.append(body(env.inner({name: item, "partial": made[:]})))
            return made

        return run

    def quantified(self, element: Element, names: frozenset[str]) -> Code:
        """Every: all of the conditions are true; some: at least one is (DMN 10.5, Every and Some metamodel)."""
        name, source, condition = self._iteration(element, "satisfies", names)
        stop = tag(element) == "some"

        def run(env: Env) -> Value:
            items = iterable(source(env))
            if items is None:
                return None
            for item in items:
                env.run.charge()
                if (condition(env.inner({name: item})) is True) is stop:
                    return stop
            return not stop

        return run

    # decision tables

    def table(self, element: Element, names: frozenset[str]) -> Code:
        return self.make_table(element, names).evaluate

    def make_table(self, element: Element, names: frozenset[str]) -> Table:
        policy = element.get("hitPolicy", "UNIQUE").replace("_", " ")
        aggregation = element.get("aggregation", "") if policy == "COLLECT" else ""
        if (policy, aggregation) not in POLICIES.values():
            self._problem(f"there is no hit policy {policy} {aggregation}".rstrip(), element)
            policy, aggregation = "UNIQUE", ""
        return Table(
            name=self._owner,
            policy=policy,
            aggregation=aggregation,
            inputs=tuple(self._input(part, names) for part in children(element, "input")),
            outputs=tuple(self._output(part, names) for part in children(element, "output")),
            rules=tuple(self._rules(element, names)),
        )

    def _input(self, element: Element, names: frozenset[str]) -> Input:
        expression = child(element, "inputExpression")
        code = self.text(text_in(expression), element, names)
        kind = self._items.find(None if expression is None else expression.get("typeRef"))
        allowed = self.tests(text_in(child(element, "inputValues")), element, names)
        value = code if kind is None else _coerced(code, kind)
        return Input(element.get("label") or text_in(expression) or "", value, allowed)

    def _output(self, element: Element, names: frozenset[str]) -> Output:
        values = text_in(child(element, "outputValues")) or self._items.ranking(element.get("typeRef"))
        default = child(element, "defaultOutputEntry")
        return Output(
            normal_name(element.get("name") or element.get("label") or ""),
            listed(values) if values else (),
            None if default is None else self.text(text_in(default), element, names),
        )

    def _rules(self, element: Element, names: frozenset[str]) -> Iterator[Rule]:
        inputs, outputs = (len(list(children(element, part))) for part in ("input", "output"))
        for part in children(element, "rule"):
            rule = self._rule(part, names)
            if (len(rule.tests), len(rule.outputs)) == (inputs, outputs):
                yield rule
            else:
                self._problem("a rule has not as many entries as the table has columns", part)

    def _rule(self, element: Element, names: frozenset[str]) -> Rule:
        return Rule(
            tuple(self.tests(text_in(cell), cell, names) for cell in children(element, "inputEntry")),
            tuple(self.text(text_in(cell), cell, names) for cell in children(element, "outputEntry")),
        )


def _coerced(code: Code, kind: Kind) -> Code:
    return lambda env: kind.coerce(code(env))


def _refused(what: str) -> Code:
    return lambda env: env.run.refuse(what)


_BOXES: dict[str, Callable[[Boxes, Element, frozenset[str]], Code]] = {
    "literalExpression": Boxes.literal,
    "decisionTable": Boxes.table,
    "invocation": Boxes.invocation,
    "context": Boxes.context,
    "list": Boxes.listing,
    "relation": Boxes.relation,
    "functionDefinition": Boxes.function,
    "conditional": Boxes.conditional,
    "filter": Boxes.selection,
    "for": Boxes.loop,
    "some": Boxes.quantified,
    "every": Boxes.quantified,
}
