"""Applying and following by program: the same verbs, the pages' session, one shape of error (SVC-03, T36, R20)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.conftest import ANSWERS, Town
from tongban.packs.data import SAMPLE_PDF
from tongban.trust.identity.data import Actor
from tongban.work.hall.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(settings) -> Town:
    from tests.conftest import build_town

    settings.ROOT_URLCONF = "tongban.site.urls_public"
    settings.SITE = "public"
    return build_town()


class Program:
    """A signed-in session that sends the forgery token as a header."""

    def __init__(self, actor: Actor) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(get_user_model().objects.get(public_id=actor.person.id))
        self.client.get("/progress/")
        self.token = {"X-CSRFToken": self.client.cookies["tongban_system_csrf"].value}

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(path, json.dumps(body), "application/json", headers={**self.token, **headers})

    def file(self, slot: str, content: bytes = SAMPLE_PDF) -> Any:
        from django.core.files.uploadedfile import SimpleUploadedFile

        upload = SimpleUploadedFile("章程.pdf", content)
        path = f"/api/files/enterprise_registration/{slot}"
        return self.client.post(path, {"file": upload}, headers=self.token)

    def application(self, **changes: Any) -> dict[str, Any]:
        papers = {slot: [{"file": self.file(slot).json()["file"]}] for slot in ("articles", "identity", "ownership")}
        return {"item": "enterprise_registration", "answers": ANSWERS, "papers": papers, **changes}


def test_t36_one_key_makes_one_case_and_its_owner_follows_it(town):
    program = Program(town.founder)
    body = program.application()
    first = program.post("/api/applications", body, **{"Idempotency-Key": "one-application"})
    again = program.post("/api/applications", body, **{"Idempotency-Key": "one-application"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["case_no"] == again.json()["case_no"]
    assert (bool(first.json()["query_code"]), again.json()["query_code"]) == (True, "")
    assert Case.objects.count() == 1
    seen = program.client.get(f"/api/cases/{first.json()['id']}").json()
    assert (seen["state"], seen["holders"][0]["office"]) == ("submitted", "海口市市场监督管理局")
    assert Program(town.second).client.get(f"/api/cases/{first.json()['id']}").status_code == 404


def test_what_is_wrong_is_named_by_field_and_nothing_is_made(town):
    program = Program(town.founder)
    body = program.application(answers={**ANSWERS, "name": "短"}, papers={})
    refused = program.post("/api/applications", body, **{"Idempotency-Key": "a-wrong-one"})
    assert refused.status_code == 422
    assert "name" in refused.json()["fields"]
    keyless = program.post("/api/applications", body)
    assert (keyless.status_code, keyless.json()["code"]) == (422, "malformed")
    assert program.file("articles", b"MZ\x90\x00").status_code == 422
    assert not Case.objects.exists()


def test_t13_somebody_elses_file_cannot_be_handed_in(town):
    theirs = Program(town.founder).application()
    refused = Program(town.second).post("/api/applications", theirs, **{"Idempotency-Key": "not-my-files"})
    assert refused.status_code == 404
    assert not Case.objects.exists()


def test_r20_nobody_without_a_session_or_without_the_token(town):
    assert Client().get("/api/cases/anything").status_code == 401
    program = Program(town.founder)
    program.token = {}
    refused = program.post("/api/applications", {}, **{"Idempotency-Key": "without-a-token"})
    assert refused.status_code == 403


def test_t15_too_many_tries_answer_429_with_what_to_do(town):
    client = Client()
    asked = {"case_no": "460100209901010000011", "code": "AAAAAAAA"}
    answers = [client.post("/progress/", asked).status_code for _try in range(31)]
    assert answers == [422] * 30 + [429]
