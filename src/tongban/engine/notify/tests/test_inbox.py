"""The pages, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.engine.notify import api

from .conftest import PASSWORD
from .test_tell import FACTS


@pytest.fixture
def browser(people: SimpleNamespace, settings: Any) -> Callable[[str, str], Client]:
    def enter(site: str, username: str) -> Client:
        settings.SITE = site
        settings.ROOT_URLCONF = f"tongban.site.urls_{site}"
        client = Client()
        client.post("/account/sign-in/", {"login": username, "password": PASSWORD})
        return client

    return enter


def test_a_citizen_reads_a_message(people: SimpleNamespace, browser: Callable[[str, str], Client]) -> None:
    api.tell(people.citizen.ref, "test.accepted", FACTS, link="/inbox/")
    client = browser("public", "wang")
    page = client.get("/inbox/").content.decode()
    (message,) = api.messages(people.actor).messages
    assert f"/inbox/{message.id}/" in page
    opened = client.get(f"/inbox/{message.id}/")
    assert opened.status_code == 200 and "王小明" in opened.content.decode()
    assert api.unread(people.actor) == 0


def test_t13_nobody_opens_another_s_message(people: SimpleNamespace, browser: Callable[[str, str], Client]) -> None:
    api.tell(people.other.ref, "test.accepted", FACTS)
    client = browser("public", "wang")
    from tongban.engine.notify.models import Message

    message = Message.objects.get()
    assert client.get(f"/inbox/{message.id}/").status_code == 404
    assert client.get(f"/inbox/{'0' * 26}/").status_code == 404
    assert client.post("/inbox/read-all/").status_code == 302
    message.refresh_from_db()
    assert message.read_at is None


def test_the_inbox_asks_who_you_are(people: SimpleNamespace, settings: Any) -> None:
    settings.ROOT_URLCONF = "tongban.site.urls_public"
    for path in ("/inbox/", "/inbox/settings/", f"/inbox/{'0' * 26}/"):
        answer = Client().get(path)
        assert answer.status_code == 302 and "/account/sign-in" in answer["Location"]


def test_staff_read_their_office_s_messages(people: SimpleNamespace, browser: Callable[[str, str], Client]) -> None:
    api.tell(people.office.ref, "test.urgent", {})
    client = browser("staff", "clerk")
    assert "Now" in client.get("/messages/").content.decode()
    client.post("/messages/read-all/")
    assert "Now" not in client.get("/messages/?unread=1").content.decode()


def test_preferences(people: SimpleNamespace, browser: Callable[[str, str], Client]) -> None:
    client = browser("public", "wang")
    assert client.get("/inbox/settings/").status_code == 200
    wrong = client.post("/inbox/settings/", {"email": "nonsense", "on": ["mail"]})
    assert wrong.status_code == 422 and "nonsense" in wrong.content.decode()
    assert client.post("/inbox/settings/", {"email": "w@example.com", "on": ["mail"]}).status_code == 302
    assert api.preference(people.citizen.ref).off == {"sms"}


def test_the_demonstration_s_phone_exists_in_a_demonstration_only(people: SimpleNamespace, settings: Any) -> None:
    settings.ROOT_URLCONF = "tongban.site.urls_public"
    api.send_text("sms", "13800000001", "您的验证码")
    page = Client().get("/demo/phone/").content.decode()
    assert "您的验证码" in page and "13800000001" not in page
    settings.TONGBAN_DEMO = False
    assert Client().get("/demo/phone/").status_code == 404
