"""The conformance command on what vendors and people really write: always a verdict, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tongban.engine.process.conformance import Shelf, files, judge

from .conftest import HEAD, SHARED, models

END = "</process></definitions>"
LINE = '<sequenceFlow id="f{}" sourceRef="{}" targetRef="{}"/>'


def flow(number: int, source: str, target: str) -> str:
    return LINE.format(number, source, target)


def verdict(tmp_path: Path, body: str | bytes, opaque: bool = False, name: str = "x.bpmn") -> tuple[str, str, str]:
    path = tmp_path / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    found = judge(path, name, Shelf(opaque))
    return found.result, found.element, found.reason


P = HEAD + '<process id="p">'
SIMPLE = P + '<startEvent id="s"/><task id="a"/><endEvent id="e"/>' + flow(1, "s", "a") + flow(2, "a", "e") + END


@pytest.mark.parametrize(
    "text",
    [
        SIMPLE,
        "\ufeff" + SIMPLE,
        SIMPLE.replace("<", "<b:").replace("<b:/", "</b:").replace("xmlns=", "xmlns:b="),
        SIMPLE.replace('sourceRef="s"', 'sourceRef="tns:s"').replace('targetRef="e"', 'targetRef="tns:e"'),
        SIMPLE.replace('<process id="p">', '<process id="p" isExecutable="false" processType="None" isClosed="false">'),
        P + END,
        HEAD + "</definitions>",
        HEAD + '<collaboration id="c"><participant id="x" name="Box"/><participant id="y"/>'
        '<messageFlow id="m" sourceRef="x" targetRef="y"/></collaboration></definitions>',
        P + '<task id="only"/>' + END,
        P + "<startEvent/><endEvent/>" + END,
        P + '<endEvent id="e"/><startEvent id="s"/>' + flow(1, "s", "e") + END,
        P + '<startEvent id="s"/><subProcess id="u"/><endEvent id="e"/>' + flow(1, "s", "u") + flow(2, "u", "e") + END,
        SIMPLE.replace('<task id="a"/>', '<task id="a"><x:y xmlns:x="urn:x" id="s"><x:z/></x:y></task>'),
        SIMPLE.replace('<task id="a"/>', '<callActivity id="a" calledElement="elsewhere"/>'),
        SIMPLE.replace('<task id="a"/>', '<callActivity id="a" calledElement="p"/>'),
        SIMPLE.replace('<task id="a"/>', '<callActivity id="a" calledElement="g"/>').replace(
            "</definitions>", '<globalUserTask id="g"/></definitions>'
        ),
        SIMPLE.replace('<task id="a"/>', '<serviceTask id="a" implementation="##WebService" operationRef="ns:op"/>'),
        SIMPLE.replace('<task id="a"/>', '<userTask id="a"><standardLoopCharacteristics/></userTask>'),
        SIMPLE.replace('<startEvent id="s"/>', '<startEvent id="s"><timerEventDefinition/></startEvent>'),
        SIMPLE.replace('<startEvent id="s"/>', '<receiveTask id="s" instantiate="true"/>'),
        SIMPLE.replace(
            '<process id="p">', '<process id="p"><laneSet><lane><flowNodeRef>gone</flowNodeRef></lane></laneSet>'
        ),
    ],
)
def test_tolerated(tmp_path: Path, text: str) -> None:
    assert verdict(tmp_path, text)[0::2] in {("runs", ""), ("runs", "holds no process")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "gbk", "gb18030"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + SIMPLE
    name = "审批" if encoding != "iso-8859-1" else "é"
    assert verdict(tmp_path, text.replace('id="a"', f'id="a" name="{name}"').encode(encoding))[0] == "runs"


MESSAGE = "<messageEventDefinition/>"
RACE = '<startEvent id="s"/><eventBasedGateway id="g"/>' + flow(1, "s", "g")
SUB = '<subProcess id="u">{}</subProcess>'


@pytest.mark.parametrize(
    ("body", "element"),
    [
        ('<startEvent id="s"/><task id="a"/>' + flow(1, "a", "s"), "f1"),
        ('<endEvent id="e"/><task id="a"/>' + flow(1, "e", "a"), "f1"),
        ('<task id="a"/><task id="b"/><boundaryEvent id="x" attachedToRef="a"><timerEventDefinition/></boundaryEvent>'
         + flow(1, "b", "x"), "f1"),
        ('<task id="a"/>' + SUB.format('<task id="b"/>') + flow(1, "a", "b"), "f1"),
        (RACE + '<task id="a"/>' + flow(2, "g", "a"), "g"),
        (SUB.format(f'<startEvent id="s">{MESSAGE}</startEvent>'), "s"),
        ('<task id="a"/><boundaryEvent id="x" attachedToRef="a"/>', "x"),
        ('<task id="a"/><boundaryEvent id="x" attachedToRef="a" cancelActivity="false"><errorEventDefinition/>'
         "</boundaryEvent>", "x"),
        ('<intermediateCatchEvent id="c"/>', "c"),
        ('<endEvent id="e"><timerEventDefinition/></endEvent>', "e"),
        ('<scriptTask id="x"/>', "x"),
        ('<complexGateway id="x"/>', "x"),
        ('<transaction id="x"/>', "x"),
        ('<adHocSubProcess id="x"/>', "x"),
        ('<subProcess id="x" triggeredByEvent="true"/>', "x"),
        ('<task id="x" isForCompensation="true"/>', "x"),
        ('<startEvent id="x"><signalEventDefinition/></startEvent>', "x"),
        ('<startEvent id="x"><messageEventDefinition/><timerEventDefinition/></startEvent>', "x"),
        ('<intermediateThrowEvent id="x"><escalationEventDefinition/></intermediateThrowEvent>', "x"),
        ('<intermediateThrowEvent id="x"><linkEventDefinition name="l"/></intermediateThrowEvent>', "x"),
        ('<intermediateCatchEvent id="x"><conditionalEventDefinition/></intermediateCatchEvent>', "x"),
        ('<endEvent id="x"><cancelEventDefinition/></endEvent>', "x"),
    ],
)  # fmt: skip
def test_refused_with_element_and_reason(tmp_path: Path, body: str, element: str) -> None:
    for opaque in (False, True):
        result, found, reason = verdict(tmp_path, P + body + END, opaque)
        assert (result, found, bool(reason)) == ("refused", element, True)


@pytest.mark.parametrize(
    "root",
    [
        '<choreography id="x"/>',
        '<collaboration id="c"><conversation id="x"/></collaboration>',
        '<globalScriptTask id="x"/>',
        '<collaboration id="c"><participant id="q" processRef="p"/><messageFlow id="x" sourceRef="a" targetRef="b"/>'
        '</collaboration><process id="p"><task id="a"/><task id="b"/></process>',
    ],
)
def test_refused_at_the_root(tmp_path: Path, root: str) -> None:
    assert verdict(tmp_path, HEAD + root + "</definitions>")[:2] == ("refused", "x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not XML at all",
        SIMPLE[:200],
        SIMPLE.replace('targetRef="e"', 'targetRef="gone"'),
        SIMPLE.replace('sourceRef="s" ', ""),
        SIMPLE.replace('<task id="a"/>', '<task id="a"/><task id="a"/>'),
        SIMPLE.replace('<endEvent id="e"/>', '<endEvent id="e"><messageEventDefinition messageRef="gone"/></endEvent>'),
        SIMPLE.replace('<task id="a"/>', '<task id="a" default="gone"/>'),
        SIMPLE.replace("BPMN/20100524/MODEL", "DMN/20180521/MODEL"),
        '<Package xmlns="http://www.wfmc.org/2008/XPDL2.1" Id="x"/>',
        P + '<boundaryEvent id="x"><timerEventDefinition/></boundaryEvent>' + END,
        P + "<subProcess>" * 400 + "</subProcess>" * 400 + END,
        b"\xff\xfe\x00\x01\x02",
        HEAD + '<collaboration id="c"><participant id="q" processRef="gone"/></collaboration></definitions>',
    ],
)
def test_malformed(tmp_path: Path, text: str | bytes) -> None:
    assert verdict(tmp_path, text)[0] == "malformed"


@pytest.mark.parametrize(
    "expression",
    [
        "${amount &gt; 100}",
        "#{ok}",
        "amount == 100",
        "amount &gt; 100 &amp;&amp; ok",
        "return true;",
    ],
)
def test_other_languages_are_free_choices_when_opaque(tmp_path: Path, expression: str) -> None:
    text = P + '<startEvent id="s"/><exclusiveGateway id="g"/><endEvent id="e"/><endEvent id="z"/>' + flow(1, "s", "g")
    text += f'<sequenceFlow id="f2" sourceRef="g" targetRef="e"><conditionExpression>{expression}</conditionExpression>'
    text += "</sequenceFlow>" + flow(3, "g", "z") + END
    assert verdict(tmp_path, text)[:2] == ("refused", "f2")
    assert verdict(tmp_path, text, opaque=True)[0] == "runs"


def test_calls_are_followed_into_files_beside(tmp_path: Path) -> None:
    (tmp_path / "inner.bpmn").write_text(SIMPLE.replace('id="p"', 'id="inner"'))
    caller = SIMPLE.replace('<task id="a"/>', '<callActivity id="a" calledElement="ns:inner"/>')
    assert verdict(tmp_path, caller)[0::2] == ("runs", "")


def test_an_end_that_no_run_can_reach_is_named(tmp_path: Path) -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="x"/><task id="a"/><task id="b"/><parallelGateway id="j"/>'
    pairs = (("s", "x"), ("x", "a"), ("x", "b"), ("a", "j"), ("b", "j"), ("j", "e"))
    text = P + body + '<endEvent id="e"/>' + "".join(flow(n, *pair) for n, pair in enumerate(pairs)) + END
    result, _, reason = verdict(tmp_path, text)
    assert (result, "no run can come to e: j" in reason) == ("runs", True)


def test_the_command_prints_one_line_per_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.bpmn").write_text(SIMPLE)
    (tmp_path / "deep" / "b.bpmn20.xml").write_text(P + "\n" + '<scriptTask id="x"/>' + END)
    (tmp_path / "deep" / "c.bpmn2").write_bytes(b"\x00\x01")
    (tmp_path / "other.xml").write_text("<a/>")
    (tmp_path / "gone.bpmn").symlink_to(tmp_path / "nowhere")
    command = [sys.executable, "-m", "tongban.engine.process.conformance", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert [list(line) for line in lines] == [["file", "result", "element", "line", "reason"]] * 4
    assert [(x["file"], x["result"], x["element"], x["line"]) for x in lines] == [
        ("a.bpmn", "runs", "", 0),
        ("gone.bpmn", "malformed", "", 0),
        ("deep/b.bpmn20.xml", "refused", "x", 2),
        ("deep/c.bpmn2", "malformed", "", 1),
    ]


@pytest.mark.skipif(not models("bpmn-spiff-tests"), reason=f"no public models in {SHARED.name} beside the checkout")
@pytest.mark.parametrize(("folder", "runs"), [("bpmn-spiff-tests", 67), ("bpmn-bpmnjs-examples", 25)])
def test_public_models(folder: str, runs: int) -> None:
    shelf = Shelf(opaque=True)
    found = [judge(path, path.name, shelf) for path in files(SHARED / folder)]
    assert [v for v in found if "cope" in v.reason or "no run" in v.reason] == []
    assert sum(v.result == "runs" for v in found) == runs


def test_damaged_files_never_break_the_command(tmp_path: Path, draw: Callable[..., bytes]) -> None:
    text = SIMPLE.encode()
    for cut in range(0, len(text), 7):
        verdict(tmp_path, text[:cut] + text[cut + 5 :])
