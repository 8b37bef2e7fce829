"""The centre takes a batch over whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from tongban.data.catalogue.data import Resource
from tongban.data.exchange.deliveries import accept
from tongban.data.exchange.models import Delivery, Quarantined, Subscription
from tongban.data.transport import api as transport
from tongban.data.transport.data import Stage
from tongban.engine.registers import api as registers

from .conftest import FIRMS, batch, row


@pytest.fixture
def flowing(firms: Resource, enrolled: Callable[[str, str], str], run_jobs: Callable[[], int]) -> Resource:
    """The market office has a node, and the centre collects its firms."""
    enrolled("market", "46.ic")
    run_jobs()
    return firms


def test_the_provider_is_told_what_the_centre_collects(flowing: Resource) -> None:
    sent = next(one for one in transport.outbox(peer="market") if one.business == "grant")
    assert sent.resource == flowing.code
    assert Subscription.objects.get(live=True).told


def test_good_rows_go_into_the_register_and_bad_ones_wait(flowing: Resource) -> None:
    rows = [
        row(0),
        row(1, "很长" * 20),
        row(2, workers="many"),
        {"uscc": "9", "name": "", "founded": None, "workers": None},
    ]
    message = batch("market", flowing, [one | {"workers": str(one["workers"] or "")} for one in rows])
    outcome = accept(message)
    assert outcome.stage is Stage.PROCESSED
    assert {(one.row, one.item, one.code) for one in outcome.rows} == {
        (2, "name", "length"), (3, "workers", "form"), (4, "uscc", "check_digit"), (4, "name", "required"),
    }  # fmt: skip
    kept = registers.find("exchange_firm", uscc=FIRMS[0])
    assert kept and kept["name"] == "企业0" and kept["workers"] == 7 and kept.source == "market"
    assert registers.find("exchange_firm", uscc=FIRMS[1]) is None
    assert accept(message).rows == outcome.rows and Delivery.objects.count() == 1  # once more: the same answer
    assert Quarantined.objects.count() == 3


def test_what_the_source_deleted_goes_out_of_force(flowing: Resource) -> None:
    accept(batch("market", flowing, [row(0, cd_operation="I"), row(1, cd_operation="I")]))
    accept(batch("market", flowing, [row(0, cd_operation="D"), row(1, "改名", cd_operation="U")]))
    first, second = (registers.find("exchange_firm", uscc=FIRMS[at]) for at in (0, 1))
    assert first and first.retired and second and second["name"] == "改名" and not second.retired


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sender": "tax"}, "not_provider"),
        ({"grant": "stolen"}, "grant"),
        ({"schema": "x@7"}, "schema"),
        ({"resource": "307/999"}, "resource"),
    ],
)
def test_t9_only_the_provider_delivers_and_only_what_is_granted(
    flowing: Resource, enrolled: Callable[[str, str], str], changed: dict[str, str], code: str
) -> None:
    enrolled("tax", "46.tax")
    message = batch(changed.pop("sender", "market"), flowing, [row(0)])
    outcome = accept(replace(message, envelope=replace(message.envelope, **changed)))
    assert (outcome.stage, outcome.code) == (Stage.REFUSED, code) and outcome.text
    assert registers.find("exchange_firm", uscc=FIRMS[0]) is None


@pytest.mark.parametrize("body", [b"", b"PAR1", b"{}", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_t10_what_cannot_be_read_is_refused(flowing: Resource, body: bytes) -> None:
    outcome = accept(replace(batch("market", flowing, [row(0)]), body=body))
    assert (outcome.stage, outcome.code) == (Stage.REFUSED, "unreadable")


def test_a_changed_source_is_refused_whole_in_plain_words(flowing: Resource) -> None:
    rows = [{"uscc": FIRMS[0], "company": "企业", "founded": None, "workers": 1}]
    outcome = accept(batch("market", flowing, rows))
    assert (outcome.stage, outcome.code) == (Stage.REFUSED, "shape")
    assert "名称 (name)" in outcome.text and "company" in outcome.text
    assert registers.find("exchange_firm", uscc=FIRMS[0]) is None and not Delivery.objects.get().accepted


def test_a_row_is_repaired_at_the_desk(flowing: Resource, client_of: Callable[[str], Client]) -> None:
    accept(batch("market", flowing, [row(0), row(1, "很长" * 20)]))
    waits = Quarantined.objects.get()
    assert client_of("stranger").get(f"/exchange/quarantine/{waits.id}/").status_code == 403
    client = client_of("keeper")
    assert "很长" in client.get(f"/exchange/quarantine/{waits.id}/").content.decode()
    assert client.post(f"/exchange/quarantine/{waits.id}/", {"do": "repair", "name": ""}).status_code == 422
    assert registers.find("exchange_firm", uscc=FIRMS[1]) is None
    assert client.post(f"/exchange/quarantine/{waits.id}/", {"do": "repair", "name": "短名"}).status_code == 302
    kept = registers.find("exchange_firm", uscc=FIRMS[1])
    assert kept and kept["name"] == "短名"
    waits.refresh_from_db()
    assert waits.state == "repaired" and waits.by


def test_the_pages_of_the_console(flowing: Resource, client_of: Callable[[str], Client]) -> None:
    accept(batch("market", flowing, [row(0), row(1, "很长" * 20)]))
    client = client_of("keeper")
    for address in (
        "/exchange/", "/exchange/live/", "/exchange/nodes/new/", "/exchange/nodes/market/",
        "/exchange/nodes/market/messages/?way=sent", "/exchange/deliveries/", "/exchange/quarantine/",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
    assert "market" in client.get("/exchange/").content.decode()
    reader = client_of("reader")
    assert reader.get("/exchange/quarantine/").status_code == 403
    for address in ("/exchange/", "/exchange/deliveries/"):
        pages = [one.get(address).content.decode() for one in (client, reader)]
        assert ["/exchange/quarantine/" in page for page in pages] == [True, False], address
    assert client.get("/exchange/nodes/nobody/").status_code == 404
    told = {"office": "46.tax", "key": "tax", "level": "province", "division": "460000"}
    file = client.post("/exchange/nodes/new/", told)
    assert file["Content-Disposition"].startswith("attachment") and json.loads(file.content)["body"]["node"] == "tax"
    assert client.post("/exchange/nodes/new/", told | {"office": "nobody"}).status_code == 422


def test_t45_the_public_site_has_none_of_it(settings: Any, flowing: Resource) -> None:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    for address in ("/exchange/", "/node/enrol/", "/exchange/nodes/market/"):
        assert Client().get(address).status_code == 404
