"""Background jobs for administrators: what failed, what waits, and trying again. Nothing is dropped (NFR; R10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from procrastinate.contrib.django import app

from tongban.base.kernel.api import Ref, Refused, Text, now
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import actor_of, permitted

from . import clock

SIZE = 30
JOB, FAILED = "site.job", "site.job.failed"
STATES: Mapping[str, Text] = {
    "failed": gettext_lazy("Failed"),
    "todo": gettext_lazy("Waiting"),
    "doing": gettext_lazy("Running"),
}
KINDS: Mapping[str, Text] = {
    "kernel:handle": gettext_lazy("Telling the rooms what happened"),
    "site:clock": gettext_lazy("Comparing the clocks"),
    "kernel:rescue": gettext_lazy("Rescuing jobs of lost workers"),
    "documents:render": gettext_lazy("Drawing a document"),
    "notify:send": gettext_lazy("Sending a message"),
    "files:fixity": gettext_lazy("Checking stored files"),
    "calendars:check": gettext_lazy("Computing deadlines again"),
    "identity:tidy": gettext_lazy("Clearing ended sessions and codes"),
    "identity:reorganise": gettext_lazy("Carrying out a reorganisation"),
    "identity:reorganisations": gettext_lazy("Looking for reorganisations that are due"),
    "hall:give_up": gettext_lazy("Closing what nobody corrected"),
    "hall:publish_items": gettext_lazy("Publishing items on their day"),
    "process:timers": gettext_lazy("Firing timers of processes"),
    "packs:carry_out": gettext_lazy("Planning or installing a pack"),
    "openid:tell": gettext_lazy("Telling connected systems of a sign-out"),
    "openid:tidy": gettext_lazy("Clearing ended connections"),
    "keys:hourly": gettext_lazy("Signing revocation lists"),
    "keys:nightly": gettext_lazy("Looking for certificates about to expire"),
    "witness:seal": gettext_lazy("Sealing the ledger"),
    "witness:show": gettext_lazy("Showing the ledger's head to its witnesses"),
    "witness:stamp": gettext_lazy("Timestamping the ledger's head"),
    "witness:check": gettext_lazy("Checking the ledger"),
}

# The last refusal of each job stands in the ledger, by class and place only: messages may name people (T41).
_LIST = """
SELECT j.id, j.task_name, j.status::text, j.attempts, j.scheduled_at, j.args->>'handler',
       (SELECT min(e.at) FROM procrastinate_events e WHERE e.job_id = j.id), l.facts
FROM procrastinate_jobs j LEFT JOIN LATERAL (
    SELECT facts FROM ledger_leaf WHERE subject_id = j.id::text AND subject_kind = %s
    ORDER BY seq DESC LIMIT 1) l ON true
WHERE j.status = %s::procrastinate_job_status AND j.id < %s ORDER BY j.id DESC LIMIT %s
"""


@dataclass(frozen=True)
class Job:
    """One job as the page shows it. Its arguments stay out: they may name people."""

    id: int
    kind: Text
    name: str
    state: str
    attempts: int
    since: datetime | None
    next_try: datetime | None
    error: str


@dataclass(frozen=True)
class Page:
    """Rows, and the mark after which the next page begins."""

    rows: list[Job]
    after: str = ""


def jobs(state: str, after: str = "") -> Page:
    """Jobs in one state, the newest first; keyset pages."""
    last = int(after) if after.isdecimal() and len(after) < 19 else 2**63 - 1
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [JOB, state, last, SIZE + 1])
        rows = [_job(*row) for row in cursor.fetchall()]
    return Page(rows[:SIZE], str(rows[SIZE - 1].id) if len(rows) > SIZE else "")


def _job(
    id_: int, task: str, state: str, attempts: int, planned: Any, handler: str, since: Any, facts: str | None
) -> Job:
    known = json.loads(facts) if facts else {}
    error = f"{known['error']} · {known['place']}" if known.get("error") else ""
    name = (handler or task).removeprefix("tongban.")
    return Job(id_, KINDS.get(task, task), name, state, attempts, since, planned if state == "todo" else None, error)


@permitted("jobs.manage")
def jobs_page(request: HttpRequest) -> HttpResponse:
    """Failed jobs first; waiting and running ones on their own tabs."""
    state = request.GET.get("state", "failed")
    state = state if state in STATES else "failed"
    page = jobs(state, request.GET.get("after", ""))
    return render(
        request,
        "site/jobs.html",
        {"page": page, "state": state, "states": STATES, "now": now(), "clock": clock.alarm()},
    )


@require_POST
@permitted("jobs.manage")
def retry(request: HttpRequest, job: int) -> HttpResponse:
    """Put a failed job back in line, now."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE id = %s FOR UPDATE", [job])
            found = cursor.fetchone()
        if found != ("failed",):
            raise Refused(_("Only a job that failed can be tried again."), code="state")
        app.job_manager.retry_job_by_id(job, retry_at=now())
        ledger.write("site.job.retried", Ref(JOB, str(job)), by=actor_of(request).by)
    messages.success(request, _("The job is back in line."))
    return redirect("site:jobs")


def record_failure(job: int | None, task: str, error: BaseException) -> None:
    """Write down that a job refused: the error's class and where in our code it arose, never its text (T41)."""
    with transaction.atomic():
        ledger.write(FAILED, Ref(JOB, str(job)), task=task, error=type(error).__name__, place=_place(error))


def _place(error: BaseException) -> str:
    """Module and line of the innermost frame of ours."""
    place, frame = "", error.__traceback__
    while frame is not None:
        module = frame.tb_frame.f_globals.get("__name__", "")
        if module.startswith("tongban.") and module != "tongban.site.worker":
            place = f"{module.removeprefix('tongban.')}:{frame.tb_lineno}"
        frame = frame.tb_next
    return place
