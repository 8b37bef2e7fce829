"""FEEL expressions by area of DMN 10.3; each expectation is itself written in FEEL."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.base.rules.api import compile_expression, compile_unary_tests, from_feel, to_feel, to_json
from tongban.base.rules.compare import same
from tongban.base.rules.data import BudgetExceeded, FeelError, ForeignValue
from tongban.base.rules.values import Function, text_of

CASES = {
    "arithmetic": """
        1 + 2 * 3 ** 2 -> 19
        -2 ** 2 -> 4
        2 ** 3 ** 2 -> 64
        10 - -3 -> 13
        10 / 4 -> 2.5
        1 / 0 -> null
        0.1 + 0.2 = 0.3 -> true
        1 / 3 -> 0.3333333333333333333333333333333333
        1.2e3 -> 1200
        .5 + .5 -> 1
        "a" + "b" -> "ab"
        "a" + 1 -> null
        1 + null -> null
        "a" - "b" -> null
        - (1 + 2) -> -3
        10 ** 9999 -> null
    """,
    "logic": """
        true and null -> null
        false and "a" -> false
        true or "a" -> true
        null or false -> null
        not("a") -> null
        not(1 = 2) and true -> true
        if null then 1 else 2 -> 2
        if "a" then 1 else 2 -> 2
        1 = "1" -> null
        null = null -> true
        1 != null -> true
        [1, 2] = [1.0, 2] -> true
        [1, "2"] = [1, 2] -> false
        {a: 1} = {a: 1.0} -> true
        "a" < "b" -> true
        1 < "b" -> null
        5 between 1 and 10 and true -> true
        null between 1 and 2 -> null
    """,
    "membership": """
        1 in [1..3] -> true
        3 in [1..3) -> false
        5 in (> 3, < 1) -> true
        5 in > 3 -> true
        1 in ([2..3], 1) -> true
        "x" in ("a", "x") -> true
        1 in [[1..3], 7] -> true
        [1, 2] in [[1, 2], [3]] -> true
        null in (null) -> true
        "a" in [1..3] -> null
        @"2020-01-05" in [@"2020-01-01"..@"2020-01-10"] -> true
        (< 10) = (null..10) -> true
        [1..2] = [1..2) -> false
        (> 5).start -> 5
        [1..10].end included -> true
        ]1..5[ = (1..5) -> true
        ["a".."c"] instance of range<string> -> true
    """,
    "lists and contexts": """
        [1, 2, 3][2] -> 2
        [1, 2, 3][-1] -> 3
        [1, 2, 3][4] -> null
        [1, 2, 3][item > 1] -> [2, 3]
        [][1] -> null
        null[true] -> []
        "abc"[1] -> "abc"
        [{a: 1, b: 2}, {a: 3, b: 4}][a > 1].b -> [4]
        [{item: 1}, {item: 2}][item >= 2] -> [{item: 2}]
        [{a: 1}, {b: 2}].a -> [1, null]
        {a: 1, b: a + 1, "c d": b * 2, e: c d} -> {a: 1, b: 2, "c d": 4, e: 4}
        {a: {b: {c: 1}}}.a.b.c -> 1
        {foo: 1, foo: 2} -> null
        {"a b": 1}.a b -> 1
        {a + b: 3, r: a + b}.r -> 3
        {🐎: 1}.🐎 -> 1
        {a: 1}.x.y -> null
    """,
    "iteration": """
        for i in 1..3 return i * i -> [1, 4, 9]
        for i in 3..1 return i -> [3, 2, 1]
        for i in [1..3) return i -> [1, 2]
        for x in [1, 2], y in [x, 10] return x * y -> [1, 10, 4, 20]
        for i in 1..5 return if i = 1 then 1 else i * partial[-1] -> [1, 2, 6, 24, 120]
        for d in @"2020-02-28"..@"2020-03-01" return d.day -> [28, 29, 1]
        for x in null return x -> null
        some x in [1, 2], y in [2, 3] satisfies x = y -> true
        every x in [] satisfies false -> true
        every x in [null, true] satisfies x -> null
        some x in [null, false] satisfies x -> null
    """,
    "functions": """
        (function(x, y: number) x + y)(1, 2) -> 3
        (function(x: number) x)("a") -> null
        (function(x: number) x)([1]) -> 1
        (function(x) x)(1, 2) -> null
        {f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(20)}.r -> 2432902008176640000
        {f: function(a, b) a - b, r: f(b: 1, a: 3)}.r -> 2
        substring(string: "foobar", start position: 3) -> "obar"
        substring(text: "foobar", start position: 3) -> null
        abs(1, 2) -> null
        unknown function(1) -> null
        (function(a: number) a) instance of function<number> -> number -> true
        (function(x) function(y) x + y)(1)(2) -> 3
    """,
    "types": """
        1 instance of number -> true
        null instance of Any -> false
        [1, "a"] instance of list<number> -> false
        {a: 1, b: 2} instance of context<a: number> -> true
        @"P1Y" instance of years and months duration -> true
        @"PT1H" instance of days and time duration -> true
        @"2020-01-01T00:00:00" instance of date and time -> true
        @"2020-01-01" instance of date and time -> false
        contains(["foo"], "f") -> true
        count(1) -> 1
    """,
    "strings": r"""
        "\u0041\U01F40E \"q\"" -> "A🐎 \"q\""
        "\uD83D\uDC0E" -> "🐎"
        string length("🐎x") -> 2
        substring("foobar", -2, 1) -> "a"
        substring("foobar", 0) -> null
        substring before("foobar", "bar") -> "foo"
        substring after("foobar", "ob") -> "ar"
        upper case("aBc4") -> "ABC4"
        split("a;b;;c", ";") -> ["a", "b", "", "c"]
        string join(["a", null, "b"], "-") -> "a-b"
        string join(["a", 1]) -> null
        string([1, "a", {b: @"2020-01-01"}]) -> "[1, \"a\", {b: 2020-01-01}]"
        string(1.10) -> "1.10"
        string(null) -> null
        number("1 000,5", " ", ",") -> 1000.5
        number("1,000.5", ",", ".") -> 1000.5
        number("1,000.5", ",", ",") -> null
    """,
    "numbers": """
        decimal(1 / 3, 2) -> 0.33
        decimal(2.5, 0) -> 2
        floor(-1.56, 1) -> -1.6
        ceiling(1.1) -> 2
        round up(-5.5, 0) -> -6
        round down(1.129, 2) -> 1.12
        round half up(-2.55, 1) -> -2.6
        round half down(5.5, 0) -> 5
        modulo(-12, 5) -> 3
        modulo(10.1, 4.5) -> 1.1
        sqrt(-1) -> null
        log(0) -> null
        odd(-1) -> true
        even(0) -> true
    """,
    "list functions": """
        min([]) -> null
        max("a", "c", "b") -> "c"
        min([1, "a"]) -> null
        sum([]) -> null
        mean(1, 2, 3) -> 2
        median([6, 1, 2, 3]) -> 2.5
        mode([6, 1, 9, 6, 1]) -> [1, 6]
        stddev([47]) -> null
        all([true, null]) -> null
        any([]) -> false
        sublist([4, 5, 6], -2, 1) -> [5]
        append(1, 2, 3) -> [1, 2, 3]
        concatenate([1], [2, 3]) -> [1, 2, 3]
        insert before([1, 3], 2, 2) -> [1, 2, 3]
        remove([1, 2, 3], -1) -> [1, 2]
        index of([1, 2, 3, 2], 2) -> [2, 4]
        union([1, 2], [2, 3]) -> [1, 2, 3]
        flatten([[1, [2]], 3]) -> [1, 2, 3]
        list contains([1, null], null) -> true
        sort([3, 1, 2], function(a, b) a > b) -> [3, 2, 1]
        list replace([2, 4, 7], function(item, newItem) item < newItem, 5) -> [5, 5, 7]
        list replace([2, 4, 7], -1, 0) -> [2, 4, 0]
    """,
    "context functions": """
        get value({a: 1}, "a") -> 1
        get entries({a: 1}) -> [{key: "a", value: 1}]
        context([{key: "a", value: 1}]) -> {a: 1}
        context([{key: "a", value: 1}, {key: "a", value: 2}]) -> null
        context put({x: {y: 1}}, ["x", "y"], 2) -> {x: {y: 2}}
        context merge([{a: 1}, {a: 2, b: 3}]) -> {a: 2, b: 3}
    """,
    "dates and times": """
        date("2017-02-30") -> null
        string(date("-999999999-12-31")) -> "-999999999-12-31"
        date("01211-12-31") -> null
        time("11:22:33@Europe/Nowhere") -> null
        string(time(11, 59, 45, duration("PT2H45M55S"))) -> "11:59:45+02:45:55"
        date and time("2017-12-31T11:22:33+01:00@Europe/Paris") -> null
        @"2021-07-01T02:00:00@Europe/Paris" = @"2021-07-01T00:00:00Z" -> true
        @"2021-01-01T00:00:00" = @"2021-01-01T00:00:00Z" -> true
        @"2021-01-01T00:00:00" < @"2021-01-01T00:00:01Z" -> true
        is(@"10:00:00Z", @"10:00:00+00:00") -> true
        is(@"10:00:00Z", @"11:00:00+01:00") -> false
        @"2020-02-29" + @"P1Y" -> @"2021-02-28"
        @"2020-01-31" + @"P1M" -> @"2020-02-29"
        @"2020-01-01" + @"PT25H" -> @"2020-01-02"
        @"23:00:00" + @"PT2H" -> @"01:00:00"
        @"2018-10-11" - @"2017-10-11" -> @"P365D"
        @"2024-03-31T01:30:00@Europe/Paris" + @"PT1H" -> @"2024-03-31T03:30:00@Europe/Paris"
        duration("P1Y1D") -> null
        string(duration("PT36H")) -> "P1DT12H"
        string(duration("-P13M")) -> "-P1Y1M"
        @"P1D" / @"PT1H" -> 24
        @"P1Y" * 2 -> @"P2Y"
        @"P1Y" > @"P1D" -> null
        years and months duration(@"2016-08-25", @"2017-08-11") -> @"P11M"
        duration("-P13M").months -> -1
        @"2019-01-01".weekday -> 2
        @"2019-01-01T10:30:20@Etc/UTC".timezone -> "Etc/UTC"
        @"10:00:00+01:00".time offset -> @"PT1H"
        week of year(@"2005-01-01") -> 53
        day of year(date: @"2020-03-01") -> 61
        day of week(@"2019-09-17") -> "Tuesday"
        month of year(@"2019-09-17") -> "September"
    """,
    "ranges": """
        before([1..10), 10) -> true
        before(1, [1..10]) -> false
        after([5..10], [1..5)) -> true
        meets([1..5], [5..10]) -> true
        met by([5..10], [1..5)) -> false
        overlaps([1..5], [5..8]) -> true
        overlaps before([1..5], [3..8]) -> true
        overlaps after([3..8], [1..5)) -> true
        finishes(10, [1..10]) -> true
        includes([1..10], [2..3]) -> true
        during(10, [1..10)) -> false
        started by([1..10], 1) -> true
        coincides([1..5], [1..5]) -> true
        range("[1..5)") -> [1..5)
        range("(..@\\"2020-01-01\\"]").end -> @"2020-01-01"
        range("[5..1]") -> null
    """,
    "comments": """
        /* one */ 1 + /* two */ 1 -> 2
        1 // rest -> 1
    """,
}


def _lines() -> list[tuple[str, str, str]]:
    found = []
    for area, text in CASES.items():
        for line in text.strip().splitlines():
            expression, _, expected = line.strip().rpartition(" -> ")
            found.append((area, expression, expected))
    return found


@pytest.mark.parametrize(("area", "text", "expected"), _lines())
def test_expression_has_the_value_of_the_standard(area: str, text: str, expected: str) -> None:
    actual = compile_expression(text).evaluate({})
    wanted = compile_expression(expected).evaluate({})
    assert same(actual, wanted), f"{text}: {text_of(actual)} is not {text_of(wanted)}"


@pytest.mark.parametrize(
    ("names", "text", "expected"),
    [
        (["a - b", "a", "b"], "a - b", 1),
        (["a", "b"], "a - b", 7),
        (["a+b", "a", "b"], "a + b", 2),
        (["loan amount"], "loan  amount * 2", 6),
        (["注册资本"], "注册资本 / 2", 4),
        (["days in month", "in"], "days in month + 1", 31),
        (["Pre-bureau risk/category"], "Pre-bureau risk/category", "LOW"),
        ((), "first name", "Li"),
        ((), "date of birth.year", 2000),
        ((), 'people[date of birth > @"2000-01-01"].count of pets', [2]),
        (["date"], "people[date of birth = date].count of pets[1]", 1),
        ((), "count(people)", 2),
    ],
)
def test_names_hold_spaces_and_operators(names: list[str], text: str, expected: object) -> None:
    context = {
        "a - b": 1,
        "a": 10,
        "b": 3,
        "a+b": 2,
        "loan amount": 3,
        "注册资本": 8,
        "days in month": 30,
        "Pre-bureau risk/category": "LOW",
        "first name": "Li",
        "date": dt.date(1999, 1, 1),
        "date of birth": dt.date(2000, 1, 1),
        "people": [
            {"date of birth": dt.date(1999, 1, 1), "count of pets": 1},
            {"date of birth": dt.date(2001, 1, 1), "count of pets": 2},
        ],
    }
    assert from_feel(compile_expression(text, names).evaluate(context)) == expected


@pytest.mark.parametrize(
    ("tests", "value", "met"),
    [
        ("-", None, True),
        ("< 5, 10", 10, True),
        ("[1..3]", 3, True),
        ('not("a", "b")', "c", True),
        ('not("a", "b")', "a", False),
        ("null", None, True),
        ("not(null)", None, False),
        ("> limit", 5, True),
        ("? > limit and ? < 9", 5, True),
        ("limit > 3", 5, False),
        ("true", True, True),
        ("false", None, False),
        ('starts with(?, "海")', "海口", True),
        ('["a", "b"]', "b", True),
        ("> 5", "text", False),
        ("not(true) or ? = 5", 5, True),
    ],
)
def test_unary_tests(tests: str, value: object, met: bool) -> None:
    assert compile_unary_tests(tests).matches(value, {"limit": 3}) is met


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("1 +", 1, 4),
        ("1 +\n  * 2", 2, 3),
        ('"open', 1, 1),
        ("if a then b", 1, 12),
        ("(1, 2)", 1, 3),
        ("[1, 2", 1, 6),
        ("a b c )", 1, 7),
        ("{a: 1,}", 1, 7),
        ("", 1, 1),
    ],
)
def test_errors_name_their_place(text: str, line: int, column: int) -> None:
    with pytest.raises(FeelError) as caught:
        compile_expression(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_expression_tells_which_variables_it_reads() -> None:
    text = "for x in list return x + outer + count(list) + {a: 1, b: a}.b + list[price > 1][1]"
    assert compile_expression(text).names == {"list", "outer"}


def test_values_pass_the_door_both_ways() -> None:
    values = [None, True, 5, Decimal("2.5"), "x", [1, {"a": 2}], dt.date(2026, 2, 28), dt.time(9, 30)]
    values += [dt.datetime(2026, 2, 28, 9, 30, tzinfo=dt.UTC), dt.timedelta(hours=36)]
    assert from_feel(to_feel(values)) == values
    assert to_json(to_feel({"d": dt.date(2026, 2, 28), "n": 1.5})) == {"d": "2026-02-28", "n": 1.5}
    assert isinstance(compile_expression("function(x) x").evaluate({}), Function)


@pytest.mark.parametrize("value", [object(), len, {1: 2}, b"x", {"a": [set()]}, float])
def test_foreign_values_are_refused(value: object) -> None:
    with pytest.raises(ForeignValue):
        compile_expression("x").evaluate({"x": value})


def test_now_is_one_moment() -> None:
    moment = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)
    text = 'now() = @"2026-11-21T08:00:00Z" and today() = @"2026-11-21" and now() = now()'
    assert compile_expression(text).evaluate({}, now=lambda: moment) is True


def test_budget_is_the_callers() -> None:
    expression = compile_expression("count(for i in 1..1000 return i)")
    assert expression.evaluate({}) == 1000
    with pytest.raises(BudgetExceeded):
        expression.evaluate({}, budget=100)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab 12.+-*/()[]{}<>=,:\"'@?\\nifthenelse\u6d77🐎", max_size=40))
def test_any_text_gives_a_value_or_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(FeelError, BudgetExceeded):
        compile_expression(text, ["a b", "a-b"]).evaluate({"a": 1, "b": [1, 2]}, budget=2000)


@settings(max_examples=100, deadline=None)
@given(st.dates(), st.integers(-200_000, 200_000))
def test_days_add_like_python_days(day: dt.date, days: int) -> None:
    try:
        wanted = day + dt.timedelta(days=days)
    except OverflowError:
        return
    assert from_feel(compile_expression("d + n").evaluate({"d": day, "n": dt.timedelta(days=days)})) == wanted


@settings(max_examples=100, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(-6, 6))
def test_rounding_half_up_is_that_of_the_trade(value: Decimal, scale: int) -> None:
    if abs(value) > 10**20:
        return
    wanted = value.quantize(Decimal(1).scaleb(-scale), "ROUND_HALF_UP") if scale < 5 else value
    assert compile_expression("round half up(v, s)").evaluate({"v": value, "s": scale}) == wanted


@settings(max_examples=100, deadline=None)
@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)), st.integers(0, 10**7))
def test_seconds_add_like_python_seconds(moment: dt.datetime, seconds: int) -> None:
    context = {"m": moment, "s": dt.timedelta(seconds=seconds)}
    assert from_feel(compile_expression("m + s").evaluate(context)) == moment + dt.timedelta(seconds=seconds)
