"""The staff page of background jobs: who may see it, what it tells, and trying again (R10, R20, T41)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.conftest import Town, build_town
from tongban.base.kernel.api import Ref
from tongban.base.ledger import api as ledger
from tongban.site import jobs_pages
from tongban.site.worker import _watched
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, Reach

from .conftest import Browse

pytestmark = pytest.mark.django_db
SECRET = "13912345678"


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


@pytest.fixture
def keeper(town: Town) -> Actor:
    identity.define_role("jobs", "运维", ("jobs.manage",), reach=Reach.SUBTREE)
    person = identity.create_staff("keeper", "运维", password="Bu-Shi-Mi-Ma-1", second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("province").ref, "运维", ["jobs"])
    return identity.actor_for(person.ref)


def job(status: str, name: str = "documents:render", handler: str = "") -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts) VALUES "
            "('events', %s, jsonb_build_object('phone', %s::text, 'handler', nullif(%s, '')), "
            "%s::procrastinate_job_status, 8) RETURNING id",
            [name, SECRET, handler, status],
        )
        return int(cursor.fetchone()[0])


def fail(number: int) -> None:
    """What the worker does with a job that refuses."""

    def refuse() -> None:
        raise ValueError(f"a message that names somebody: {SECRET}")

    class Context:
        """As much of the runner's context as the worker looks at."""

        class job:  # noqa: N801
            id = number
            task_name = "documents:render"

    with pytest.raises(ValueError, match="names somebody"):
        _watched(refuse, wants_context=False)(Context())  # type: ignore[arg-type]


def test_failed_jobs_are_shown_with_kind_age_and_error_and_nobody_is_named(
    keeper: Actor, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # the test lives on this very connection
    number = job("failed")
    fail(number)
    text = browse("staff", keeper).get("/jobs/").content.decode()
    assert f"{number} · documents:render" in text
    assert "ValueError" in text
    assert SECRET not in text


def test_a_failed_job_is_put_back_in_line_once(keeper: Actor, browse: Browse) -> None:
    number = job("failed", "kernel:handle", "tongban.work.hall.handlers.move_lists")
    client = browse("staff", keeper)
    assert client.post(f"/jobs/{number}/retry/").status_code == 302
    assert client.post(f"/jobs/{number}/retry/").status_code == 403
    assert str(number) in client.get("/jobs/?state=todo").content.decode()
    entries = ledger.history(Ref(jobs_pages.JOB, str(number)))
    assert [(entry.kind, entry.by) for entry in entries] == [("site.job.retried", keeper.person)]


def test_the_list_goes_on_where_it_ended(keeper: Actor) -> None:
    made = [job("failed") for _ in range(jobs_pages.SIZE + 5)]
    first = jobs_pages.jobs("failed")
    second = jobs_pages.jobs("failed", first.after)
    assert [row.id for row in (*first.rows, *second.rows)] == made[::-1]
    assert second.after == ""


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "²", "1; DROP TABLE x"])
def test_t32_a_strange_mark_begins_at_the_first_page(keeper: Actor, after: str) -> None:
    number = job("failed")
    assert [row.id for row in jobs_pages.jobs("failed", after).rows] == [number]


@pytest.mark.parametrize("who", ["clerk", "stranger"])
def test_others_are_refused(town: Town, browse: Browse, who: str) -> None:
    number = job("failed")
    client: Any = browse("staff", getattr(town, who))
    assert client.get("/jobs/").status_code == 403
    assert client.post(f"/jobs/{number}/retry/").status_code == 403
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE id = %s", [number])
        assert cursor.fetchone() == ("failed",)
