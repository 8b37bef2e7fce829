"""A node comes in by its file and token, and goes out at once."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from asn1crypto import pem
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tongban.base.kernel.api import Refused, canonical
from tongban.data.exchange import api, peers
from tongban.data.exchange.models import Node
from tongban.data.transport import api as transport
from tongban.trust.keys import api as keys

from .conftest import csr


@pytest.fixture
def invited(town: SimpleNamespace) -> dict[str, Any]:
    _row, file = api.invite(town.keeper, "market", "46.ic", level="province", division="460000")
    return json.loads(file)  # type: ignore[no-any-return]


def _post(client: Client, told: Any) -> Any:
    return client.post("/node/enrol/", json.dumps(told), content_type="application/json")


def test_the_file_is_signed_and_its_chain_leads_to_an_authority_in_it(invited: dict[str, Any]) -> None:
    signature, body = invited["signature"], invited["body"]
    first = pem.unarmor(signature["certificates"][0].encode())[2]
    assert keys.verify(first, canonical(body), base64.b64decode(signature["value"]), hash_name=signature["hash"])
    assert not keys.verify(first, canonical(body | {"node": "x"}), base64.b64decode(signature["value"]))
    assert keys.judge(first).good and signature["certificates"][-1] in body["authorities"]
    assert body["centre"]["node"] == "centre" and "BEGIN CERTIFICATE" in body["centre"]["certificate"]


def test_t9_a_node_enrols_once_with_a_key_of_its_own(
    invited: dict[str, Any], client_of: Callable[[str], Client], town: SimpleNamespace
) -> None:
    told = {"node": "market", "token": invited["body"]["token"], "csr": csr(), "line_csr": csr()}
    client = Client(enforce_csrf_checks=True)
    assert _post(client, told | {"token": "wrong"}).status_code == 403
    assert _post(client, told | {"node": "other"}).json() == _post(client, told | {"token": "wrong"}).json()
    assert _post(client, told | {"csr": "no request"}).status_code == 422
    answer = _post(client, told)
    assert answer.status_code == 200, answer.content
    certificate = pem.unarmor(answer.json()["certificates"].encode(), multiple=False)[2]
    assert keys.judge(certificate).good and answer.json()["line_certificates"]
    assert {one["node"] for one in answer.json()["peers"]} == {"centre", "market"}
    assert transport.peer("market").office == "46.ic" and not transport.peer("market").blocked
    again = _post(client, told | {"csr": csr()})
    assert again.status_code == 403 and Node.objects.get(key="market").certificate == answer.json()["certificates"]
    assert _post(client, []).status_code == 422


def test_a_token_runs_out(invited: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    Node.objects.update(token_until=Node.objects.get().token_until - timedelta(days=8))  # type: ignore[operator]
    with pytest.raises(Refused):
        api.enrol("market", invited["body"]["token"], csr(), csr())
    assert not Node.objects.get().certificate


def test_t10_a_blocked_node_is_blocked_everywhere_at_once(
    enrolled: Callable[[str, str], str], town: SimpleNamespace
) -> None:
    enrolled("market", "46.ic"), enrolled("tax", "46.tax")
    with pytest.raises(Refused):
        api.block(town.stranger, "market", "没有权限")
    assert not transport.peer("market").blocked
    api.block(town.keeper, "market", "怀疑被入侵", compromised=True)
    assert transport.peer("market").blocked and not transport.peer("tax").blocked
    assert transport.outbox(peer="tax")[0].business == "peers"  # every live node is told
    certificate = pem.unarmor(Node.objects.get(key="market").certificate.encode())[2]
    assert keys.judge(certificate).why == "revoked"
    with pytest.raises(Refused):
        api.unblock(town.keeper, "market", "查清了")
    token = json.loads(api.invite_again(town.keeper, "market"))["body"]["token"]
    api.enrol("market", token, csr(), csr())
    assert not transport.peer("market").blocked


def test_of_two_nodes_that_enrol_at_once_both_are_in_the_last_list(enrolled: Callable[[str, str], str]) -> None:
    """The list is read only under a lock that lasts until it is sent, so another telling waits and reads it whole."""
    enrolled("market", "46.ic")
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        peers.tell_all()
        assert not _free()
    assert "pg_advisory_xact_lock" in next(each["sql"] for each in seen if "SAVEPOINT" not in each["sql"])


def _free() -> bool:
    """Whether somebody else could tell all now."""
    facts = connection.get_connection_params()
    wanted = {name: facts[name] for name in ("host", "port", "dbname", "user", "password") if name in facts}
    with psycopg.connect(**wanted) as other:
        row = other.execute("SELECT pg_try_advisory_xact_lock(hashtext('exchange:peers'))").fetchone()
    return bool(row and row[0])
