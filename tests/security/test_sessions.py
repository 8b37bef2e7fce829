"""A session that ends in the middle of a form: nothing typed is lost, and nobody else sees it (T17, T36, R11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from lxml import html

from tests.conftest import Town, build_town
from tongban.base.kernel.api import travelled
from tongban.trust.identity import api as identity
from tongban.work.hall import api as hall

from .conftest import Browse

pytestmark = pytest.mark.django_db
PASSWORD = "Bu-Shi-Mi-Ma-1"
TYPED = {
    "holder_name": "测试甲",
    "birth": "1949-12-31",
    "division": "460100",
    "residence": "registered",
    "phone": "13800138000",
}


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


def sign_in(client: Client, login: str, then: str) -> Any:
    return client.post(then, {"login": login, "password": PASSWORD})


def kept_form(client: Client) -> tuple[str, dict[str, str]]:
    page = html.fromstring(client.get("/continue/").content)
    chosen = next(f for f in page.forms if f.method == "POST" and (f.action or "").startswith(("/drafts/", "/work/")))
    return chosen.action, {name: value for name, value in chosen.form_values() if name != "csrfmiddlewaretoken"}


def test_what_was_typed_is_in_the_draft_after_signing_in_again(town: Town, browse: Browse) -> None:
    client = browse("public", town.founder)
    draft = hall.open_draft(town.founder, "elder_card")
    page = f"/drafts/{draft.public_id}/person/"
    assert client.get(page).status_code == 200
    with travelled(timedelta(hours=2)):
        answer = client.post(page, {**TYPED, "id_number": "11010519491231002X"})
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/account/sign-in/?next=%2Fcontinue%2F"
        answer = sign_in(client, "founder", answer.headers["Location"])
        assert answer.headers["Location"] == "/continue/"
        action, fields = kept_form(client)
        assert (action, fields["holder_name"]) == (page, "测试甲")
        assert client.post(action, fields).status_code == 302
        draft.refresh_from_db()
        assert {name: str(draft.answers[name]) for name in TYPED} == TYPED
        assert client.get("/continue/").status_code == 302  # once saved, nothing is kept any more


def test_the_quiet_saving_says_that_it_did_not_save_and_keeps_it_as_well(town: Town, browse: Browse) -> None:
    client = browse("public", town.founder)
    draft = hall.open_draft(town.founder, "elder_card")
    page = f"/drafts/{draft.public_id}/person/"
    with travelled(timedelta(hours=2)):
        headers = {"HX-Request": "true", "Referer": f"http://testserver{page}"}
        answer = client.post(f"{page}save/", TYPED, headers=headers)
        assert answer.status_code == 401  # the page shows "not saved" and tries again
        sign_in(client, "founder", answer.headers["HX-Redirect"])
        action, fields = kept_form(client)
        assert (action, fields["phone"]) == (page, "13800138000")


def test_an_opinion_that_an_officer_was_writing_is_kept(town: Town, browse: Browse) -> None:
    client = browse("staff", town.approvers["tax"])
    with travelled(timedelta(minutes=20)):
        answer = client.post("/work/abc/decide/", {"outcome": "grant", "opinion": "写了很久的意见"})
        sign_in(client, "tax", answer.headers["Location"])
        action, fields = kept_form(client)
        assert (action, fields["opinion"]) == ("/work/abc/decide/", "写了很久的意见")


def test_the_next_person_at_the_same_computer_sees_nothing_of_it(town: Town, browse: Browse) -> None:
    client = browse("public", town.founder)
    draft = hall.open_draft(town.founder, "elder_card")
    with travelled(timedelta(hours=2)):
        answer = client.post(f"/drafts/{draft.public_id}/person/", TYPED)
        sign_in(client, "second", answer.headers["Location"])
        seen = client.get("/continue/")
        assert seen.status_code == 302
        assert "13800138000" not in seen.content.decode()
        assert "kept_form" not in client.session


def test_nothing_is_kept_for_somebody_who_never_signed_in(town: Town, browse: Browse) -> None:
    client = browse("public")
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "x" * 32
    answer = client.post("/drafts/abc/person/", TYPED)
    assert answer.headers["Location"] == "/account/sign-in/"
    assert client.get("/my/").headers["Location"].startswith("/account/sign-in/")


def test_a_double_click_leads_to_the_receipt(town: Town, browse: Browse) -> None:
    """T36 over HTTP: the second press of the button finds the draft handed in, and shows where."""
    from tests.conftest import ANSWERS, papers

    client = browse("public", town.founder)
    draft = hall.open_draft(town.founder, "enterprise_registration")
    hall.save_draft(town.founder, draft.public_id, ANSWERS)
    type(draft).objects.filter(pk=draft.pk).update(papers=papers(town.founder))
    first, second = (client.post(f"/drafts/{draft.public_id}/review/") for _press in range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["Location"].endswith("/receipt/")


def test_r11_a_page_of_another_device_is_stale(town: Town, browse: Browse) -> None:
    """409 that says what changed; the other device's answers stay."""
    draft = hall.open_draft(town.founder, "elder_card")
    page = f"/drafts/{draft.public_id}/person/"
    phone, desk = browse("public", town.founder), browse("public", town.founder)
    assert phone.get(page).status_code == desk.get(page).status_code == 200
    assert phone.post(page, TYPED).status_code < 500
    answer = desk.post(page, {**TYPED, "phone": "13900139000"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "13900139000" in text and "13800138000" in text
    draft.refresh_from_db()
    assert draft.answers["phone"] == "13800138000"
    desk.get(page)
    assert desk.post(page, {**TYPED, "phone": "13900139000"}).status_code != 409


def test_withdrawing_works_with_the_public_process_s_own_rights(town: Town) -> None:
    """A database role that may not end grants must not stop an applicant from withdrawing (found by killing)."""
    from django.db import connection, transaction

    from tests.conftest import ANSWERS, papers

    done = hall.submit(
        town.founder,
        "enterprise_registration",
        hall.applicant_of(town.founder),
        ANSWERS,
        papers(town.founder),
        nonce="w",
    )
    hall.accept(town.clerk, hall.open_work(done.case)[0][0])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        with identity.acting(town.founder):
            hall.withdraw(town.founder, done.case, "改主意了")
        cursor.execute("RESET ROLE")
    assert hall.case_view_of(done.case).state == "withdrawn"


def test_a_lost_database_is_told_as_such_and_not_as_a_broken_request(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django reads any failed save of a session as an ended session (400). Found by killing the database."""
    from django.db import OperationalError

    from tongban.trust.identity.models import Session
    from tongban.trust.identity.sessions import SessionStore

    store = SessionStore()
    store["a"] = 1
    store.save()

    def gone(*args: Any, **options: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(Session, "save", gone)
    with pytest.raises(OperationalError):
        store.save()


def test_while_the_database_is_away_the_page_says_so_and_when_to_try_again(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    client = browse("public")

    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("the database system is starting up")

    monkeypatch.setattr("tongban.portal.views.render", away)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "503" in answer.content.decode()
