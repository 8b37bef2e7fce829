"""T24, T25: forty payloads in nine positions of a diagram; nothing is executed, nothing takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from tongban.engine.process.checks import unready
from tongban.engine.process.compile import read
from tongban.engine.process.feel import FeelJudge
from tongban.engine.process.step import Step, waits
from tongban.engine.process.stimuli import Begin, Complete
from tongban.engine.process.tokens import State

CANARY = "/tmp/tongban-canary"
COMMANDS = [
    "__import__('os').system('touch {}')",
    "open('{}','w').write('x')",
    "exec(\"import os; os.system('touch {}')\")",
    "eval(compile(\"open('{}','w')\",'x','exec'))",
    "().__class__.__bases__[0].__subclasses__()",
    "[x for x in ().__class__.__base__.__subclasses__() if x.__name__=='Popen'][0]('touch {}',shell=True)",
    "getattr(__builtins__,'open')('{}','w')",
    "lambda: open('{}','w')",
    "import os",
    "import os; os.remove('/etc/passwd')",
    "${{''.class.forName('java.lang.Runtime').getRuntime().exec('touch {}')}}",
    "#{{execution.setVariable('x', 'touch {}')}}",
    "${{java.lang.System.exit(1)}}",
    "#{{T(java.lang.Runtime).getRuntime().exec('touch {}')}}",
    "new java.lang.ProcessBuilder(['touch','{}']).start()",
    "'touch {}'.execute()",
    "require('child_process').execSync('touch {}')",
    "process.mainModule.require('fs').writeFileSync('{}','x')",
    "this.constructor.constructor('return process')().exit()",
    "while(true){{}}",
    "for(;;);",
    "{{% import os %}}{{{{ os.system('touch {}') }}}}",
    "{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}",
    "<%= `touch {}` %>",
    "; touch {} ;",
    "$(touch {})",
    "`touch {}`",
    "| touch {}",
    "' OR 1=1; DROP TABLE process_instance; --",
    "'; COPY (SELECT 1) TO PROGRAM 'touch {}'; --",
    "subject.__class__.__init__.__globals__",
    "variables.__class__",
    'function() external {{java: {{class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}}}',
    "for i in 1..100000000 return i",
    "sum(for i in 1..10000, j in 1..10000 return i*j)",
    'string join(for i in 1..10000000 return "xxxxxxxxxxxxxxxx")',
    "9**9**9**9",
    'matches(string join(for i in 1..60 return "a"), "(a+)+$b")',
    "{open}1{close}",
    "some x in 1..1000000 satisfies some y in 1..1000000 satisfies x = -y",
]
PAYLOADS = [
    c.replace("{open}", "(" * 3000).replace("{close}", ")" * 3000) if "{open}" in c else c.format(CANARY)
    for c in COMMANDS
]

FLOWS = ("s -> x", "x -> t", "t -> e")
TASK = '<startEvent id="s"/><exclusiveGateway id="x"/><userTask id="t"/><endEvent id="e"/>'
TIMER = (
    '<startEvent id="s"/><exclusiveGateway id="x"/><endEvent id="e"/><intermediateCatchEvent id="t">'
    "<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition></intermediateCatchEvent>"
)


def _script(draw: Callable[..., bytes], p: str) -> bytes:
    body = TASK.replace('<userTask id="t"/>', f'<scriptTask id="t"><script>{escape(p)}</script></scriptTask>')
    return draw(body, *FLOWS)


def _condition(draw: Callable[..., bytes], p: str) -> bytes:
    return draw(TASK, *FLOWS).replace(
        b'targetRef="t">', f'targetRef="t"><conditionExpression>{escape(p)}</conditionExpression>'.encode()
    )


def _timer(draw: Callable[..., bytes], p: str) -> bytes:
    return draw(TIMER.format(escape(p)), *FLOWS)


def _loop(draw: Callable[..., bytes], p: str) -> bytes:
    inner = f"<loopCardinality>{escape(p)}</loopCardinality><completionCondition>{escape(p)}</completionCondition>"
    loop = f"<multiInstanceLoopCharacteristics>{inner}</multiInstanceLoopCharacteristics>"
    return draw(TASK.replace('<userTask id="t"/>', f'<userTask id="t">{loop}</userTask>'), *FLOWS)


def _collection(draw: Callable[..., bytes], p: str) -> bytes:
    loop = f"<multiInstanceLoopCharacteristics tongban:collection={quoteattr(p)}/>"
    return draw(TASK.replace('<userTask id="t"/>', f'<userTask id="t">{loop}</userTask>'), *FLOWS)


def _assignment(draw: Callable[..., bytes], p: str) -> bytes:
    pair = f"<assignment><from>{escape(p)}</from><to>{escape(p)}</to></assignment>"
    data = f"<dataInputAssociation><transformation>{escape(p)}</transformation>{pair}</dataInputAssociation>"
    return draw(TASK.replace('<userTask id="t"/>', f'<userTask id="t">{data}</userTask>'), *FLOWS)


def _verb(draw: Callable[..., bytes], p: str) -> bytes:
    task = f'<serviceTask id="t" tongban:verb={quoteattr(p)} implementation={quoteattr(p)}/>'
    return draw(TASK.replace('<userTask id="t"/>', task), *FLOWS)


def _office(draw: Callable[..., bytes], p: str) -> bytes:
    task = f'<userTask id="t" tongban:office={quoteattr("= " + p)} tongban:form={quoteattr(p)}/>'
    return draw(TASK.replace('<userTask id="t"/>', task), *FLOWS)


def _extension(draw: Callable[..., bytes], p: str) -> bytes:
    listener = f'<v:listener xmlns:v="urn:vendor" class={quoteattr(p)}><v:script>{escape(p)}</v:script></v:listener>'
    task = f'<userTask id="t"><extensionElements>{listener}</extensionElements></userTask>'
    return draw(TASK.replace('<userTask id="t"/>', task), *FLOWS)


POSITIONS = [_script, _condition, _timer, _loop, _collection, _assignment, _verb, _office, _extension]


@pytest.mark.parametrize("position", POSITIONS)
def test_t25_payloads_are_refused_or_mean_nothing(position: Callable[..., bytes], draw: Callable[..., bytes]) -> None:
    for payload in PAYLOADS:
        xml = position(draw, payload)
        began = time.process_time()
        reading = read(xml)
        if reading.graph is not None and not reading.findings:
            _live(reading.graph)
        assert time.process_time() - began < 0.6, payload
        if position is _script:
            assert reading.findings
        if position is _verb:
            assert reading.graph is not None
            assert unready(reading.graph)
    assert not Path(CANARY).exists()


def _live(graph: object) -> None:
    """Start the process and complete what it opens."""
    from tongban.base.kernel.api import now

    state, judge = State(), FeelJudge(now())
    step = Step(graph, state, judge)
    step.take(Begin(graph.main[0]))
    step.run()
    for wait in waits(graph, state):
        if wait.kind == "task" and wait.token in state.tokens:
            step = Step(graph, state, judge)
            step.take(Complete(wait.token))
            step.run()


BOMB = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=False)
)


@pytest.mark.parametrize(
    "doctype",
    [
        BOMB + "]>",
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{CANARY}">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]>',
        "<!-- a remark --><?pi x?>\n<!DOCTYPE d>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_t24_a_document_type_is_refused(doctype: str, encoding: str, draw: Callable[..., bytes]) -> None:
    text = draw(TASK.replace('id="t"', 'id="t" name="&i;&x;"'), *FLOWS).decode()
    began = time.process_time()
    reading = read((f'<?xml version="1.0" encoding="{encoding}"?>' + doctype + text).encode(encoding))
    assert reading.graph is None
    assert "document type" in reading.findings[0].reason
    assert time.process_time() - began < 0.1


def test_includes_are_not_followed(draw: Callable[..., bytes]) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    reading = read(draw(TASK + f"<documentation>{include}</documentation>", *FLOWS))
    assert reading.findings == ()


def test_other_expression_languages_are_named() -> None:
    head = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" expressionLanguage="urn:x-groovy">'
    body = (
        '<process id="p"><startEvent id="s"/><task id="a"/><sequenceFlow id="f" sourceRef="s" targetRef="a">'
        "<conditionExpression>true</conditionExpression></sequenceFlow></process></definitions>"
    )
    (finding,) = read((head + body).encode()).findings
    assert (finding.element, "urn:x-groovy" in finding.reason) == ("f", True)
    assert read((head + body).encode(), opaque=True).findings == ()
