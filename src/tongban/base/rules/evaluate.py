"""Syntax tree to Python closures, compiled once and run many times (DMN 10.3.2.13, semantic mappings)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from . import arithmetic, compare
from . import syntax as s
from .builtins import BUILTINS
from .domains import at_position, iterable, make_range, steps
from .kinds import instance_of
from .properties import get
from .run import Env, Run
from .values import Function, Parameter, Range, Value

Code = Callable[[Env], Value]

_ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "**": arithmetic.power,
}


def _unequal(a: Value, b: Value) -> bool | None:
    found = compare.equal(a, b)
    return None if found is None else not found


_COMPARISON: dict[str, Callable[[Value, Value], bool | None]] = {
    "=": compare.equal,
    "!=": _unequal,
    "<": compare.less,
    "<=": compare.at_most,
    ">": lambda a, b: compare.less(b, a),
    ">=": lambda a, b: compare.at_most(b, a),
}


def _charged(value: Value, env: Env) -> Value:
    """Long strings cost steps, so that many of them cannot fill the memory."""
    if type(value) is str and len(value) > 64:
        env.run.charge(len(value) >> 6)
    return value


class Compiler:
    """Compiles trees; gathers the names they read that are neither bound inside nor built in."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._bound: list[str] = []
        self._partial = False  # whether the body being compiled reads `partial`
        self._guessing = 0  # inside a filter a name may be an entry of the filtered items

    def code(self, node: s.Node) -> Code:
        return _COMPILE[type(node)](self, node)

    def _within(self, names: list[str], node: s.Node) -> Code:
        self._bound += names
        code = self.code(node)
        del self._bound[len(self._bound) - len(names) :]
        return code

    def const(self, node: s.Const) -> Code:
        value = node.value
        return lambda env: value

    def name(self, node: s.Name) -> Code:
        name = node.name
        builtin = BUILTINS.get(name)
        self._partial = self._partial or name == "partial"
        if builtin is None and name not in self._bound and not self._guessing:
            self.names.add(name)

        def code(env: Env) -> Value:
            at: Env | None = env
            while at is not None:
                found = at.vars
                if name in found:
                    return found[name]
                at = at.up
            return builtin

        return code

    def chain(self, node: s.Chain) -> Code:
        first = self.code(node.first)
        rest = [(_ARITHMETIC[op], self.code(part)) for op, part in node.rest]
        if len(rest) == 1:
            operation, second = rest[0]
            return lambda env: _charged(operation(first(env), second(env)), env)

        def code(env: Env) -> Value:
            value = first(env)
            for operation, part in rest:
                value = _charged(operation(value, part(env)), env)
            return value

        return code

    def logic(self, node: s.Logic) -> Code:
        parts = [self.code(part) for part in node.parts]
        stop = not node.both

        def code(env: Env) -> Value:
            sure = True
            for part in parts:
                value = part(env)
                if value is stop:
                    return stop
                sure = sure and value is (not stop)
            return not stop if sure else None

        return code

    def negate(self, node: s.Negate) -> Code:
        operand = self.code(node.operand)
        return lambda env: arithmetic.negate(operand(env))

    def comparison(self, node: s.Compare) -> Code:
        operation, left, right = _COMPARISON[node.op], self.code(node.left), self.code(node.right)
        return lambda env: operation(left(env), right(env))

    def between(self, node: s.Between) -> Code:
        value, low, high = self.code(node.value), self.code(node.low), self.code(node.high)

        def code(env: Env) -> Value:
            it, start, end = value(env), low(env), high(env)
            if it is None or start is None or end is None:
                return None
            return compare.both(compare.at_most(start, it), compare.at_most(it, end))

        return code

    def test(self, test: s.Test) -> Callable[[Value, Env], bool | None]:
        """A positive unary test of a value."""
        operand = self.code(test.operand)
        if test.op:
            operation = _COMPARISON[test.op]
            return lambda value, env: operation(value, operand(env))
        plain = isinstance(test.operand, s.Const)
        asks = test.asks

        def code(value: Value, env: Env) -> bool | None:
            tested = operand(env)
            if type(tested) is bool and not plain and (asks or type(value) is not bool):
                return tested
            return compare.member(value, tested)

        return code

    def tests(self, node: s.Tests) -> Callable[[Value, Env], bool | None]:
        """The unary tests of a cell; `env` binds `?`."""
        self._bound.append("?")
        tests = [self.test(test) for test in node.tests]
        self._bound.pop()
        if not tests:
            return lambda value, env: True
        found = _any_of(tests)
        if not node.negated:
            return found

        def negated(value: Value, env: Env) -> bool | None:
            met = found(value, env)
            return None if met is None else not met

        return negated

    def membership(self, node: s.In) -> Code:
        value = self.code(node.value)
        if not node.tests:
            return lambda env: None
        self._bound.append("?")
        tests = [self._membership(test) for test in node.tests]
        self._bound.pop()
        found = _any_of(tests)
        return lambda env: found(value(env), env)

    def _membership(self, test: s.Test) -> Callable[[Value, Env], bool | None]:
        operand = self.code(test.operand)
        if test.op:
            operation = _COMPARISON[test.op]
            return lambda value, env: operation(value, operand(env))
        if not test.asks:
            return lambda value, env: compare.member(value, operand(env))

        def asking(value: Value, env: Env) -> bool | None:
            tested = operand(env.inner({"?": value}))
            return tested if type(tested) is bool else compare.member(value, tested)

        return asking

    def instance(self, node: s.InstanceOf) -> Code:
        value, kind = self.code(node.value), node.kind
        if kind is None:
            return lambda env: None
        return lambda env: instance_of(value(env), kind)

    def path(self, node: s.Path) -> Code:
        source, name = self.code(node.source), node.name

        def code(env: Env) -> Value:
            value = source(env)
            return get(value, name, env.run) if type(value) is list else get(value, name)

        return code

    def selection(self, node: s.Filter) -> Code:
        source = self.code(node.source)
        self._guessing += 1
        condition = self._within(["item"], node.condition)
        self._guessing -= 1

        def code(env: Env) -> Value:
            value = source(env)
            items = value if type(value) is list else [] if value is None else [value]
            found: list[Value] = []
            for item in items or [None]:
                env.run.charge()
                inner = env.inner({"item": item})
                result = condition(inner.inner(item) if type(item) is dict else inner)
                if result is True:
                    found.append(item)
                elif type(result) is Decimal:
                    return at_position(items, result)
                elif result is not False and result is not None:
                    return None
            return found if items else []

        return code

    def call(self, node: s.Call) -> Code:
        function = self.callee(node.function)
        args = [self.code(arg) for arg in node.args]
        names = node.names
        if names is None:

            def code(env: Env) -> Value:
                called = function(env)
                if not isinstance(called, Function):
                    return None
                return called.invoke(env.run, [arg(env) for arg in args])

            return code
        if len(set(names)) != len(names):
            return lambda env: None
        wanted = names

        def named(env: Env) -> Value:
            called = function(env)
            if not isinstance(called, Function):
                return None
            return called.invoke_named(env.run, {n: arg(env) for n, arg in zip(wanted, args, strict=True)})

        return named

    def callee(self, node: s.Node) -> Code:
        """What is called; a variable that is no function does not hide the built-in function of its name."""
        function = self.code(node)
        builtin = BUILTINS.get(node.name) if isinstance(node, s.Name) else None
        if builtin is None:
            return function

        def code(env: Env) -> Value:
            found = function(env)
            return found if isinstance(found, Function) else builtin

        return code

    def interval(self, node: s.RangeNode) -> Code:
        start, end = self.code(node.start), self.code(node.end)
        low, high = node.start_included, node.end_included
        return lambda env: make_range(start(env), end(env), low, high)

    def unary_range(self, node: s.UnaryRange) -> Code:
        end, op = self.code(node.end), node.op

        def code(env: Env) -> Value:
            value = end(env)
            if value is None or op == "!=":
                return None
            if op == "=":
                return make_range(value, value, True, True)
            return Range(value, None, op == ">=", False) if op[0] == ">" else Range(None, value, False, op == "<=")

        return code

    def listing(self, node: s.ListNode) -> Code:
        items = [self.code(item) for item in node.items]
        size = 1 + len(items) // 8

        def code(env: Env) -> Value:
            env.run.charge(size)
            return [item(env) for item in items]

        return code

    def context(self, node: s.ContextNode) -> Code:
        if len({key for key, _ in node.entries}) != len(node.entries):
            return lambda env: None
        entries = []
        for key, value in node.entries:
            entries.append((key, self.code(value)))
            self._bound.append(key)
        del self._bound[len(self._bound) - len(entries) :]

        def code(env: Env) -> Value:
            made: dict[str, Value] = {}
            inner = env.inner(made)
            for key, value in entries:
                made[key] = value(inner)
            return made

        return code

    def condition(self, node: s.If) -> Code:
        condition, then, otherwise = (
            self.code(node.condition),
            self.code(node.then),
            self.code(node.otherwise),
        )
        return lambda env: then(env) if condition(env) is True else otherwise(env)

    def loop(self, node: s.For) -> Code:
        iterations, names = self._iterations(node.iterations)
        before, self._partial = self._partial, False
        body = self._within([*names, "partial"], node.body)
        partial, self._partial = self._partial, before or self._partial

        def code(env: Env) -> Value:
            made: list[Value] = []
            for inner in _each(iterations, 0, env):
                if inner is None:
                    return None
                if partial:
                    env.run.charge(1 + len(made) // 16)
                    inner = inner.inner({"partial": made[:]})
                made.append(body(inner))
            return made

        return code

    def quantified(self, node: s.Quantified) -> Code:
        iterations, names = self._iterations(node.iterations)
        condition = self._within(names, node.condition)
        stop = not node.every

        def code(env: Env) -> Value:
            sure = True
            for inner in _each(iterations, 0, env):
                if inner is None:
                    return None
                value = condition(inner)
                if value is stop:
                    return stop
                sure = sure and value is (not stop)
            return not stop if sure else None

        return code

    def _iterations(self, parts: tuple[s.Iteration, ...]) -> tuple[list[tuple[str, Code]], list[str]]:
        found, names = [], []
        for part in parts:
            found.append((part.name, self._domain(part)))
            names.append(part.name)
            self._bound.append(part.name)
        del self._bound[len(self._bound) - len(names) :]
        return found, names

    def _domain(self, part: s.Iteration) -> Code:
        """The items to iterate: an iterable, or None (null) when there is nothing to iterate over."""
        source = self.code(part.source)
        if part.end is None:
            return lambda env: iterable(source(env))
        end = self.code(part.end)
        return lambda env: steps(source(env), end(env))

    def function(self, node: s.Lambda) -> Code:
        parameters = tuple(Parameter(name, kind) for name, kind in node.parameters)
        names = [name for name, _ in node.parameters]
        body = self._within(names, node.body)
        if node.external:
            return lambda env: refused_function(parameters, "an external function")

        def code(env: Env) -> Value:
            def call(run: Run, args: list[Value]) -> Value:
                return body(Env(dict(zip(names, args, strict=True)), env, run))

            return Function("", parameters, call)

        return code


def refused_function(parameters: tuple[Parameter, ...], what: str) -> Function:
    """A function in another language: it is known, never run, and gives null."""

    def call(run: Run, args: list[Value]) -> Value:
        run.refuse(what)

    return Function("external", parameters, call)


def _any_of(tests: list[Callable[[Value, Env], bool | None]]) -> Callable[[Value, Env], bool | None]:
    if len(tests) == 1:
        return tests[0]

    def found(value: Value, env: Env) -> bool | None:
        sure = True
        for test in tests:
            met = test(value, env)
            if met is True:
                return True
            sure = sure and met is False
        return False if sure else None

    return found


def _each(iterations: list[tuple[str, Code]], index: int, env: Env) -> Iterator[Env | None]:
    """An environment per combination; None once when a domain is null."""
    name, domain = iterations[index]
    items = domain(env)
    if items is None:
        yield None
        return
    last = index == len(iterations) - 1
    for item in items:
        env.run.charge()
        inner = env.inner({name: item})
        if last:
            yield inner
        else:
            yield from _each(iterations, index + 1, inner)


_COMPILE: dict[type, Callable[[Compiler, Any], Code]] = {
    s.Const: Compiler.const,
    s.Name: Compiler.name,
    s.Chain: Compiler.chain,
    s.Logic: Compiler.logic,
    s.Negate: Compiler.negate,
    s.Compare: Compiler.comparison,
    s.Between: Compiler.between,
    s.In: Compiler.membership,
    s.InstanceOf: Compiler.instance,
    s.Path: Compiler.path,
    s.Filter: Compiler.selection,
    s.Call: Compiler.call,
    s.RangeNode: Compiler.interval,
    s.UnaryRange: Compiler.unary_range,
    s.ListNode: Compiler.listing,
    s.ContextNode: Compiler.context,
    s.If: Compiler.condition,
    s.For: Compiler.loop,
    s.Quantified: Compiler.quantified,
    s.Lambda: Compiler.function,
}
