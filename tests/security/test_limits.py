"""Statements that run too long, and clocks that part (T33, T46); an import that would move time (T3)."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from tests.conftest import Town, build_town
from tongban.base.kernel.api import NotFound, now, travelled
from tongban.base.ledger import api as ledger
from tongban.site import clock, database, production
from tongban.trust.identity import api as identity
from tongban.work.hall import api as hall

from .conftest import Browse
from .test_rows import rows, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


@pytest.mark.parametrize(
    ("site", "statement", "lock"),
    [("public", "3s", "2s"), ("staff", "30s", "10s"), ("system", "0", "0"), ("owner", "0", "0")],
)
def test_t33_each_process_has_its_limit(
    db: None, monkeypatch: pytest.MonkeyPatch, site: str, statement: str, lock: str
) -> None:
    """As each process connects. Jobs, migrations and exports by command are not hurried."""
    monkeypatch.delenv("TONGBAN_DATABASE_ROLE", raising=False)
    entry = database.configuration(site)
    with psycopg.connect(
        host=entry["HOST"], port=entry["PORT"], dbname=entry["NAME"], user=entry["USER"], password=entry["PASSWORD"],
        options=entry["OPTIONS"]["options"],
    ) as one:  # fmt: skip
        told = [one.execute(f"SHOW {name}").fetchone() for name in ("statement_timeout", "lock_timeout")]
        assert told == [(statement,), (lock,)]
        assert one.execute("SELECT tongban_system()").fetchone() == (site in ("system", "owner"),)


@pytest.mark.parametrize("site", ["public", "staff"])
def test_t33_a_statement_that_runs_over_is_told_with_what_to_do(
    town: Town, browse: Browse, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and when to try again, within the limit; what was written before is whole or not there."""
    who = town.founder if site == "public" else town.clerk
    client: Client = browse(site, who)

    def slow(*args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL statement_timeout = '100ms'; UPDATE hall_draft SET item = 'lost'; SELECT pg_sleep(20)"
            )

    path = "/my/" if site == "public" else "/inbox/"
    view = "tongban.work.hall.views.following.own_cases" if site == "public" else "tongban.work.hall.views.desk.inbox"
    hall.open_draft(town.founder, "elder_card")
    monkeypatch.setattr(view, slow)
    began = time.monotonic()
    answer = client.get(path)
    assert answer.status_code == 503, answer.status_code
    assert answer.headers["Retry-After"] == "5" and "503" in answer.content.decode()
    assert time.monotonic() - began < 10
    assert rows("SELECT item FROM hall_draft") == [("elder_card",)]


def test_t46_clocks_that_part_are_written_down_once_and_shown(
    db: None, browse: Browse, town: Town, run_jobs: Callable[[], int]
) -> None:
    def known() -> list[int]:
        return [entry.facts["seconds"] for entry in ledger.history(clock.CLOCK)]

    clock.watch()
    assert known() == [] and clock.alarm() is None
    with travelled(timedelta(seconds=4)):
        clock.watch()
    assert known() == []
    with travelled(timedelta(seconds=-90)):
        clock.watch()
        clock.watch()
    assert known() == [-90]
    assert (found := clock.alarm()) is not None and abs(found.since - now()) < timedelta(minutes=1)
    assert "-90" in _jobs_page(browse)
    with travelled(timedelta(days=2)):
        clock.watch()
    assert len(known()) == 2
    clock.watch()
    assert len(known()) == 3 and clock.alarm() is None
    assert "-90" not in _jobs_page(browse)


def _jobs_page(browse: Browse) -> str:
    try:
        identity.person_by_username("keeper")
    except NotFound:
        identity.define_role("keeper", "运维", ["jobs.manage"])
        person = identity.create_staff("keeper", "运维", second_factor=False)
        identity.assign_post(person.ref, identity.office_by_code("haikou").ref, "运维", ["keeper"])
    client: Client = browse("staff", identity.actor_for(identity.person_by_username("keeper").ref))
    return client.get("/jobs/").content.decode()


def test_t46_a_start_with_a_wrong_clock_is_warned_of(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "tongban.start"):
        production.tell_of_clocks()
        assert caplog.text == ""
        with travelled(timedelta(minutes=5)):
            production.tell_of_clocks()
    assert "clocks" in caplog.text and "300" in caplog.text


def test_t3_an_import_of_items_moves_no_time(town: Town) -> None:
    """Dates and moments in a list, under any name, become neither the record's time nor a case's."""
    done = submit(town)
    before = rows("SELECT * FROM hall_case")
    early = "2001-02-03 04:05:06"
    names = ["at", "updated_at", "state_at", "created_at", "published_at", "decided_at", "submitted_at", "accepted_at",
             "seq", "更新时间", "发布时间", "版本日期", "case_no", "ledger_at"]  # fmt: skip
    row = {"task_code": "11460000MB0000000X4000101001000", "task_name": "测试事项", "dept_name": "海口市市场监督管理局",
           "task_type": "行政许可", "service_object": "自然人", "case_no": done.case_no}  # fmt: skip
    report = hall.import_list(json.dumps([row | dict.fromkeys(names, early)]).encode(), by=town.clerk.person)
    assert report.rows == 1 and report.accepted == 1, report
    limit = datetime(2002, 1, 1, tzinfo=UTC)
    for table, column in rows(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type LIKE 'timestamp%%'"
    ):
        assert rows(f'SELECT count(*) FROM "{table}" WHERE "{column}" < %s', limit) == [(0,)], (table, column)
    assert rows("SELECT * FROM hall_case") == before
