"""The staff pages, over HTTP."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import Ref, system
from tongban.data.linkage import api
from tongban.data.linkage.models import Delivery, Difference, Review, Source
from tongban.trust.identity.models import Person

from .conftest import insured, number, resident

pytestmark = pytest.mark.django_db
CARD = number()


@pytest.fixture(autouse=True)
def staff_site(settings: Any) -> None:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_staff", "staff"


def browser(person: Ref) -> Client:
    client = Client()
    client.force_login(Person.objects.get(public_id=person.id), backend="tongban.trust.identity.signin.SignInBackend")
    return client


@pytest.fixture
def linked(town: SimpleNamespace) -> SimpleNamespace:
    same = {"住址": "海口市人民路1号", "出生日期": "1990-03-07"}
    lines = [resident("p1", "陈小明", CARD, **same), resident("p2", "陈小明", number(serial=7), **same)]
    api.absorb("population", "police/residents", lines)
    api.absorb("population", "insurance/persons", [insured("s1", "陈小明", CARD, 住址="海口市人民路9号")])
    return town


def test_the_desk_masks_and_takes_an_answer(linked: SimpleNamespace) -> None:
    client, review = browser(linked.judge), Review.objects.get()
    assert client.get("/registries/").status_code == 200
    assert client.get(f"/registries/deliveries/{Delivery.objects.last().public_id}/").status_code == 200  # type: ignore[union-attr]
    assert client.get("/registries/deliveries/").content.decode().count("/registries/deliveries/") >= 2
    assert review.public_id in client.get("/registries/population/review/").content.decode()
    page = client.get(f"/registries/review/{review.public_id}/").content.decode()
    assert "陈**" in page and "陈小明" not in page and CARD not in page
    assert "陈小明" in client.post(f"/registries/review/{review.public_id}/", {"reason": "核对笔误"}).content.decode()
    assert client.post(f"/registries/review/{review.public_id}/judge/", {"verdict": "merge"}).status_code == 422
    assert (
        client.post(f"/registries/review/{review.public_id}/judge/", {"verdict": "apart", "why": "两人"}).status_code
        == 302
    )
    review.refresh_from_db()
    assert review.state == "apart"


def test_t1_a_difference_list_is_its_office_s_own(linked: SimpleNamespace) -> None:
    source = Source.objects.get(resource="insurance/persons")
    with system():
        assert Difference.objects.filter(closed_at=None).count() == 1
    client = browser(linked.insurer)
    page = client.get(f"/registries/differences/{source.public_id}/").content.decode()
    assert "s1" in page and "人民路9号" not in page
    assert client.post(f"/registries/differences/{source.public_id}/download/", {"reason": ""}).status_code == 422
    file = client.post(f"/registries/differences/{source.public_id}/download/", {"reason": "更正本单位数据"})
    assert "海口市人民路9号" in file.content.decode() and "海口市人民路1号" in file.content.decode()
    other = Source.objects.get(resource="police/residents")
    assert client.get(f"/registries/differences/{other.public_id}/").status_code == 404
    assert browser(linked.judge).get(f"/registries/differences/{source.public_id}/").status_code == 403
    assert browser(linked.stranger).get("/registries/").status_code == 403


def test_the_topic_s_pages(linked: SimpleNamespace) -> None:
    client = browser(linked.topic)
    assert client.post("/tax-governance/work/", {"do": "find"}).status_code == 302
    assert client.get("/tax-governance/").status_code == 200
