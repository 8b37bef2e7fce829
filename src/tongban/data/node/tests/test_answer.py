"""Questions: under a live grant for exactly these items, noted, and alike in every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tongban.base.kernel.api import Ref, Refused, new_id, now
from tongban.base.ledger.api import history
from tongban.data.node import grants, receiving
from tongban.data.node.answering import answer, compare
from tongban.data.node.api import add_source, adopt_peers, run_source
from tongban.data.node.models import Asked, Correction, Grant
from tongban.data.transport import api as transport
from tongban.data.transport.data import Envelope, Kind, Message, Stage

from .conftest import RESOURCE

TEXT = """
name: residents
resource: "{resource}"
source: {{kind: csv, path: {path}}}
key: id
items: {{id: 编号, name: 姓名, phone: 电话, birth: {{column: 出生, type: date}}}}
"""


def message(body: Any, sender: str = "tax", business: str = "query") -> Message:
    envelope = Envelope(
        id=new_id(), kind=Kind.QUERY, business=business, sender=sender, office="x", to="police", created=now()
    )
    return Message(envelope, json.dumps(body).encode())


@pytest.fixture
def asked(node: Path, granted: Callable[..., None]) -> Callable[..., Any]:
    lines = "编号,姓名,电话,出生\n1,甲,139,1990-01-02\n2,乙,138,\n"
    (node / "a.csv").write_text(lines, encoding="utf-8")
    add_source(TEXT.format(resource=RESOURCE, path=node / "a.csv"), "a.yaml")
    run_source("residents")
    granted(["id", "name", "birth"], mode="query")
    granted(["id", "name"], mode="compare", id_="g2")

    def ask(where: Any, items: list[str], sender: str = "tax", grant: str = "g1") -> Any:
        body = {"grant": grant, "purpose": "办件 1", "where": where, "items": items}
        outcome = answer(message(body, sender))
        return json.loads(outcome.body)["rows"] if outcome.body else (outcome.stage, outcome.code)

    return ask


def test_a_question_is_answered_with_granted_items_and_noted(asked: Callable[..., Any]) -> None:
    assert asked({"id": "1"}, ["name", "birth"]) == [{"name": "甲", "birth": "1990-01-02"}]
    assert asked({"name": "乙"}, ["id", "birth"]) == [{"id": "2", "birth": None}]
    assert asked({"id": "7"}, ["name"]) == []
    note = Asked.objects.order_by("at").first()
    assert note is not None and (note.node, note.purpose, note.rows) == ("tax", "办件 1", 1)
    assert note.items == ["birth", "id", "name"]
    (leaf,) = [leaf for leaf in history(Ref("catalogue.grant", "g1")) if leaf.kind == "node.query.answered"][:1]
    assert leaf.facts["items"] == ["birth", "id", "name"] and "甲" not in str(leaf.facts)


def test_t10_nothing_without_a_live_grant_for_exactly_these_items(asked: Callable[..., Any]) -> None:
    refused = (Stage.REFUSED, "grant")
    assert asked({"id": "1"}, ["phone"]) == refused  # not granted
    assert asked({"phone": "139"}, ["name"]) == refused  # nor as a condition, which would give it away
    assert asked({"id": "1"}, ["name"], sender="bank") == refused
    assert asked({"id": "1"}, ["name"], grant="g2") == refused  # a grant of another mode
    assert asked({"id": "1"}, ["name"], grant="none") == refused
    assert asked({}, ["name"]) == (Stage.REFUSED, "shape")
    Grant.objects.filter(id="g1").update(until=now() - timedelta(seconds=1))
    assert asked({"id": "1"}, ["name"]) == refused
    Grant.objects.filter(id="g1").update(until=None)
    assert asked({"id": "1"}, ["name"]) == [{"name": "甲"}]
    grants.end({"grant": "g1", "why": "撤销"}, now())
    assert asked({"id": "1"}, ["name"]) == refused
    assert Asked.objects.filter(code="grant").count() == 7


def test_a_comparison_says_yes_and_no_and_gives_nothing(asked: Callable[..., Any]) -> None:
    def same(*rows: dict[str, str]) -> Any:
        outcome = compare(message({"grant": "g2", "purpose": "核验", "rows": list(rows)}, business="compare"))
        return json.loads(outcome.body)["same"] if outcome.body else outcome.code

    assert same({"id": "1", "name": "甲"}, {"id": "1", "name": "乙"}, {"id": "9", "name": "甲"}) == [True, False, False]
    assert same({"id": "1", "phone": "139"}) == "grant"
    assert same() == "shape"


def test_t9_only_the_centre_gives_and_ends_grants(node: Path) -> None:
    body = {"grant": "g9", "resource": RESOURCE, "mode": "batch", "office": "o", "node": "tax", "items": ["id"]}
    hold = receiving._of_centre(lambda sent, said: grants.hold(said, sent.envelope.created))
    with pytest.raises(Refused):
        hold(message(body, sender="tax", business="grant"))
    assert not Grant.objects.exists()
    late = message(body, sender="centre", business="grant")
    grants.end({"grant": "g9", "why": "撤销"}, now())  # what ends it may come first
    hold(late)
    assert not grants.live(id="g9").exists()


def test_the_centre_s_list_of_peers_is_the_whole_list(node: Path) -> None:
    fresh = transport.fresh_own("bank", "bank-office", "银行")
    listed = {"node": "bank", "office": "b", "title": "银行", "certificate": fresh.certificate, "blocked": False}
    adopt_peers([listed])
    assert {peer.node: peer.blocked for peer in transport.peers()} == {"bank": False, "centre": False, "tax": True}


def test_a_correction_is_kept_for_the_department(node: Path) -> None:
    body = {"resource": RESOURCE, "objection": "o1", "key": {"id": "1"}, "values": {"name": "正"}}
    sent = message(body, sender="centre", business="correction")
    take = receiving._of_centre(receiving._correction)
    take(sent)
    take(sent)
    assert Correction.objects.get().body == {"key": {"id": "1"}, "values": {"name": "正"}}
