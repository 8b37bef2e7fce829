"""The page of everyday words."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tongban.engine.search import api
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow


@pytest.fixture
def editor(db: None, settings: Any) -> Client:
    settings.ROOT_URLCONF, settings.SITE = "tongban.engine.search.tests.urls", "staff"
    identity.load_offices([OfficeRow("46/data", "海南省数据局", OfficeKind.DEPARTMENT, "46")])
    identity.define_role("editor", "网站编辑", ["search.manage"])
    for name in ("editor", "stranger"):
        person = identity.create_staff(name, name, second_factor=False)
        if name == "editor":
            identity.assign_post(person.ref, identity.office_by_code("46/data").ref, "编辑", ["editor"])
    return signed_in("editor")


def signed_in(username: str) -> Client:
    client = Client(raise_request_exception=False)
    account = get_user_model().objects.get(username=username)
    client.force_login(account, backend="tongban.trust.identity.signin.SignInBackend")
    return client


@pytest.mark.django_db
def test_a_word_is_taught_tried_and_forgotten_on_the_page(editor: Client) -> None:
    assert editor.post("/search/words/", {"word": "搞副业", "targets": "个体工商户 设立登记"}).status_code == 302
    assert api.synonyms()["搞副业"] == ("个体工商户", "设立登记")
    text = editor.get("/search/words/", {"q": "搞副业"}).content.decode()
    assert "个体工商户、设立登记" in text
    bad = editor.post("/search/words/", {"word": "x", "targets": ""})
    assert bad.status_code == 422 and "x" not in api.synonyms()
    assert editor.post("/search/words/forget/", {"word": "搞副业"}).status_code == 302
    assert "搞副业" not in api.synonyms()


@pytest.mark.django_db
def test_the_page_asks_for_permission(editor: Client) -> None:
    assert signed_in("stranger").get("/search/words/").status_code == 403
    assert Client().get("/search/words/").status_code == 302
