"""Telling somebody something: the inbox at once, the rest by a job."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit
from tongban.engine.notify import api
from tongban.engine.notify.data import Channel, State
from tongban.engine.notify.models import Delivery, Message
from tongban.trust.alarms.data import AlarmRaised
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import CodeMessage

from .conftest import PASSWORD

FACTS = {"item": "企业设立登记", "name": "王小明", "due": "2026-12-18"}


def test_a_message_is_in_the_inbox_at_once(people: SimpleNamespace) -> None:
    api.tell(people.citizen.ref, "test.accepted", FACTS, link="/cases/x/")
    (message,) = api.messages(people.actor).messages
    assert message.text == "“企业设立登记” of 王小明: due 2026年12月18日."
    assert (message.link, message.read_at, api.unread(people.actor)) == ("/cases/x/", None, 1)


def test_nothing_is_told_when_the_transaction_rolls_back(people: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        api.tell(people.citizen.ref, "test.accepted", FACTS)
        raise ZeroDivisionError
    assert (run_jobs(), api.unread(people.actor)) == (0, 0)


def test_the_same_occasion_is_told_once(people: SimpleNamespace) -> None:
    for _again in range(3):
        api.tell(people.citizen.ref, "test.accepted", FACTS, once="case 1 accepted")
    api.tell(people.other.ref, "test.accepted", FACTS, once="case 1 accepted")
    assert Message.objects.count() == 2
    assert Delivery.objects.count() == 2


def test_a_text_message_goes_to_the_phone_without_personal_data(
    people: SimpleNamespace, run_jobs: Callable[[], int]
) -> None:
    api.tell(people.citizen.ref, "test.accepted", FACTS)
    run_jobs()
    (text,) = api.outbox("sms")
    assert (text.address, text.state) == ("13800000001", State.SENT)
    assert text.text == "“企业设立登记” of 王**."


def test_t41_a_mail_has_no_personal_data_in_its_subject(people: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    api.prefer(people.citizen.ref, "wang@example.com", off=["sms"])
    api.tell(people.citizen.ref, "test.accepted", FACTS, link="/cases/x/")
    run_jobs()
    (letter,) = mail.outbox
    assert letter.subject == "消息" and letter.to == ["wang@example.com"]
    assert "王小明" not in letter.body and letter.body.endswith("/cases/x/")
    assert api.outbox("sms") == []


def test_an_urgent_message_goes_where_it_was_not_asked_for(
    people: SimpleNamespace, run_jobs: Callable[[], int]
) -> None:
    api.prefer(people.citizen.ref, "", off=["sms"])
    api.tell(people.citizen.ref, "test.urgent", {})
    run_jobs()
    assert [text.address for text in api.outbox("sms")] == ["13800000001"]


def test_a_failure_is_visible_and_can_be_tried_again(people: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    def broken(delivery: object) -> None:
        raise OSError("13800000001 unreachable")

    sms = api.channels.get("sms")
    api.channels._items["sms"] = Channel("sms", sms.title, sms.address, broken)
    try:
        api.tell(people.citizen.ref, "test.accepted", FACTS, channels=["sms"])
        with pytest.raises(OSError):
            run_jobs()
    finally:
        api.channels._items["sms"] = sms
    (failed,) = api.failed()
    assert (failed.state, failed.attempts) == (State.FAILED, 1)
    assert "13800000001" not in failed.error
    api.retry(failed.id)
    run_jobs()
    assert api.failed() == [] and len(api.outbox("sms")) == 1
    with pytest.raises(Refused):
        api.retry(failed.id)


def test_outside_a_demonstration_the_outbox_keeps_no_words(
    people: SimpleNamespace, run_jobs: Callable[[], int], settings: Any
) -> None:
    settings.TONGBAN_DEMO = False
    api.prefer(people.citizen.ref, "wang@example.com", off=["sms"])
    api.tell(people.citizen.ref, "test.accepted", FACTS)
    run_jobs()
    kept = Delivery.objects.get(channel="mail")
    assert (kept.state, kept.text, kept.address, kept.subject) == ("sent", "", "", "")


@pytest.mark.parametrize("link", ["https://evil.example/", "//evil.example", "javascript:x", "cases", "/\\evil"])
def test_t30_a_link_stays_on_the_site(people: SimpleNamespace, link: str) -> None:
    with pytest.raises(ValueError, match="own site"):
        api.tell(people.citizen.ref, "test.accepted", FACTS, link=link)
    assert Message.objects.count() == 0


def test_a_fact_that_the_words_need_is_missed_at_once(people: SimpleNamespace) -> None:
    with pytest.raises(KeyError):
        api.tell(people.citizen.ref, "test.accepted", {"item": "x"})
    with pytest.raises(KeyError):
        api.tell(people.citizen.ref, "test.unknown", {})
    assert Message.objects.count() == 0


def test_an_office_is_told_once_for_all_and_nobody_else(people: SimpleNamespace) -> None:
    api.tell(people.office.ref, "test.urgent", {})
    clerk = identity.actor_for(people.clerk.ref)
    (message,) = api.messages(clerk).messages
    assert api.messages(people.actor).messages == ()
    with pytest.raises(NotFound):
        api.read(people.actor, message.id)
    assert api.unread(clerk) == 1
    api.read(clerk, message.id)
    assert api.message(clerk, message.id).read_by == str(people.clerk.ref)
    assert Delivery.objects.count() == 0


def test_pages_are_kept_by_key(people: SimpleNamespace) -> None:
    for _number in range(7):
        api.tell(people.citizen.ref, "test.urgent", {}, channels=[])
    seen, after = [], ""
    while True:
        page = api.messages(people.actor, after, size=3)
        seen += [message.id for message in page.messages]
        after = page.next
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7


def test_t15_a_code_reaches_the_phone(people: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    send = identity.code_senders.get("notify")
    send(CodeMessage("13900000000", "123456", "sign_in", 5, None))
    run_jobs()
    (text,) = api.outbox("sms")
    assert text.address == "13900000000" and "123456" in text.text


def test_t14_a_code_for_nobody_is_the_same_work_and_goes_nowhere(
    people: SimpleNamespace, run_jobs: Callable[[], int]
) -> None:
    identity.code_senders.get("notify")(CodeMessage("", "123456", "sign_in", 5, None))
    assert Delivery.objects.get().text == ""
    run_jobs()
    assert Delivery.objects.get().state == State.SKIPPED
    assert api.outbox("sms") == []


def test_an_address_that_is_none_is_told(people: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        api.prefer(people.citizen.ref, "wang", [])
    assert api.preference(people.citizen.ref).email == ""


def test_r1_row_security_shows_a_message_to_its_recipient_only(people: SimpleNamespace) -> None:
    api.tell(people.citizen.ref, "test.urgent", {}, channels=[])
    api.tell(people.office.ref, "test.urgent", {}, channels=[])

    def visible() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM notify_message")
            return int(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        for role in ("tongban_app", "tongban_public"):
            cursor.execute(f"SET LOCAL ROLE {role}")
            try:
                assert visible() == 0
                with identity.acting(people.actor):
                    assert visible() == 1
                    # Whoever may not read another's inbox may still tell them something.
                    api.tell(people.other.ref, "test.urgent", {}, channels=[], once=f"x {role}")
                    assert visible() == 1
                with identity.acting(identity.Actor(person=people.other.ref, kind=None, name="")):
                    assert visible() == (1 if role == "tongban_app" else 2)
            finally:
                cursor.execute("RESET ROLE")


def test_an_alarm_is_told_to_the_administrators(people: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    auditor = identity.create_staff("auditor", "审计", password=PASSWORD, second_factor=False)
    identity.define_role("audit_admin", "审计管理员", ["ledger.audit"])
    identity.assign_post(auditor.ref, people.office.ref, "审计管理员", ["audit_admin"])
    with transaction.atomic():
        emit(AlarmRaised(Ref("alarms.alarm", "one"), "ledger", 1))
    run_jobs()
    with identity.acting(identity.actor_for(auditor.ref)):
        (message,) = api.messages(identity.actor_for(auditor.ref)).messages
    assert message.link == "/security/"
    assert api.unread(people.actor) == 0
