"""T25, R16: 40 payloads in 11 positions of a whole pack. None runs, none hangs the machine: a pack has only FEEL."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.conftest import Town
from tests.packs.conftest import change
from tongban.base.kernel.api import DefinitionError
from tongban.packs import api as packs

CANARY = "/tmp/tongban-canary"
CODE = [
    f'__import__("os").system("touch {CANARY}")',
    f'open("{CANARY}", "w")',
    f"eval(\"open('{CANARY}','w')\")",
    f"exec(\"open('{CANARY}','w')\")",
    "().__class__.__base__.__subclasses__()",
    "holder_name.__class__.__mro__",
    '"{0.__class__}".format(holder_name)',
    "holder_name.__init__.__globals__",
    f'os.system("touch {CANARY}")',
    f'subprocess.run(["touch", "{CANARY}"])',
    "import os",
    f"lambda: open('{CANARY}', 'w')",
    "[x for x in ().__class__.__bases__]",
    "${7*7}",
    "#{7*7}",
    "{{ settings.SECRET_KEY }}",
    "{{ obj.delete }}",
    '{% include "/etc/passwd" %}',
    "${T(java.lang.Runtime).getRuntime().exec('touch x')}",
    'execution.setVariable("a", 1)',
    f"require('fs').writeFileSync('{CANARY}', '')",
    "process.exit()",
    'function(x) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}',
    "'; DROP TABLE hall_case; --",
    f'!!python/object/apply:os.system ["touch {CANARY}"]',
    f"`touch {CANARY}`",
    f"$(touch {CANARY})",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "file:///etc/passwd",
]
BOMBS = [
    "9**9**9**9 > 0",
    "count(for i in 1..1000000000 return i) > 0",
    "count(for i in 1..10000, j in 1..10000 return i * j) > 0",
    "some x in 1..100000000 satisfies x < 0",
    'string length(string join(for i in 1..1000000 return "aaaaaaaaaaaaaaaaaaaaaaaa")) > 0',
    "{f: function(x) f(x + 1), r: f(1)}.r > 0",
    'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")',
    'replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a|aa)+$", "x") = "y"',
    "(" * 5000 + "1" + ")" * 5000,
    "-" * 3000 + "1 < 0",
]
FORM, BPMN, RULES = "forms/elder_card.yaml", "processes/elder_card.bpmn", "rules/elder_card_eligibility.csv"
REVIEW_END = "</bpmn:userTask>"
TIMER = (
    '</bpmn:userTask><bpmn:boundaryEvent id="late" attachedToRef="review" cancelActivity="false">'
    "<bpmn:outgoing>to_late</bpmn:outgoing><bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration>"
    '</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="over"><bpmn:incoming>to_late</bpmn:incoming>'
    '</bpmn:endEvent><bpmn:sequenceFlow id="to_late" sourceRef="late" targetRef="over"/>'
)


def _form(key: str) -> Callable[[Path, str], None]:
    def put(folder: Path, payload: str) -> None:
        value = f"[{{rule: {json.dumps(payload)}, message: x}}]" if key == "checks" else json.dumps(payload)
        change(folder / FORM, "name: phone, ", f"name: phone, {key}: {value}, ")

    return put


def _items(old: str, new: str) -> Callable[[Path, str], None]:
    return lambda folder, payload: change(folder / "items.yaml", old, new.format(json.dumps(payload)))


def _cell(column: int) -> Callable[[Path, str], None]:
    def put(folder: Path, payload: str) -> None:
        rows = list(csv.reader(io.StringIO((folder / RULES).read_text())))
        rows[1][column] = payload
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        (folder / RULES).write_text(out.getvalue())

    return put


POSITIONS: dict[str, Callable[[Path, str], None]] = {
    "condition of a field": _form("condition"),
    "check of a field": _form("checks"),
    "default of a field": _form("default"),
    "prefill of a field": _form("prefill"),
    "input of the process": _items('resident: residence = "registered"', "resident: {}"),
    "value of the result": _items("出生日期: birth", "出生日期: {}"),
    "title of the item": _items("task_name: {zh: 老年人优待证办理,", "task_name: {{zh: {},"),
    "condition of a flow": lambda folder, payload: change(folder / BPMN, 'answer = "review"', escape(payload)),
    "timer": lambda folder, payload: change(folder / BPMN, REVIEW_END, TIMER.format(escape(payload))),
    "test in a table": _cell(1),
    "output of a table": _cell(3),
}
TEXT_ONLY = frozenset({"default of a field", "title of the item", "prefill of a field"})


@pytest.fixture
def victim(checkout: Path) -> Path:
    """The card's pack on its own feet, so that reading it hundreds of times is quick."""
    folder = checkout / "packs" / "elder_card"
    change(folder / "pack.yaml", "needs: [base_registers]", "needs: []")
    for item in ("birth_date", "county"):
        change(folder / FORM, f"prefill: population.{item}", "prefill: applicant.name")
    text = (folder / "cases.yaml").read_text()
    # One case that comes past every position: the table, the flow, the timer, a decision, the licence's face.
    (kept,) = (part for part in text.split("  - title: ") if part.startswith("living here"))
    (folder / "cases.yaml").write_text(f"cases:\n  - title: {kept}")
    return folder


def _each(victim: Path, payloads: list[str], position: str) -> list[tuple[str, float]]:
    """Payloads that `check` lets through at a position; every one was read within its time."""
    put, through = POSITIONS[position], []
    kept = {file: file.read_bytes() for file in victim.rglob("*") if file.is_file()}
    for payload in payloads:
        put(victim, payload)
        began = time.thread_time()
        try:
            packs.read(["elder_card"])
        except DefinitionError as error:
            assert error.findings
        else:
            through.append(payload)
        took = time.thread_time() - began
        assert took < 2, f"{position}: {payload[:60]!r} kept the reader busy for {took:.1f} s"
        for file, data in kept.items():
            file.write_bytes(data)
    return through


@pytest.mark.parametrize("position", sorted(TEXT_ONLY))
def test_t25_code_where_text_belongs_stays_text(victim: Path, position: str) -> None:
    Path(CANARY).unlink(missing_ok=True)
    _each(victim, CODE + BOMBS, position)
    assert not Path(CANARY).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("position", sorted(POSITIONS.keys() - TEXT_ONLY))
def test_t25_a_payload_is_refused_or_comes_to_nothing_within_its_budget(
    town: Town, victim: Path, position: str
) -> None:
    """What happens to be FEEL (a path into nothing, an endless loop) is installed and played: it gives null or runs out
    of its budget."""
    Path(CANARY).unlink(missing_ok=True)
    put = POSITIONS[position]
    for payload in _each(victim, CODE + BOMBS, position):
        kept = {file: file.read_bytes() for file in victim.rglob("*") if file.is_file()}
        put(victim, payload)
        began = time.thread_time()
        runs = packs.test(["elder_card"])
        took = time.thread_time() - began
        assert len(runs) == 1
        assert took < 6, f"{position}: {payload[:60]!r}: {took:.1f} s"
        assert not Path(CANARY).exists(), payload
        for file, data in kept.items():
            file.write_bytes(data)
