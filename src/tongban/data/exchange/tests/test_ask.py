"""Grants become flows, questions go to the provider's node, corrections go to all who have the value."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client

from tongban.base.files import api as files
from tongban.base.kernel.api import Refused, now, today
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Mode, Resource, Wish
from tongban.data.exchange import api, questions
from tongban.data.exchange.deliveries import accept
from tongban.data.exchange.models import Ask, Delivery, Subscription
from tongban.data.transport import api as transport
from tongban.data.transport.data import Envelope, Kind, Message, Stage
from tongban.trust.identity import api as identity

from .conftest import FIRMS, batch, published, row


def granted(town: SimpleNamespace, resource: Resource, mode: Mode, office: str = "46.tax") -> str:
    """An office asks for it, the owner agrees; gives the grant's id."""
    wish = Wish(
        resource=resource.id, office=identity.office_by_code(office).ref, items=("uscc", "name"), mode=mode,
        basis="《税收征收管理法》第六条", purpose="核对已登记未办税的企业", system="税收征管系统",
        frequency="每日", until=today() + timedelta(days=365),
    )  # fmt: skip
    return catalogue.request(town.authority, wish).grant  # shared without condition: granted at once


@pytest.fixture
def resource(town: SimpleNamespace, enrolled: Callable[[str, str], str]) -> Resource:
    enrolled("market", "46.ic")
    return published(town)


Told = Callable[[str, str], list[dict[str, Any]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Bodies that were sent to a node since the test began."""
    went, send = [], transport.send

    def noted(to: str, kind: Kind, business: str, body: bytes, **facts: Any) -> str:
        went.append((to, business, body))
        return send(to, kind, business, body, **facts)

    monkeypatch.setattr(transport, "send", noted)
    return lambda node, business: [json.loads(body) for to, what, body in went if (to, what) == (node, business)]


def test_a_grant_waits_for_the_node_of_its_office(
    town: SimpleNamespace,
    resource: Resource,
    enrolled: Callable[[str, str], str],
    run_jobs: Callable[[], int],
    told: Told,
) -> None:
    grant = granted(town, resource, Mode.BATCH)
    run_jobs()
    assert Subscription.objects.get(grant=grant).told is None and not told("market", "grant")
    assert "46.tax" not in [wait.who for wait in _waits()] and _waits()[0].whom == "market"
    enrolled("tax", "46.tax")
    run_jobs()
    body = told("market", "grant")[0]
    assert (body["grant"], body["node"], sorted(body["items"], reverse=True)) == (grant, "tax", ["uscc", "name"])
    catalogue.revoke(town.editor, grant, "不再需要")
    run_jobs()
    assert told("market", "grant.ended")[0]["grant"] == grant and not Subscription.objects.get(grant=grant).live


def _waits() -> Any:
    from tongban.data.exchange.queries import waits

    return waits()


def test_what_has_no_register_is_kept_as_a_file(
    town: SimpleNamespace, resource: Resource, run_jobs: Callable[[], int]
) -> None:
    grant = granted(town, resource, Mode.BATCH, "46")  # the data authority's node is the centre
    run_jobs()
    message = batch(
        "market", resource, [{"uscc": one["uscc"], "name": one["name"]} for one in (row(0), row(1))], grant=grant
    )
    assert accept(message).stage is Stage.PROCESSED
    kept = Delivery.objects.get()
    with files.open_released(kept.file) as file:
        assert pq.read_table(file).num_rows == kept.rows == 2
    assert (catalogue.grant(grant).uses, catalogue.grant(grant).rows) == (1, 2)


def test_an_officer_asks_under_a_grant_and_for_a_purpose(
    town: SimpleNamespace,
    resource: Resource,
    run_jobs: Callable[[], int],
    client_of: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant = granted(town, resource, Mode.QUERY)
    run_jobs()
    asked: list[Any] = []

    def answer(to: str, business: str, body: bytes, **facts: Any) -> Message:
        asked.append((to, business, json.loads(body)))
        envelope = Envelope(
            id="r", kind=Kind.REPLY, business=business, sender=to, office="", to="centre", created=now()
        )
        rows = [{"uscc": FIRMS[0], "name": "企业0", "workers": 7}]
        return Message(envelope, json.dumps({"rows": rows}).encode())

    monkeypatch.setattr(transport, "ask", answer)
    client = client_of("asker")
    assert client.get("/exchange/ask/").status_code == 200
    assert client.post(f"/exchange/ask/{grant}/", {"uscc": FIRMS[0], "purpose": ""}).status_code == 422
    assert (
        client_of("stranger").post(f"/exchange/ask/{grant}/", {"uscc": FIRMS[0], "purpose": "办件"}).status_code == 403
    )
    assert not asked and not Ask.objects.exists()
    sent = client.post(f"/exchange/ask/{grant}/", {"uscc": FIRMS[0], "purpose": "税务登记第7号"})
    assert "正在发往" in client.get(sent["Location"]).content.decode()
    run_jobs()
    assert asked[0][:2] == ("market", "query") and asked[0][2]["where"] == {"uscc": FIRMS[0]}
    page = client.get(sent["Location"])
    assert "企业0" in page.content.decode() and page["Cache-Control"].startswith("no-store")
    assert Ask.objects.get().answer == [{"uscc": FIRMS[0], "name": "企业0"}]  # what was not granted is not kept
    assert catalogue.grant(grant).uses == 1
    assert client_of("keeper").get(sent["Location"]).status_code in (403, 404)
    Ask.objects.update(at=now() - timedelta(hours=1))
    questions.empty()
    assert Ask.objects.get().answer is None and not Ask.objects.get().asked


def test_t2_an_officer_cannot_ask_without_end(
    town: SimpleNamespace, resource: Resource, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = granted(town, resource, Mode.QUERY)
    run_jobs()
    monkeypatch.setattr(questions, "HOURLY", 2)
    for _each in range(2):
        api.ask(town.asker, grant, "税务登记第7号", where={"uscc": FIRMS[0]})
    with pytest.raises(Refused):
        api.ask(town.asker, grant, "税务登记第7号", where={"uscc": FIRMS[0]})
    assert Ask.objects.count() == 2


def test_a_corrected_value_goes_to_all_who_have_it(
    town: SimpleNamespace,
    resource: Resource,
    enrolled: Callable[[str, str], str],
    run_jobs: Callable[[], int],
    told: Told,
) -> None:
    enrolled("tax", "46.tax")
    granted(town, resource, Mode.BATCH)
    run_jobs()
    tax = identity.office_by_code("46.tax").ref
    doubt = catalogue.object_to(town.authority, resource.id, tax, "name", FIRMS[0], "旧名", "新名", "营业执照上是新名")
    catalogue.answer_objection(town.editor, doubt.id, True, "已更正", doubt.version)
    run_jobs()
    body = told("tax", "correction")[0]
    assert body == {
        "resource": resource.code, "objection": doubt.id, "key": {"key": FIRMS[0]}, "values": {"name": "新名"},
    }  # fmt: skip
