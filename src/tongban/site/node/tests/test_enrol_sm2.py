"""A node with SM2 keys beside nodes with P-256: the same file, the same line, other keys (TRUST-03, DATA-05)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import pem

from tongban.base.kernel.api import Refused, new_id, now
from tongban.data.exchange import api as exchange
from tongban.data.exchange.tests.conftest import town
from tongban.data.node import api as node
from tongban.data.transport import api as transport
from tongban.data.transport.checking import open_frame
from tongban.data.transport.data import Envelope, Kind, Own, Peer
from tongban.data.transport.sealing import NATIONAL, P256, packed, seal, unpacked
from tongban.site.node import enrolment
from tongban.trust.keys import api as keys
from tongban.trust.keys import ciphers

__all__ = ["town"]
Enrols = Callable[..., Own]


@pytest.fixture
def enrols(settings: Any, tmp_path: Path, town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enrols]:
    """Enrols a node at this installation's centre as `tongban node enrol` does; both homes are here."""
    centre, settings.EGRESS = settings.TONGBAN_HOME, ()
    before = transport.ensure_own("centre", "centre", "数据中心")
    transport.set_up(replace(before, gates=("tls://127.0.0.1:7310",)))

    def call(_url: str, *, body: bytes, **_terms: Any) -> SimpleNamespace:
        told, there = json.loads(body), settings.TONGBAN_HOME
        settings.TONGBAN_HOME = centre
        try:
            answer = exchange.enrol(told["node"], told["token"], told["csr"], told["line_csr"])
        finally:
            settings.TONGBAN_HOME = there
        return SimpleNamespace(status=200, body=json.dumps(answer).encode())

    monkeypatch.setattr("tongban.base.kernel.egress.call", call)

    def enrol(name: str, office: str, algorithm: str) -> Own:
        settings.TONGBAN_HOME = centre
        _row, file = exchange.invite(town.keeper, name, office, level="province", division="460000")
        path = tmp_path / f"{name}.json"
        path.write_bytes(file)
        settings.TONGBAN_HOME = tmp_path / name
        monkeypatch.setenv("TONGBAN_HOME", str(tmp_path / name))
        assert enrolment.enrol(enrolment.read(path), algorithm) == name
        return transport.own()

    yield enrol
    settings.TONGBAN_HOME = centre
    transport.set_up(before)


def test_a_node_with_sm2_and_one_with_p256_understand_each_other(enrols: Enrols) -> None:
    keys.initialise(suite="gm")
    market, tax = enrols("market", "46.ic", "sm2"), enrols("tax", "46.tax", "ecdsa-p256")
    kinds = {own.node: ciphers.algorithm_of(ciphers.public_key_of(der_of(own.certificate))) for own in (market, tax)}
    assert kinds == {"market": "sm2", "tax": "ecdsa-p256"} and keys.judge(der_of(market.certificate)).good
    assert ciphers.algorithm_of(ciphers.public_key_of(der_of(market.line_certificate))) == "ecdsa-p256"
    for sender, receiver, cipher, hash_ in ((market, tax, P256, "sm3"), (tax, market, NATIONAL, "sha256")):
        packing, content = packed("综合治税".encode())
        envelope = Envelope(
            new_id(), Kind.DATA, "test.note", sender.node, sender.office, receiver.node, now(), packing=packing
        )
        (frame,) = seal(sender, envelope, receiver.certificate, content)
        known = Peer(sender.node, sender.office, sender.title, sender.certificate)
        read, plain = open_frame(frame, receiver, lambda _name, known=known: known)  # type: ignore[misc]
        assert (read.cipher, read.hash) == (cipher, hash_)
        assert unpacked(read.packing, plain).decode() == "综合治税"


def test_without_an_sm2_authority_the_token_is_not_spent(enrols: Enrols, tmp_path: Path) -> None:
    keys.initialise()
    with pytest.raises(Refused, match="ca init --suite gm"):
        enrols("market", "46.ic", "sm2")
    assert not (tmp_path / "market").exists()
    assert enrolment.enrol(enrolment.read(tmp_path / "market.json")) == "market", "the same file still opens"
    assert node.leaf_of(transport.own().certificate) == transport.own().certificate


def der_of(chain: str) -> bytes:
    return bytes(pem.unarmor(node.leaf_of(chain).encode())[2])
