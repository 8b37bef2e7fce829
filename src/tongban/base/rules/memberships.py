"""Unary tests and the operator `in`: what a value must meet (DMN 10.3.2.13.2, grammar rules 7 and 17)."""

from __future__ import annotations

from collections.abc import Callable

from . import compare
from . import syntax as s
from .compiler import Code, Compiler, compiles
from .run import Env
from .values import Value

Test = Callable[[Value, Env], bool | None]


def tests_of(compiler: Compiler, node: s.Tests) -> Test:
    """The unary tests of a cell; `env` binds `?`."""
    compiler.bound.append("?")
    tests = [_test(compiler, test) for test in node.tests]
    compiler.bound.pop()
    if not tests:
        return lambda value, env: True
    found = _any_of(tests)
    if not node.negated:
        return found

    def negated(value: Value, env: Env) -> bool | None:
        met = found(value, env)
        return None if met is None else not met

    return negated


def _test(compiler: Compiler, test: s.Test) -> Test:
    """A positive unary test of a value."""
    operand = compiler.code(test.operand)
    if test.op:
        operation = compare.OPERATORS[test.op]
        return lambda value, env: operation(value, operand(env))
    plain = isinstance(test.operand, s.Const)
    asks = test.asks

    def code(value: Value, env: Env) -> bool | None:
        tested = operand(env)
        if type(tested) is bool and not plain and (asks or type(value) is not bool):
            return tested
        return compare.member(value, tested)

    return code


@compiles(s.In)
def _membership(compiler: Compiler, node: s.In) -> Code:
    value = compiler.code(node.value)
    if not node.tests:
        return lambda env: None
    compiler.bound.append("?")
    tests = [_member(compiler, test) for test in node.tests]
    compiler.bound.pop()
    found = _any_of(tests)
    return lambda env: found(value(env), env)


def _member(compiler: Compiler, test: s.Test) -> Test:
    operand = compiler.code(test.operand)
    if test.op:
        operation = compare.OPERATORS[test.op]
        return lambda value, env: operation(value, operand(env))
    if not test.asks:
        return lambda value, env: compare.member(value, operand(env))

    def asking(value: Value, env: Env) -> bool | None:
        tested = operand(env.inner({"?": value}))
        return tested if type(tested) is bool else compare.member(value, tested)

    return asking


def _any_of(tests: list[Test]) -> Test:
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
