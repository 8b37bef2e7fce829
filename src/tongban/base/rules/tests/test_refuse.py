"""Hostile texts (security rows T24, T25, T33): nothing runs, nothing leaks, nothing takes long."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tongban.base.rules.api import (
    compile_expression,
    compile_unary_tests,
    from_feel,
    load_dmn,
    load_table_csv,
    to_json,
)
from tongban.base.rules.data import BudgetExceeded, FeelError, ModelError, TableError

SECONDS = 0.6  # far above what is measured (under 0.1), so that a busy machine does not fail the test
ALLOWED = (FeelError, BudgetExceeded, ModelError, TableError)

CODE = [
    "__import__('os').system('touch CANARY')",
    '__import__("os").system("touch CANARY")',
    "().__class__.__bases__[0].__subclasses__()",
    '"".__class__.__mro__',
    "x.__class__",
    "x.__init__.__globals__",
    "f.__globals__",
    "f.__code__.co_consts",
    "[].__len__()",
    "{a: 1}.keys()",
    '"a".upper()',
    '"{0.__class__}".format(1)',
    'eval("1+1")',
    'exec("open(1)")',
    'open("/etc/passwd").read()',
    "lambda: 1",
    "import os",
    "os.environ",
    "globals()",
    "x.real",
    "date.__class__",
    "now.__self__",
    "sort([1,2], __import__)",
    "`touch CANARY`",
    "$(touch CANARY)",
    "${jndi:ldap://localhost/a}",
    "{{ 7*7 }}",
    "{% debug %}",
    'function() external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}',
    '{r: function(c) external {java: {class: "java.lang.Runtime", method signature: "exec(String)"}}, '
    'x: r("touch CANARY")}.x',
    'get value(x, "__class__")',
    'context put({}, "__class__", 1).__class__',
    "@\"__import__('os')\"",
    "string(len)",
]
BOMBS = [
    "for i in 1..10000000000 return i",
    "count(for i in 1..1000, j in 1..1000, k in 1..1000 return 1)",
    "some i in 1..100000000000 satisfies false",
    "{f: function(x) f(x), r: f(1)}.r",
    "{f: function(x) f(x) + f(x), r: f(1)}.r",
    "{f: function(g) g(g), r: f(f)}.r",
    "9**9**9**9**9",
    "exp(exp(exp(9)))",
    'for i in 1..60 return if i = 1 then "aaaaaaaa" else partial[-1] + partial[-1]',
    "for i in 1..90000 return big + string(i)",
    "for i in 1..90 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
    "string(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])",
    "flatten(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])",
    "(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]).a",
    "for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]",
    "{l: for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]], r: l = l}.r",
    "distinct values(for i in 1..90000 return i)",
    "sort(for i in 1..90000 return i, function(a, b) a < b)",
    'split(big, "a?")',
    'matches(big, "^(a+)+$")',
    'matches(big, "(a*)*b")',
    'matches(big, "(a|a)*b")',
    'matches(big, "(.*)(.*)(.*)(.*)(.*)b")',
    'matches(big, "(a+)\\\\1+b")',
    'matches(big, "a{1000}{1000}")',
    'matches("a", "((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9})")',
    'replace(big, "a", big)',
    '"' + "a" * 200_000 + '"',
    "(" * 40_000,
    "[" * 40_000,
    "{a:" * 10_000,
    "-" * 40_000 + "1",
    "x in (" * 5_000,
    "[1.." * 5_000,
    "not(" * 5_000,
    "if a then b else " * 2_000 + "1",
    "a." * 20_000 + "a",
    "f" + "()" * 20_000,
    "1" + "+1" * 20_000,
    "true" + " and true" * 5_000,
    "1" + "=1" * 10_000,
    "a" + "[1]" * 10_000,
    "function(x) " * 3_000 + "x",
    "9" * 40_000,
    "a " * 25_000,
    "/*" * 20_000,
    '"\\u' * 10_000,
    "f(" + "a b c d e f, " * 3_000 + "1)",
]


def _quietly(run: object) -> float:
    started = time.process_time()
    with contextlib.suppress(*ALLOWED):
        run()  # type: ignore[operator]
    return time.process_time() - started


@pytest.mark.parametrize("text", CODE)
def test_code_is_never_run(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    context = {"x": 1, "f": compile_expression("function(a) a").evaluate({})}
    for compiled in (compile_expression, compile_unary_tests):
        try:
            made = compiled(text)
        except FeelError:
            continue
        value = made.evaluate(context) if hasattr(made, "evaluate") else made.matches(1, context)
        assert "class" not in str(from_feel(value)) or type(from_feel(value)) in (str, bool)
        assert not callable(from_feel(value))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_bombs_are_bounded(text: str) -> None:
    context = {"x": 1, "f": None, "a": [1], "big": "a" * 20_000}
    assert _quietly(lambda: to_json(compile_expression(text).evaluate(context))) < SECONDS
    assert _quietly(lambda: compile_unary_tests(text)) < SECONDS


DEFINITIONS = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">{}</definitions>'
)


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE d [<!ENTITY a "b">]><definitions>&a;</definitions>',
        '<!DOCTYPE d SYSTEM "file:///etc/passwd"><definitions/>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions>&x;</definitions>',
        '<!DOCTYPE d [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><definitions>&c;</definitions>',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]><definitions/>',
        "<definitions>" + "<a>" * 500 + "</a>" * 500 + "</definitions>",
        "<definitions",
        "",
        "<other/>",
        "\x00\x01",
        DEFINITIONS.format(
            '<decision id="d" name="d"><literalExpression><text>1 +</text></literalExpression></decision>'
        ),
        DEFINITIONS.format(
            '<decision id="d" name="d"><informationRequirement><requiredInput href="#gone"/>'
            "</informationRequirement></decision>"
        ),
        DEFINITIONS.format('<import name="i" namespace="missing"/>'),
    ],
    ids=range(13),
)
def test_models_are_refused_with_a_reason(xml: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_dmn(xml.encode())
    assert caught.value.message


def test_a_script_in_a_model_is_refused_at_load() -> None:
    xml = DEFINITIONS.format(
        '<decision id="d" name="d"><literalExpression expressionLanguage="http://www.java.com/java">'
        "<text>System.exit(1)</text></literalExpression></decision>"
    )
    with pytest.raises(ModelError, match="another language"):
        load_dmn(xml.encode())


def test_a_table_is_no_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in CODE:
        quoted = '"' + text.replace('"', '""') + '"'
        assert _quietly(lambda q=quoted: load_table_csv(f"U,in: x,out: y\n,{q},{q}\n", "t").decide({"x": 1})) < SECONDS
    assert list(tmp_path.iterdir()) == []
