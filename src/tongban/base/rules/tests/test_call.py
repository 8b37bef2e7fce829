"""Every function of the library, with arguments of every type: a value or null, never an exception."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest

from tongban.base.rules.api import compile_expression
from tongban.base.rules.builtins import BUILTINS
from tongban.base.rules.data import BudgetExceeded
from tongban.base.rules.run import Run
from tongban.base.rules.values import FEEL_TYPES, text_of

MOMENT = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
VALUES = [
    compile_expression(text).evaluate({})
    for text in [
        "null",
        "true",
        "0",
        "-1.5",
        "9e6000",
        "-1e-6000",
        "12345678901234567890123456789012345",
        '""',
        '"a(b"',
        '"2020-02-30"',
        '"海口🐎"',
        "[]",
        "[1, null, 3]",
        '["b", "a"]',
        "[[1], {a: 1}]",
        "[true, false]",
        "{}",
        '{key: "a", value: 1}',
        '@"2020-02-29"',
        '@"-999999999-01-01"',
        '@"999999999-12-31T23:59:59@Asia/Shanghai"',
        '@"2020-01-01T00:00:00"',
        '@"10:00:00@Europe/Paris"',
        '@"23:59:59.999999999Z"',
        '@"P999999999Y"',
        '@"-P99999999999DT1S"',
        "[1..5)",
        '(> @"2020-01-01")',
        "function(a, b) a < b",
        "function() 1 / 0",
    ]
]


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_a_function_takes_anything(name: str) -> None:
    chance = random.Random(name)
    some = [chance.choices(VALUES, k=count) for count in (0, 3, 4) for _ in range(60)]
    for args in itertools.chain(([a] for a in VALUES), itertools.product(VALUES, VALUES), some):
        try:
            result = BUILTINS[name].invoke(Run(5000, 1.0, lambda: MOMENT), list(args))
        except BudgetExceeded:
            continue
        assert result is None or isinstance(result, FEEL_TYPES)
        text_of(result)


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "**", "=", "!=", "<", ">=", "and", "or", "in", "between 0 and"])
def test_an_operator_takes_anything(sign: str) -> None:
    expression = compile_expression(f"a {sign} b")
    for a, b in itertools.product(VALUES, VALUES):
        result = expression.evaluate({"a": a, "b": b})
        assert result is None or isinstance(result, FEEL_TYPES)


@pytest.mark.parametrize("name", ["year", "weekday", "hour", "time offset", "timezone", "days", "months", "start", "x"])
def test_a_path_goes_anywhere(name: str) -> None:
    expression = compile_expression(f"a.{name}")
    for value in VALUES:
        result = expression.evaluate({"a": value})
        assert result is None or isinstance(result, FEEL_TYPES)


def test_signatures_are_those_of_the_standard() -> None:
    for call in [
        'replace(input: "a", pattern: "a", replacement: "b", flags: "i")',
        'time(hour: 1, minute: 2, second: 3, offset: @"PT1H")',
        'date and time(date: @"2020-01-01", time: @"10:00:00")',
        'number(from: "1", grouping separator: ",", decimal separator: ".")',
        'years and months duration(from: @"2020-01-01", to: @"2021-01-01")',
        "insert before(list: [1], position: 1, newItem: 2)",
        "list contains(list: [1], element: 1)",
        "index of(list: [1], match: 1)",
        "modulo(dividend: 5, divisor: 3)",
        "round half up(n: 1.5, scale: 0)",
        "before(point1: 1, point2: 2)",
        "before(range: [1..2], point: 3)",
        "includes(range: [1..2], point: 1)",
        "overlaps after(range1: [3..8], range2: [1..5])",
        'context put(context: {}, keys: ["a"], value: 1)',
        "list replace(list: [1], match: function(item, newItem) true, newItem: 2)",
        "not(negand: true)",
        "is(value1: 1, value2: 1)",
        'get value(m: {a: 1}, key: "a")',
        'string join(list: ["a"], delimiter: "")',
        'range(from: "[1..2]")',
        "sort(list: [1], precedes: function(x, y) x < y)",
        "sublist(list: [1], start position: 1, length: 1)",
        'split(string: "a", delimiter: ";")',
        "append(list: [1], item: 2)",
        "concatenate(list: [1])",
    ]:
        assert compile_expression(call).evaluate({}) is not None, call
