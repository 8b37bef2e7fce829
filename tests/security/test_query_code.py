"""Where is my application? The query code cannot be guessed, and an unknown case says nothing (T14, T15)."""

from __future__ import annotations

import re
import statistics
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.work.hall import api as hall
from tongban.work.hall.data import Submitted
from tongban.work.hall.numbers import _CODE_ALPHABET, mod11_10, new_query_code

from .conftest import Browse

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


@pytest.fixture
def done(town: Town) -> Submitted:
    who = town.founder
    return hall.submit(who, "enterprise_registration", hall.applicant_of(who), ANSWERS, papers(who), nonce="n")


def unknown(case_no: str) -> str:
    """Another case number with a right check digit that nobody has."""
    body = f"{case_no[:14]}{(int(case_no[14:20]) + 500_000) % 1_000_000:06d}"
    return body + mod11_10(body)


def test_t15_the_right_code_opens_the_timeline_and_nothing_else(done: Submitted, browse: Browse) -> None:
    answer = browse("public").post("/progress/", {"case_no": done.case_no, "code": done.query_code})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert done.case_no in text
    for personal in (ANSWERS["representative_id"], ANSWERS["phone"], ANSWERS["address"]["text"]):  # type: ignore[index]
        assert personal not in text
    assert "/withdraw/" not in text


def test_t14_an_unknown_number_answers_like_a_wrong_code(done: Submitted, browse: Browse) -> None:
    """Same status, same words, same size, same statements."""
    client = browse("public")
    pages, counts = [], []
    for number in (done.case_no, unknown(done.case_no)):
        with CaptureQueriesContext(connection) as asked:
            answer = client.post("/progress/", {"case_no": number, "code": "22222222"})
        text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
        pages.append((answer.status_code, text.replace(number, "N")))
        counts.append(len(asked))
    assert pages[0] == pages[1]
    assert pages[0][0] == 422
    assert counts[0] == counts[1]


def test_t14_an_unknown_number_takes_about_as_long(done: Submitted) -> None:
    from tongban.base.kernel.api import NotFound
    from tongban.work.hall.access import access_case_by_code

    def once(number: str) -> float:
        began = time.perf_counter()
        with pytest.raises(NotFound):
            access_case_by_code(number, "22222222")
        return time.perf_counter() - began

    other = unknown(done.case_no)
    pairs = [(once(done.case_no), once(other)) for _ in range(200)]
    known, strange = (statistics.median(times) for times in zip(*pairs, strict=True))
    # A row that is found is built as well: some tens of microseconds, far below what a network tells apart.
    assert abs(known - strange) < max(0.5 * strange, 0.0005)


def test_t15_guessing_is_stopped(done: Submitted, browse: Browse) -> None:
    client = browse("public")
    codes = [
        client.post("/progress/", {"case_no": done.case_no, "code": f"WRONG{n:03d}"}).status_code for n in range(32)
    ]
    assert codes[:30] == [422] * 30
    assert set(codes[30:]) == {429}
    answer = client.post("/progress/", {"case_no": done.case_no, "code": done.query_code})
    assert answer.status_code == 429  # also the right one has to wait


def test_t15_a_code_has_about_forty_bits_and_is_stored_as_a_keyed_hash(done: Submitted) -> None:
    assert len(_CODE_ALPHABET) ** 8 > 2**39
    assert len({new_query_code() for _ in range(1000)}) == 1000
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM hall_case c")
        assert all(done.query_code not in row for (row,) in cursor.fetchall())


def test_t15_a_code_in_the_address_opens_nothing(done: Submitted, browse: Browse) -> None:
    """By post only: addresses end up in logs and histories (T41)."""
    answer = browse("public").get("/progress/", {"case_no": done.case_no, "code": done.query_code})
    assert "tb-timeline" not in answer.content.decode()


def test_t13_the_code_of_one_case_opens_no_other(town: Town, done: Submitted, browse: Browse) -> None:
    answers = {**ANSWERS, "name": "海口第二贸易有限公司"}
    other = hall.submit(
        town.second, "enterprise_registration", hall.applicant_of(town.second), answers, papers(town.second), nonce="2"
    )
    client = browse("public")
    assert client.post("/progress/", {"case_no": other.case_no, "code": done.query_code}).status_code == 422
    assert client.post("/progress/", {"case_no": other.case_no, "code": other.query_code}).status_code == 200
