"""A node's next certificate: asked for with the present one, given by the centre's authority, used at once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import Refused, new_id, travelled
from tongban.data.exchange import api as exchange
from tongban.data.exchange.models import Node
from tongban.data.exchange.tests.conftest import town
from tongban.data.node import beating, requesting
from tongban.data.transport import api as transport
from tongban.data.transport import bundles, replying
from tongban.data.transport.data import Kind, Message, Own, Peer, Stage
from tongban.data.transport.sealing import open_part, read, unpacked
from tongban.trust.keys import api as keys

__all__ = ["town"]


class Both:
    """The centre, which is this installation, and the node of the market office in a home of its own."""

    def __init__(self, settings: Any, folder: Path, town: SimpleNamespace, algorithm: str) -> None:
        self.settings, self.homes = settings, {"centre": settings.TONGBAN_HOME, "market": folder}
        _row, file = exchange.invite(town.keeper, "market", "46.ic", level="province", division="460000")
        key, csr = beating.request("market", algorithm=algorithm)
        line_key, line_csr = beating.request("market", line=True)
        told = exchange.enrol("market", json.loads(file)["body"]["token"], csr, line_csr)
        self.centre = transport.own()
        self.at("market")
        transport.set_up(
            Own(
                "market", "46.ic", "市场监督管理局", beating.leaf_of(told["certificates"]), key,
                line_certificate=told["line_certificates"], line_key=line_key, line_roots=told["line_authorities"][0],
            )
        )  # fmt: skip

    def at(self, home: str) -> None:
        self.settings.TONGBAN_HOME = self.homes[home]

    def ask(self, to: str, business: str, body: bytes, **_terms: Any) -> Message:
        """What travels between both, without a line."""
        me, centre = transport.own(), self.centre
        peer = Peer(centre.node, centre.office, centre.title, centre.certificate)
        outer = bundles.envelope(me, to, Kind.QUERY, business, grant="")
        frame = bundles.sealed(me, outer, peer, [(new_id(), "trace")], [body])
        self.at("centre")
        (replies,) = replying.answer([(frame, "market")], centre)
        self.at("market")
        if not replies:
            raise Refused("no answer", "timeout")
        reply = read(replies[0].envelope)
        (outcome,) = bundles.answers(reply, unpacked(reply.packing, open_part(me, reply, replies[0]))).values()
        if outcome.stage is not Stage.PROCESSED:
            raise Refused("refused", outcome.code)
        return Message(reply, outcome.body)


@pytest.fixture(params=["ecdsa-p256", "sm2"])
def both(settings: Any, tmp_path: Path, town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, request: Any) -> Both:
    made = Both(settings, tmp_path, town, request.param)
    monkeypatch.setattr(transport, "ask", made.ask)
    return made


def test_t9_a_node_renews_its_certificate_in_time(both: Both) -> None:
    before = transport.own()
    beating.renew()
    assert transport.own() == before, "it is in time"
    with travelled(beating.certificate_until() - beating.now() - timedelta(days=20)):
        beating.renew()
        after = transport.own()
        assert after.key != before.key
        assert after.line_key != before.line_key
        assert requesting.algorithm_of(after.certificate) == requesting.algorithm_of(before.certificate)
        assert beating.certificate_until() - beating.now() > beating.RENEWED
        assert transport.peer("market").certificate.strip() == after.certificate.strip()
        assert keys.judge(beating.pem.unarmor(after.certificate.encode())[2]).good
        assert json.loads(both.ask("centre", "self-test", b"{}").body)["at"], "the new key signs and opens"
        beating.renew()
        assert transport.own() == after
        transport.set_up(before)
        with pytest.raises(Refused):
            both.ask("centre", "self-test", b"{}")
    assert transport.refusals(sender="market")[0].code == "certificate"


def test_t10_a_blocked_node_gets_no_new_certificate(both: Both, town: SimpleNamespace) -> None:
    before = transport.own()
    both.at("centre")
    exchange.block(town.keeper, "market", "怀疑被入侵")
    both.at("market")
    held = Node.objects.get(key="market").certificate
    with travelled(beating.certificate_until() - beating.now() - timedelta(days=20)), pytest.raises(Refused):
        beating.renew()
    assert transport.own() == before
    assert Node.objects.get(key="market").certificate == held
