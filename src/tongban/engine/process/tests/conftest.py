"""What the tests of this room share: small diagrams written as one line per element."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tongban.engine.process.verbs import verbs

SHARED = Path(__file__).resolve().parents[6] / "shared" / "data"
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tongban="urn:tongban:bpmn:1" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:test">'
)


def diagram(body: str, *flows: str, key: str = "p", more: str = "") -> bytes:
    """A process of `body` and flows written `a -> b`, `a -> b if CONDITION` or, as default, `a => b`."""
    lines = []
    for number, flow in enumerate(flows):
        source, arrow, target, condition = re.fullmatch(r"(\S+) ([-=]>) (\S+)(?: if (.+))?", flow).groups()
        text = f"<conditionExpression>{condition.replace('<', '&lt;')}</conditionExpression>" if condition else ""
        id_ = f"f{number}"
        if arrow == "=>":
            body = re.sub(rf'(<\w+ id="{source}")', rf'\1 default="{id_}"', body, count=1)
        lines.append(f'<sequenceFlow id="{id_}" sourceRef="{source}" targetRef="{target}">{text}</sequenceFlow>')
    inside = body + "\n".join(lines)
    return f'{HEAD}{more}<process id="{key}" isExecutable="true">\n{inside}</process></definitions>'.encode()


@pytest.fixture
def draw() -> Callable[..., bytes]:
    return diagram


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a service verb for one test."""

    def add(name: str, work: Callable[..., object]) -> None:
        monkeypatch.setitem(verbs._items, name, work)

    return add


def models(folder: str) -> list[Path]:
    """The public BPMN models beside the checkout; none where they are absent."""
    return sorted((SHARED / folder).rglob("*.bpmn"))
