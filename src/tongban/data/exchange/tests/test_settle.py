"""Days that differ are settled by a person; both ends send again; a silent node is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from tongban.base.kernel.api import Refused, now, today
from tongban.data.exchange import api, checks, nodes, reconciling
from tongban.data.exchange.models import Node
from tongban.data.transport import api as transport
from tongban.data.transport.data import Agreement, Difference, Digest


@pytest.fixture
def market(enrolled: Callable[[str, str], str]) -> str:
    return enrolled("market", "46.ic")


def test_a_day_that_differs_is_settled_with_a_note(
    market: str, client_of: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = today() - timedelta(days=1)
    here, there = (Digest("market", "centre", day, {"processed": n}, str(n)) for n in (1, 2))
    one = Agreement("market", day, False, False, here, there, (Difference("m1", "", "processed"),), now())
    monkeypatch.setattr(transport, "agreements", lambda since: [one])
    client = client_of("keeper")
    assert "m1" in client.get("/exchange/nodes/market/").content.decode()
    assert client.post("/exchange/nodes/market/act/", {"do": "settle", "day": str(day), "note": ""}).status_code == 422
    assert reconciling.days("market")[0].settled == ""
    told = {"do": "settle", "day": str(day), "note": "节点磁盘更换，已重传"}
    assert client.post("/exchange/nodes/market/act/", told).status_code == 302
    assert reconciling.days("market")[0].settled == "节点磁盘更换，已重传"


def test_both_ends_send_again(market: str, town: SimpleNamespace) -> None:
    before = len(transport.outbox(peer="market"))
    with pytest.raises(Refused):
        api.replay(town.stranger, "market", today())
    assert len(transport.outbox(peer="market")) == before
    assert api.replay(town.keeper, "market", today()) == before  # every message of ours goes again
    assert transport.outbox(peer="market")[0].business == "replay"


def test_a_node_falls_silent_and_comes_back(market: str, town: SimpleNamespace) -> None:
    beat = {"version": "0.1.0", "at": (now() + timedelta(seconds=95)).isoformat(), "waiting": 3, "free_bytes": 1 << 40}
    nodes.heard("market", json.loads(json.dumps(beat)))
    row = Node.objects.get()
    assert (row.state, row.waiting, round(row.skew)) == ("active", 3, 95)
    assert "clock" in [one.of for one in checks.looked_at("market") if not one.well]
    Node.objects.update(seen=now() - timedelta(minutes=16))
    assert nodes.watch() == 1 and nodes.watch() == 0
    assert Node.objects.get().state == "silent"
    nodes.heard("market", beat)
    assert Node.objects.get().state == "active"
    nodes.heard("market", {"at": "nonsense", "waiting": -5, "oldest": 7})
    assert Node.objects.get().waiting == 0
