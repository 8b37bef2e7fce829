"""What a node says of itself: to its people in plain words, to the centre in figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tongban.base.kernel.api import Refused
from tongban.data.node import beating, working
from tongban.data.node.api import add_source, check, faults, run_source, runs, status
from tongban.data.transport import api as transport
from tongban.data.transport.data import Stage
from tongban.data.transport.models import Out, OutBody
from tongban.data.transport.sealing import unpacked

from .conftest import RESOURCE

TEXT = """
name: residents
resource: "{resource}"
source: {{kind: csv, path: {path}}}
key: id
items: {{id: 编号, name: 姓名, birth: {{column: 出生, type: date}}}}
"""


@pytest.fixture
def source(node: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def silent(*_arguments: Any, **_options: Any) -> None:
        raise Refused("no line", "line")

    monkeypatch.setattr(transport, "ask", silent)
    path = node / "a.csv"
    path.write_text("编号,姓名,出生\n1,甲,1990-01-02\n2,乙,昨天\n", encoding="utf-8")
    add_source(TEXT.format(resource=RESOURCE, path=path), "a.yaml")
    return path


def test_the_self_test_says_what_is_wrong_in_plain_words(source: Path, granted: Callable[..., None]) -> None:
    def wrong() -> dict[str, str]:
        return {finding.subject: finding.text for finding in check() if not finding.well}

    assert "has not been read yet" in wrong()["source residents"]
    granted(["id", "phone"])
    run_source("residents")
    assert "1 rows could not be taken" in wrong()["source residents"]
    assert "names phone, which the mapping does not give" in wrong()["source residents"]
    assert [(fault.row, fault.item, fault.why) for fault in faults("residents")] == [(3, "birth", "not a date")]
    source.write_text("编号,名字,出生\n1,甲,\n", encoding="utf-8")
    assert wrong()["source residents"].startswith("The source changed: a.csv has no column 姓名")
    assert "receivers" not in wrong()
    Out.objects.filter(business="batch").update(stage=Stage.REFUSED, code="shape", text="Columns changed.")
    assert wrong()["receivers"] == f"tax refused the last of {RESOURCE}: Columns changed."
    assert "never up" in wrong()["line"] and "no answer" in wrong()["centre and clock"]


def test_a_heartbeat_tells_lag_and_volumes_and_dies_young(source: Path, granted: Callable[..., None]) -> None:
    granted(["id", "name"])
    run_source("residents")
    beating.beat()
    row = Out.objects.get(business="heartbeat")
    told = json.loads(unpacked(row.packing, bytes(OutBody.objects.get(message=row.id).content)))
    assert told["waiting"] == 1 and told["day"]["changed"] == 1 and told["free_bytes"] > 0
    assert row.receiver == "centre" and row.expires - row.created <= beating.LIFE
    assert json.loads(json.dumps(status()))["sources"][0]["faults"] == 1


def test_a_turn_reads_what_is_due_and_serves_new_holders(source: Path, granted: Callable[..., None]) -> None:
    assert working.turn() == 1 and len(runs("residents")) == 1
    assert working.turn() == 0
    granted(["id", "name"])
    assert working.turn() == 1 and Out.objects.filter(business="batch").count() == 1


def test_r25_a_full_node_rests_its_line(node: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(transport, "run", lambda stop: ran.append(stop) or stop.wait(20))
    monkeypatch.setattr(working, "LAST_WORDS", -1.0)
    line = working._Line()
    assert line.keep()
    settings.TONGBAN_NODE_RESERVE = 1 << 60
    assert not line.keep() and ran[0].is_set() and Out.objects.filter(business="heartbeat").exists()
    settings.TONGBAN_NODE_RESERVE = 0
    assert line.keep() and not ran[-1].is_set()
    line.stop()
