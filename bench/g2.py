"""G2: the life of one three-way parallel approval from a BPMN file: start, three approvals, issue = five commits.

Ours: the process engine through its front door, in process, one client. Limit: the same rows by hand-written SQL.
Floor: plain ORM, one save per row.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from .installation import installation
from .measure import Result, say

LIVES, ROUNDS = 60, 5
BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tongban="urn:tongban:bpmn:1" id="d" targetNamespace="urn:bench">
<process id="approve" isExecutable="true"><startEvent id="s"/><parallelGateway id="split"/>
<userTask id="a" name="A" tongban:office="commerce"/><userTask id="b" name="B" tongban:office="quality"/>
<userTask id="c" name="C" tongban:office="tax"/><parallelGateway id="join"/>
<userTask id="issue" name="Issue" tongban:office="commerce"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="split"/><sequenceFlow id="f2" sourceRef="split" targetRef="a"/>
<sequenceFlow id="f3" sourceRef="split" targetRef="b"/><sequenceFlow id="f4" sourceRef="split" targetRef="c"/>
<sequenceFlow id="f5" sourceRef="a" targetRef="join"/><sequenceFlow id="f6" sourceRef="b" targetRef="join"/>
<sequenceFlow id="f7" sourceRef="c" targetRef="join"/><sequenceFlow id="f8" sourceRef="join" targetRef="issue"/>
<sequenceFlow id="f9" sourceRef="issue" targetRef="e"/></process></definitions>"""


def main() -> int:
    with installation():
        from django.db import connection, transaction

        from tongban.base.kernel.api import Ref, new_id, now
        from tongban.engine.process import api as process
        from tongban.site.database import connect_owner

        with transaction.atomic():
            definition = process.publish("bench_approve", BPMN.encode())
        with connect_owner() as owner:
            owner.execute(TABLES)

        def ours(i: int) -> None:
            subject = Ref("bench.case", new_id())
            with transaction.atomic():
                state = process.start(definition, subject, {"n": i})
            for _step in range(4):
                with transaction.atomic():
                    state = process.complete(state.open[0].id, {"outcome": "grant"}, version=state.open[0].version)
            assert state.status == "completed", state

        result = Result("g2", "ms", "ratio <= 3.0 and state <= 2 KB a step")
        result.floor = {"plain ORM": []}
        for each in (ours, _raw(connection, transaction, new_id, now), _orm(transaction, new_id, now)):
            each(0)  # warm
        for number in range(ROUNDS):
            result.ours.append(_time(ours))
            result.limit.append(_time(_raw(connection, transaction, new_id, now)))
            result.floor["plain ORM"].append(_time(_orm(transaction, new_id, now)))
            say(f"g2 round {number + 1}: ours {result.ours[-1]:.2f} ms, raw SQL {result.limit[-1]:.2f} ms")
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(pg_column_size(state) + pg_column_size(variables)) FROM process_instance")
            biggest = cursor.fetchone()[0]
        result.extra = {"engine state bytes": biggest}
        return 0 if result.finish(lambda ratio, _floor: ratio <= 3.0 and biggest <= 2048) else 1


def _time(life: Callable[[int], None]) -> float:
    start = time.perf_counter()
    for i in range(LIVES):
        life(i)
    return (time.perf_counter() - start) / LIVES * 1000


TABLES = """
CREATE TABLE raw_instance (id text PRIMARY KEY, subject text, status text, version int, state jsonb, at timestamptz);
CREATE TABLE raw_task (id text PRIMARY KEY, instance text, element text, office text, status text, version int,
    opened timestamptz, closed timestamptz);
GRANT ALL ON raw_instance, raw_task TO tongban_app;
"""


def _raw(connection: Any, transaction: Any, new_id: Any, now: Any) -> Callable[[int], None]:
    start = (
        "WITH i AS (INSERT INTO raw_instance VALUES (%s, %s, 'running', 1, %s::jsonb, %s)) "
        "INSERT INTO raw_task VALUES (%s,%s,'a','commerce','open',1,%s,NULL),(%s,%s,'b','quality','open',1,%s,NULL),"
        "(%s,%s,'c','tax','open',1,%s,NULL)"
    )
    close = (
        "WITH t AS (UPDATE raw_task SET status = 'done', version = version + 1, closed = %s WHERE id = %s AND status = 'open') "
        "UPDATE raw_instance SET version = version + 1, state = %s::jsonb, status = %s WHERE id = %s"
    )
    last = (
        "WITH t AS (UPDATE raw_task SET status = 'done', closed = %s WHERE id = %s), "
        "n AS (INSERT INTO raw_task VALUES (%s, %s, 'issue', 'commerce', 'open', 1, %s, NULL)) "
        "UPDATE raw_instance SET version = version + 1, state = %s::jsonb WHERE id = %s"
    )

    def life(i: int) -> None:
        instance, tasks, moment = new_id(), [new_id() for _ in range(4)], now()
        with transaction.atomic(), connection.cursor() as cursor:
            values = [v for task in tasks[:3] for v in (task, instance, moment)]
            cursor.execute(start, [instance, f"case{i}", '{"tokens": [1,2,3]}', moment, *values])
        for task in tasks[:2]:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT state FROM raw_instance WHERE id = %s FOR UPDATE", [instance])
                cursor.execute(close, [now(), task, '{"tokens": [1]}', "running", instance])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT state FROM raw_instance WHERE id = %s FOR UPDATE", [instance])
            cursor.execute(last, [now(), tasks[2], tasks[3], instance, now(), '{"tokens": [4]}', instance])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT state FROM raw_instance WHERE id = %s FOR UPDATE", [instance])
            cursor.execute(close, [now(), tasks[3], "{}", "completed", instance])

    return life


def _orm(transaction: Any, new_id: Any, now: Any) -> Callable[[int], None]:
    from tongban.engine.process.models import Definition, Instance, TaskRow

    definition = Definition.objects.latest("id")

    def life(i: int) -> None:
        with transaction.atomic():
            instance = Instance.objects.create(
                id=new_id(), definition=definition, subject_kind="orm", subject_id=f"case{i}", status="running",
                state={}, variables={}, started_at=now(),
            )  # fmt: skip
            tasks = [_task(TaskRow, instance, new_id(), now(), element) for element in "abc"]
        for task in tasks:
            with transaction.atomic():
                held = Instance.objects.select_for_update().get(id=instance.id)
                task.refresh_from_db()
                task.status, task.closed_at = "done", now()
                task.save()
                held.version += 1
                held.save()
                if task is tasks[-1]:
                    last = _task(TaskRow, instance, new_id(), now(), "issue")
        with transaction.atomic():
            held = Instance.objects.select_for_update().get(id=instance.id)
            last.status, last.closed_at = "done", now()
            last.save()
            held.status, held.ended_at = "completed", now()
            held.save()

    return life


def _task(model: Any, instance: Any, id_: str, at: Any, element: str) -> Any:
    return model.objects.create(
        id=id_, instance=instance, token=1, element=element, kind="user", unit="workday", status="open", opened_at=at
    )


if __name__ == "__main__":
    sys.exit(main())
