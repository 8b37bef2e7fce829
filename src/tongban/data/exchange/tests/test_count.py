"""Grants between two offices' nodes are counted: what passed by its envelope, what was answered by the provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import Refused, new_id, now
from tongban.data.exchange import using
from tongban.data.exchange.models import Subscription
from tongban.data.transport import watching
from tongban.data.transport.data import Envelope, Kind, Message
from tongban.data.transport.sealing import written


@pytest.fixture
def counted(enrolled: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """A grant of the market office's node to that of the tax office; what the catalogue is told of its use."""
    for key, office in (("market", "46.ic"), ("tax", "46.tax")):
        enrolled(key, office)
    Subscription.objects.create(grant="g1", resource="r", mode="batch", provider="market", subscriber="tax")
    found: list[tuple[str, int, int]] = []
    monkeypatch.setattr(using.catalogue, "count_use", lambda *use: found.append(use))
    return found


def _envelope(**changes: Any) -> Envelope:
    one = Envelope(new_id(), Kind.DATA, "batch", "market", "46.ic", "tax", now(), resource="r", grant="g1")
    return replace(one, **changes)


def _pass(*envelopes: Envelope) -> None:
    watching.note([(written(one), 100) for one in envelopes])


def test_a_batch_between_two_nodes_is_a_use_however_often_it_passes(
    counted: list[tuple[str, int, int]], run_jobs: Callable[[], object]
) -> None:
    one, file = _envelope(), _envelope(kind=Kind.FILE, total=2)
    _pass(one, one, file, replace(file, sequence=2))
    _pass(one, _envelope(grant=""), _envelope(kind=Kind.RECEIPT), _envelope(to="centre"))
    _pass(_envelope(sender="tax", to="market"), _envelope(grant="g9"))
    run_jobs()
    assert counted == [("g1", 0, 1), ("g1", 0, 1)]


def _tell(sender: str, **use: Any) -> None:
    envelope = _envelope(kind=Kind.CONTROL, business="used", sender=sender, to="centre", grant="")
    using.told(Message(envelope, json.dumps({"uses": [{"grant": "g1", "uses": 3, "rows": 5} | use]}).encode()))


def test_t10_only_the_provider_tells_what_was_answered(
    counted: list[tuple[str, int, int]], town: SimpleNamespace
) -> None:
    _tell("tax")
    _tell("market", grant="g9")
    for wrong in ({"uses": 0}, {"uses": 10**9}, {"rows": -1}, {"uses": "x"}):
        with pytest.raises(Refused):
            _tell("market", **wrong)
    assert counted == []
    _tell("market")
    assert counted == [("g1", 5, 3)]
