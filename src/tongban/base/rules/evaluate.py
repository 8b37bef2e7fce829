"""What the operators, operands, paths, calls and contexts of FEEL do (DMN 10.3.2.13, semantic mappings)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from . import arithmetic, compare
from . import syntax as s
from .builtins import BUILTINS
from .compiler import Code, Compiler, compiles
from .domains import at_position, make_range
from .kinds import instance_of
from .properties import get
from .run import Env, Run
from .values import Function, Parameter, Range, Value

_ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "**": arithmetic.power,
}


def _charged(value: Value, env: Env) -> Value:
    """Long strings cost steps, so that many of them cannot fill the memory."""
    if type(value) is str and len(value) > 64:
        env.run.charge(len(value) >> 6)
    return value


@compiles(s.Const)
def _const(compiler: Compiler, node: s.Const) -> Code:
    value = node.value
    return lambda env: value


@compiles(s.Name)
def _name(compiler: Compiler, node: s.Name) -> Code:
    name = node.name
    builtin = BUILTINS.get(name)
    compiler.partial = compiler.partial or name == "partial"
    if builtin is None and name not in compiler.bound and not compiler.guessing:
        compiler.names.add(name)

    def code(env: Env) -> Value:
        at: Env | None = env
        while at is not None:
            found = at.vars
            if name in found:
                return found[name]
            at = at.up
        return builtin

    return code


@compiles(s.Chain)
def _chain(compiler: Compiler, node: s.Chain) -> Code:
    first = compiler.code(node.first)
    rest = [(_ARITHMETIC[op], compiler.code(part)) for op, part in node.rest]
    if len(rest) == 1:
        operation, second = rest[0]
        return lambda env: _charged(operation(first(env), second(env)), env)

    def code(env: Env) -> Value:
        value = first(env)
        for operation, part in rest:
            value = _charged(operation(value, part(env)), env)
        return value

    return code


@compiles(s.Logic)
def _logic(compiler: Compiler, node: s.Logic) -> Code:
    parts = [compiler.code(part) for part in node.parts]
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


@compiles(s.Negate)
def _negate(compiler: Compiler, node: s.Negate) -> Code:
    operand = compiler.code(node.operand)
    return lambda env: arithmetic.negate(operand(env))


@compiles(s.Compare)
def _comparison(compiler: Compiler, node: s.Compare) -> Code:
    operation, left, right = compare.OPERATORS[node.op], compiler.code(node.left), compiler.code(node.right)
    return lambda env: operation(left(env), right(env))


@compiles(s.Between)
def _between(compiler: Compiler, node: s.Between) -> Code:
    value, low, high = compiler.code(node.value), compiler.code(node.low), compiler.code(node.high)

    def code(env: Env) -> Value:
        it, start, end = value(env), low(env), high(env)
        if it is None or start is None or end is None:
            return None
        return compare.both(compare.at_most(start, it), compare.at_most(it, end))

    return code


@compiles(s.InstanceOf)
def _instance(compiler: Compiler, node: s.InstanceOf) -> Code:
    value, kind = compiler.code(node.value), node.kind
    if kind is None:
        return lambda env: None
    return lambda env: instance_of(value(env), kind)


@compiles(s.Path)
def _path(compiler: Compiler, node: s.Path) -> Code:
    source, name = compiler.code(node.source), node.name

    def code(env: Env) -> Value:
        value = source(env)
        return get(value, name, env.run) if type(value) is list else get(value, name)

    return code


@compiles(s.Filter)
def _selection(compiler: Compiler, node: s.Filter) -> Code:
    source = compiler.code(node.source)
    compiler.guessing += 1
    condition = compiler.within(["item"], node.condition)
    compiler.guessing -= 1

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


@compiles(s.Call)
def _call(compiler: Compiler, node: s.Call) -> Code:
    function = _callee(compiler, node.function)
    args = [compiler.code(arg) for arg in node.args]
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


def _callee(compiler: Compiler, node: s.Node) -> Code:
    """What is called; a variable that is no function does not hide the built-in function of its name."""
    function = compiler.code(node)
    builtin = BUILTINS.get(node.name) if isinstance(node, s.Name) else None
    if builtin is None:
        return function

    def code(env: Env) -> Value:
        found = function(env)
        return found if isinstance(found, Function) else builtin

    return code


@compiles(s.RangeNode)
def _interval(compiler: Compiler, node: s.RangeNode) -> Code:
    start, end = compiler.code(node.start), compiler.code(node.end)
    low, high = node.start_included, node.end_included
    return lambda env: make_range(start(env), end(env), low, high)


@compiles(s.UnaryRange)
def _unary_range(compiler: Compiler, node: s.UnaryRange) -> Code:
    end, op = compiler.code(node.end), node.op

    def code(env: Env) -> Value:
        value = end(env)
        if value is None or op == "!=":
            return None
        if op == "=":
            return make_range(value, value, True, True)
        return Range(value, None, op == ">=", False) if op[0] == ">" else Range(None, value, False, op == "<=")

    return code


@compiles(s.ListNode)
def _listing(compiler: Compiler, node: s.ListNode) -> Code:
    items = [compiler.code(item) for item in node.items]
    size = 1 + len(items) // 8

    def code(env: Env) -> Value:
        env.run.charge(size)
        return [item(env) for item in items]

    return code


@compiles(s.ContextNode)
def _context(compiler: Compiler, node: s.ContextNode) -> Code:
    if len({key for key, _ in node.entries}) != len(node.entries):
        return lambda env: None
    entries = []
    for key, value in node.entries:
        entries.append((key, compiler.code(value)))
        compiler.bound.append(key)
    del compiler.bound[len(compiler.bound) - len(entries) :]

    def code(env: Env) -> Value:
        made: dict[str, Value] = {}
        inner = env.inner(made)
        for key, value in entries:
            made[key] = value(inner)
        return made

    return code


@compiles(s.If)
def _condition(compiler: Compiler, node: s.If) -> Code:
    condition, then, otherwise = (
        compiler.code(node.condition),
        compiler.code(node.then),
        compiler.code(node.otherwise),
    )
    return lambda env: then(env) if condition(env) is True else otherwise(env)


@compiles(s.Lambda)
def _function(compiler: Compiler, node: s.Lambda) -> Code:
    parameters = tuple(Parameter(name, kind) for name, kind in node.parameters)
    names = [name for name, _ in node.parameters]
    body = compiler.within(names, node.body)
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
