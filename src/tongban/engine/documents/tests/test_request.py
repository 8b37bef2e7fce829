"""Documents are asked for inside a transaction and made by a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from tongban.base.kernel.api import NotFound, Ref, Refused, today, travelled
from tongban.base.ledger import api as ledger
from tongban.engine.documents import api, drawing
from tongban.engine.documents.data import State

from .test_render import BASE, text_of

CASE = Ref("hall.case", "01hzzzzzzzzzzzzzzzzzzzzzzz")
pytestmark = pytest.mark.django_db


def test_g12_a_request_draws_nothing_itself(monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], int]) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(drawing, "render", lambda *a: drawn.append(a[0]) or b"%PDF")
    asked = api.request("acceptance", CASE, BASE)
    assert drawn == [] and asked.state is State.PENDING
    with pytest.raises(Refused):
        api.pdf(asked.id)
    run_jobs()
    assert drawn == ["acceptance"]
    assert api.document(asked.id).state is State.READY


def test_the_pdf_is_there_after_the_job(run_jobs: Callable[[], int]) -> None:
    asked = api.request("acceptance", CASE, BASE, by=Ref("identity.person", "p"))
    run_jobs()
    made = api.document(asked.id)
    assert (made.state, made.title, made.number) == (State.READY, "行政许可申请受理通知书", BASE["number"])
    assert "海南示范云帆科技有限公司" in text_of(api.pdf(asked.id))
    assert made.size == len(api.pdf(asked.id))
    assert [entry.kind for entry in ledger.history(CASE)] == [
        "documents.document.requested",
        "documents.document.ready",
    ]
    assert api.documents_of(CASE) == [made]
    from tongban.engine.documents.models import Document

    assert Document.objects.get(id=asked.id).facts == {}


def test_nothing_is_asked_for_when_the_transaction_rolls_back(run_jobs: Callable[[], int]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        api.request("acceptance", CASE, BASE)
        raise ZeroDivisionError
    assert run_jobs() == 0
    assert api.documents_of(CASE) == []


def test_a_failure_is_visible_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], int]
) -> None:
    asked = api.request("acceptance", CASE, BASE)
    with monkeypatch.context() as broken:
        broken.setattr(drawing, "render", lambda *a: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_jobs()
    failed = api.document(asked.id)
    assert (failed.state, failed.attempts) == (State.FAILED, 1) and "ZeroDivisionError" in failed.error
    assert api.failed() == [failed]
    api.retry(asked.id)
    run_jobs()
    assert api.document(asked.id).state is State.READY
    with pytest.raises(Refused):
        api.retry(asked.id)


def test_making_it_twice_keeps_the_first(run_jobs: Callable[[], int]) -> None:
    asked = api.request("acceptance", CASE, BASE)
    run_jobs()
    first = api.pdf(asked.id)
    api.produce(asked.id)
    assert api.pdf(asked.id) == first
    assert api.document(asked.id).attempts == 1


def test_a_missing_fact_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        api.request("acceptance", CASE, {"issuer": "x"})
    with pytest.raises(KeyError):
        api.request("love_letter", CASE, BASE)
    assert api.documents_of(CASE) == []


def test_a_changed_file_is_not_handed_out(run_jobs: Callable[[], int]) -> None:
    from tongban.engine.documents.models import Document

    asked = api.request("acceptance", CASE, BASE)
    run_jobs()
    Document.objects.filter(id=asked.id).update(content=api.pdf(asked.id) + b" ")
    with pytest.raises(Refused):
        api.pdf(asked.id)


def test_the_response_is_private_and_named(run_jobs: Callable[[], int], settings: Any) -> None:
    asked = api.request("acceptance", CASE, {**BASE, "number": "a\r\nb:1"})
    run_jobs()
    answer = api.response(asked.id, inline=False)
    assert answer["Content-Type"] == "application/pdf"
    assert "\n" not in answer["Content-Disposition"] and answer["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer["Cache-Control"]


def test_unknown_documents_are_not_found() -> None:
    with pytest.raises(NotFound):
        api.document("nothing")
    with pytest.raises(NotFound):
        api.pdf("nothing")


def test_numbers_have_no_gaps_and_begin_again_each_year() -> None:
    assert api.new_number("海市监许受") == f"海市监许受〔{today().year}〕1号"
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        api.new_number("海市监许受")
        raise ZeroDivisionError
    assert api.new_number("海市监许受").endswith("〕2号")
    assert api.new_number("海税许受").endswith("〕1号")
    with travelled(timedelta(days=366)):
        assert api.new_number("海市监许受").endswith("〕1号")
