"""Hostile texts and files: rendered as words, refused as documents (T19, T24, T33)."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.base.kernel.api import Invalid
from tongban.work.hall import api as hall
from tongban.work.hall.data import Outcome

from .conftest import Browse

pytestmark = pytest.mark.django_db
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}{% load x %}",
    "<iframe src=//evil.example></iframe>",
    '<a href="javascript:alert(1)">x</a>',
    "]]><script>alert(1)</script>",
]
EVIL = " ".join(PAYLOADS)


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


def test_t19_hostile_texts_are_words_on_every_page(town: Town, browse: Browse) -> None:
    """In every field that people can type into, then on every page that shows it: no element, no attribute, no link."""
    who = town.founder
    answers = {
        **ANSWERS,
        "scope": EVIL,
        "name": f"海口{PAYLOADS[0]}有限公司",
        "address": {"division": "460106", "text": PAYLOADS[3]},
        "representative_name": PAYLOADS[1],
    }
    named = {slot: [{**held[0], "name": f"{PAYLOADS[2]}.pdf"}] for slot, held in papers(who).items()}
    done = hall.submit(who, "enterprise_registration", hall.applicant_of(who), answers, named, nonce="x")
    clerk, officer = town.clerk, town.approvers["commerce"]
    work = hall.open_work(done.case)[0][0]
    hall.ask_correction(clerk, work, [{"what": "scope", "problem": EVIL, "need": EVIL}])
    draft = browse("public", who)
    draft.get(f"/my/cases/{done.case.id}/correct/", follow=True)
    hall.answer_correction(who, done.case, answers, named)
    hall.accept(clerk, hall.open_work(done.case)[0][0])
    hall.decide(officer, hall.open_work(done.case)[0][0], Outcome.REFUSE, EVIL)
    hall.ask(who, "enterprise_registration", EVIL)
    public = [
        f"/my/cases/{done.case.id}/",
        f"/my/cases/{done.case.id}/receipt/",
        "/my/",
        "/my/questions/",
        "/inbox/",
        f"/my/cases/{done.case.id}/withdraw/",
        "/items/enterprise_registration/ask/",
        f"/services/?q={EVIL}",
    ]
    staff = ["/inbox/", "/cases/", f"/cases/{done.case.id}/", "/questions/", f"/inbox/?words={EVIL}"]
    for site, person, paths in (("public", who, public), ("staff", clerk, staff), ("staff", officer, staff)):
        client = browse(site, person)
        for path in paths:
            _harmless(client.get(path), path)
    wrong = browse("public", who).post("/progress/", {"case_no": EVIL, "code": EVIL})
    _harmless(wrong, "/progress/")
    _harmless(browse("public").post("/account/sign-in/", {"login": EVIL, "password": "x"}), "/account/sign-in/")


def _harmless(answer: Any, path: str) -> None:
    if answer.status_code in (301, 302, 404, 403):
        return
    page = html.fromstring(answer.content.decode())
    assert not page.xpath("//*[@onerror or @onload]"), path
    assert not [s for s in page.xpath("//script") if not s.get("src") and "json" not in (s.get("type") or "")], path
    assert not page.xpath("//iframe"), path
    addresses = [str(a).strip().lower() for a in page.xpath("//@href | //@src | //@action")]
    assert not [a for a in addresses if a.startswith(("javascript:", "data:text")) or urlsplit(a).netloc], path
    assert ">49<" not in answer.content.decode(), path


OUTSIDE = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>'


def test_t24_a_workbook_with_a_doctype_is_refused_by_the_import(town: Town) -> None:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    book.active.append(["事项名称"])  # type: ignore[union-attr]
    book.save(out)
    evil = io.BytesIO()
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(evil, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name.endswith(("sheet1.xml", "sharedStrings.xml")):
                cut = body.index(b"?>") + 2 if body.startswith(b"<?xml") else 0
                body = body[:cut] + OUTSIDE.encode() + body[cut:].replace("事项名称".encode(), b"&i;")
            target.writestr(name, body)
    report = hall.import_list(evil.getvalue())
    assert report.accepted == 0
    assert any(finding.level == "error" for finding in report.findings)
    assert "root:" not in str(report)


@pytest.mark.parametrize("text", ["a" * 100_000, "(" * 50_000, "海" * 60_000, "9" * 100_000, "-" * 100_000 + "!"])
def test_t33_long_answers_are_refused_quickly(town: Town, text: str) -> None:
    """No pattern of ours backtracks: every field type with a text that breaks poor patterns, in well under a second."""
    began = time.perf_counter()
    with pytest.raises(Invalid):
        hall.submit(
            town.founder,
            "enterprise_registration",
            hall.applicant_of(town.founder),
            {**ANSWERS, "name": text, "phone": text, "representative_id": text, "capital": text, "scope": text},
            papers(town.founder),
            nonce="n",
        )
    assert time.perf_counter() - began < 3
