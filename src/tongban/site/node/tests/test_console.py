"""What the staff of the exchange read on its console in each of these cases, in plain words (issue 4, section 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import new_id, now, travelled
from tongban.data.catalogue.data import Resource
from tongban.data.exchange import nodes
from tongban.data.exchange.deliveries import accept
from tongban.data.exchange.tests.conftest import batch, client_of, enrolled, firms, row, town
from tongban.data.exchange.words import words
from tongban.data.transport import api as transport
from tongban.data.transport import keeping, taking
from tongban.data.transport.data import Envelope, Kind, Own, Peer
from tongban.data.transport.sealing import Frame, packed, seal

__all__ = ["client_of", "enrolled", "firms", "town"]
NODE = "market"


def plain(text: object) -> str:
    """Without tags and line ends."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", str(text)))


@pytest.fixture
def page(client_of: Callable[[str], Client]) -> Callable[[str], str]:
    """What a page says, tags and line ends left out."""

    def said(path: str) -> str:
        answer = client_of("keeper").get(path)  # days later a session has ended
        assert answer.status_code == 200
        return plain(answer.content.decode())

    return said


@pytest.fixture
def centre(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enrolled: Callable[[str, str], str]) -> Own:
    """The centre with one connected node of the market office, its line up."""
    monkeypatch.setattr("tongban.data.transport.own._file", lambda: tmp_path / "own.json")
    own = transport.fresh_own("centre", "centre", "数据中心")
    transport.set_up(own)
    enrolled(NODE, "46.ic")
    nodes.heard(NODE, {"at": now().isoformat(), "waiting": 0, "free_bytes": 1 << 40})
    keeping.line(True, "")
    return own


def test_a_node_that_is_off_for_days(centre: Own, page: Callable[[str], str]) -> None:
    assert "失联" not in page("/exchange/") and "没有人在等待" not in page(f"/exchange/nodes/{NODE}/")
    transport.send(NODE, Kind.EVENT, "test.note", b"{}")
    with travelled(timedelta(days=3)):
        assert nodes.watch() == 1
        assert "示范省市场监督管理局" in page("/exchange/") and "失联" in page("/exchange/")
        assert "条消息等待其回执" in page("/exchange/")
        told = page(f"/exchange/nodes/{NODE}/")
        assert "没有收到消息。节点主机、线路或至交换枢纽的通路中断；其待发数据保留在节点上。" in told
        nodes.heard(NODE, {"at": now().isoformat(), "waiting": 7, "oldest": (now() - timedelta(days=3)).isoformat()})
        assert "失联" not in page("/exchange/") and "3天" in page(f"/exchange/nodes/{NODE}/")


@pytest.mark.parametrize("words", ["the line is down", "the hub is not ready (TimeoutError)"])
def test_our_own_line_is_down_or_the_hub_is_not_ready(centre: Own, page: Callable[[str], str], words: str) -> None:
    keeping.line(False, words)
    assert "本中心至交换枢纽的线路中断。" in page("/exchange/")
    assert "本中心至交换枢纽的线路中断：" in page(f"/exchange/nodes/{NODE}/")
    keeping.line(True, "")
    assert "中断" not in page("/exchange/")


def test_r25_a_disk_that_is_nearly_full(centre: Own, page: Callable[[str], str]) -> None:
    assert "磁盘" not in page(f"/exchange/nodes/{NODE}/")
    nodes.heard(NODE, {"at": now().isoformat(), "free_bytes": 9 << 20})
    assert "其磁盘空间即将用尽。" in page(f"/exchange/nodes/{NODE}/")


def test_t8_t9_frames_that_may_not_be_taken(centre: Own, page: Callable[[str], str]) -> None:
    """Unsigned, altered, re-addressed, expired, of another office; one that came before is no fault."""
    there, other = (transport.fresh_own(NODE, "46.ic", "市场监督管理局") for _each in range(2))
    transport.trust(Peer(NODE, "46.ic", "市场监督管理局", there.certificate))

    def frame(by: Own = there, **changes: Any) -> Frame:
        packing, content = packed(b"{}")
        envelope = Envelope(
            id=new_id(), kind=Kind.DATA, business="test.note", sender=NODE, office="46.ic", to="centre", created=now(),
            packing=packing,
        )  # fmt: skip
        return seal(by, replace(envelope, **changes), centre.certificate, content)[0]

    good = frame()
    cases = {
        "unsigned": replace(good, signature=b""),
        "signature": replace(good, signature=frame().signature),
        "altered": replace(good, body=frame().body),
        "readdressed": frame(to="police"),
        "expired": frame(expires=now() - timedelta(seconds=1)),
        "certificate": frame(by=other),
    }
    for number, (code, bad) in enumerate(cases.items(), 1):
        assert taking.take([(bad, NODE)], centre) == [taking.Taken.REFUSED]
        told = page(f"/exchange/nodes/{NODE}/")
        assert f"最近一小时有{number}条报文未予接收" in told and plain(words(code)) in told, code
    assert taking.take([(good, NODE), (good, NODE)], centre) == [taking.Taken.STORED, taking.Taken.AGAIN]
    assert f"最近一小时有{len(cases)}条报文未予接收" in page(f"/exchange/nodes/{NODE}/")
    with travelled(timedelta(hours=2)):
        assert "未予接收" not in page(f"/exchange/nodes/{NODE}/")


def test_a_batch_whose_columns_changed(
    centre: Own, firms: Resource, page: Callable[[str], str], run_jobs: Callable[[], int]
) -> None:
    run_jobs()
    changed = [{name: value for name, value in row(0).items() if name != "name"}]
    outcome = accept(batch(NODE, firms, changed))
    assert outcome.code and outcome.text
    told = page(f"/exchange/nodes/{NODE}/")
    assert f"其最近一批数据被拒收：{plain(outcome.text)}" in told
