"""The bare view."""

from __future__ import annotations

import json

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from procrastinate.contrib.django.models import ProcrastinateJob

from tongban.base.kernel.api import new_id, now
from tongban.engine.documents.models import Document
from tongban.work.hall.models import Answers, Case, Work


def post(request: HttpRequest) -> HttpResponse:
    """Write the rows."""
    body = json.loads(request.body)
    moment, me = now(), "identity.person:bare"
    with transaction.atomic():
        case = Case.objects.create(
            case_no=new_id(), query_hash=new_id(), nonce=new_id(), item="bench_case", item_title="Benchmark", form="x",
            channel="2", applicant=me, applicant_kind="person", applicant_name="x", filed_by=me, division="460100",
            first_office="o", submitted_at=moment,
        )  # fmt: skip
        Answers.objects.create(case=case, round=1, answers=body["answers"], at=moment)
        Work.objects.create(case=case, kind="accept", office="o", title="Benchmark", opened_at=moment)
        Document.objects.create(
            id=new_id(), kind="receipt", title="Receipt", number="x", language="zh-hans", subject_kind="hall.case",
            subject_id=case.public_id, facts={"case_no": case.case_no}, requested_at=moment,
        )  # fmt: skip
        for _leaf in range(2):
            _record(case.public_id, me)
        for _job in range(2):
            _queue()
    return JsonResponse({"case": case.public_id}, status=201)


def _record(case: str, by: str) -> None:
    """A row of the ledger; no role of the application may give its number and moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO ledger_leaf (kind, subject_kind, subject_id, "by", facts) VALUES (%s, %s, %s, %s, %s)',
            ["x", "hall.case", case, by, "{}"],
        )


def _queue() -> None:
    """A row of the job table; its model is read-only by design, so it is written the way its own code does."""
    table = ProcrastinateJob._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (queue_name, task_name, priority, args, status, attempts) "
            "VALUES ('bare', 'bare', 0, '{}', 'succeeded', 0)"
        )


urlpatterns = [path("", post), path("health/", lambda request: HttpResponse("ok"))]
