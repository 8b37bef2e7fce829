"""`for`, `some` and `every`: code that goes through domains (DMN 10.3.2.14)."""

from __future__ import annotations

from collections.abc import Iterator

from . import syntax as s
from .compiler import Code, Compiler, compiles
from .domains import iterable, steps
from .run import Env
from .values import Value


@compiles(s.For)
def _loop(compiler: Compiler, node: s.For) -> Code:
    iterations, names = _iterations(compiler, node.iterations)
    before, compiler.partial = compiler.partial, False
    body = compiler.within([*names, "partial"], node.body)
    partial, compiler.partial = compiler.partial, before or compiler.partial

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


@compiles(s.Quantified)
def _quantified(compiler: Compiler, node: s.Quantified) -> Code:
    iterations, names = _iterations(compiler, node.iterations)
    condition = compiler.within(names, node.condition)
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


def _iterations(compiler: Compiler, parts: tuple[s.Iteration, ...]) -> tuple[list[tuple[str, Code]], list[str]]:
    found, names = [], []
    for part in parts:
        found.append((part.name, _domain(compiler, part)))
        names.append(part.name)
        compiler.bound.append(part.name)
    del compiler.bound[len(compiler.bound) - len(names) :]
    return found, names


def _domain(compiler: Compiler, part: s.Iteration) -> Code:
    """The items to iterate: an iterable, or None (null) when there is nothing to iterate over."""
    source = compiler.code(part.source)
    if part.end is None:
        return lambda env: iterable(source(env))
    end = compiler.code(part.end)
    return lambda env: steps(source(env), end(env))


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
