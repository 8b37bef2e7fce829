"""Deadlines through their verbs: open, suspend, resume, extend, close; refusals change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tongban.base.calendars import api as calendars
from tongban.base.calendars import models
from tongban.base.calendars.data import Cause, Procedure, Status
from tongban.base.kernel.api import SHANGHAI, Invalid, NotFound, Ref, Refused, now, today, travelled
from tongban.base.ledger.api import history

pytestmark = pytest.mark.django_db
CLERK = Ref("identity.person", "clerk")
CASE = Ref("hall.case", "one")


@contextmanager
def on(day: str, at: str = "10:00") -> Iterator[None]:
    with travelled(datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=SHANGHAI) - now()):
        assert today().isoformat() == day
        yield


@pytest.fixture(autouse=True)
def _seeded() -> None:
    calendars.seed()


def opened(
    code: str = "XK.DECIDE", subject: Ref = CASE, start: str = "2026-02-11", n: int | None = 5
) -> calendars.Deadline:
    return calendars.open_deadline(subject, code, date.fromisoformat(start), n, by=CLERK)


def test_open() -> None:
    with translation.override("zh-hans"):
        deadline = opened()
    assert (deadline.due, deadline.status, deadline.provisional) == (date(2026, 2, 25), Status.OPEN, False)
    assert "2026年2月14日（周六）为调休上班日" in deadline.why
    assert "到期日2026年2月25日（周三）" in deadline.why
    assert calendars.deadlines(CASE) == (calendars.deadline(CASE, "XK.DECIDE"),)
    assert [entry.kind for entry in history(CASE)] == ["calendars.deadline.opened"]
    assert [(m.cause, m.old, m.new) for m in calendars.moves(CASE)] == [(Cause.OPENED, None, date(2026, 2, 25))]


def test_open_by_the_table_of_limits() -> None:
    deadline = calendars.open_deadline(CASE, "XK.DECIDE", date(2026, 3, 2))
    assert (deadline.n, deadline.unit, deadline.due) == (20, calendars.Unit.WORKDAY, date(2026, 3, 30))
    assert "行政许可法" in deadline.basis


def test_received_after_hours() -> None:
    moment = datetime(2026, 2, 13, 18, 0, tzinfo=SHANGHAI)
    deadline = calendars.open_deadline(CASE, "XK.NOTICE", moment)
    assert (deadline.start, deadline.due) == (date(2026, 2, 14), date(2026, 2, 28))


def test_the_same_limit_runs_once() -> None:
    opened()
    with pytest.raises(Refused):
        opened(n=9)
    assert [d.n for d in calendars.deadlines(CASE)] == [5]


@pytest.mark.parametrize(
    ("code", "n"), [("XK.DECIDE", -1), ("UNKNOWN", None), ("FOI.REPORT", None), ("XK.DECIDE", 10**9)]
)
def test_bad_limits_are_invalid(code: str, n: int | None) -> None:
    with pytest.raises(Invalid):
        calendars.open_deadline(CASE, code, date(2026, 2, 11), n)
    assert calendars.deadlines(CASE) == ()
    assert history(CASE) == []


def test_suspend_over_a_holiday_and_resume() -> None:
    opened()
    with on("2026-02-25"):
        (stopped,) = calendars.suspend(CASE, Procedure.HEARING, CLERK)
        assert (stopped.status, stopped.due, stopped.remaining) == (Status.SUSPENDED, None, 1)
        assert calendars.overdue("hall.case") == ()
    with on("2026-02-28"):
        (running,) = calendars.resume(CASE, CLERK)
    assert (running.status, running.due) == (Status.OPEN, date(2026, 2, 28))
    with translation.override("zh-hans"):
        assert "因听证中止计时" in calendars.deadlines(CASE)[0].why
    assert [m.new for m in calendars.moves(CASE)] == [date(2026, 2, 25), None, date(2026, 2, 28)]


def test_only_a_legal_procedure_stops_the_clock() -> None:
    opened()
    with on("2026-02-12"), pytest.raises(Refused):
        calendars.suspend(CASE, Procedure.THIRD_PARTY, CLERK)
    (untouched,) = calendars.deadlines(CASE)
    assert (untouched.status, untouched.suspensions) == (Status.OPEN, ())


def test_a_suspension_does_not_save_an_overdue_deadline() -> None:
    opened()
    with on("2026-02-26"), pytest.raises(Refused):
        calendars.suspend(CASE, Procedure.HEARING, CLERK)
    assert calendars.deadlines(CASE)[0].status is Status.OPEN


def test_resume_needs_a_suspension() -> None:
    opened()
    with pytest.raises(Refused):
        calendars.resume(CASE, CLERK)
    with pytest.raises(NotFound):
        calendars.resume(Ref("hall.case", "unknown"), CLERK)


def test_extend_within_the_legal_bound() -> None:
    opened()
    with on("2026-02-24"):
        (longer,) = calendars.extend(CASE, 10, CLERK, "行政许可法第四十二条")
        assert (longer.due, longer.extension) == (date(2026, 3, 10), 10)
        with pytest.raises(Refused):
            calendars.extend(CASE, 1, CLERK)
        with pytest.raises(Invalid):
            calendars.extend(CASE, 0, CLERK)
    assert calendars.deadlines(CASE)[0].due == date(2026, 3, 10)


def test_no_extension_once_it_is_over_or_where_the_law_gives_none() -> None:
    opened()
    opened("XK.DELIVER")
    with on("2026-02-26"), pytest.raises(Refused):
        calendars.extend(CASE, 1, CLERK, code="XK.DECIDE")
    with on("2026-02-12"), pytest.raises(Refused):
        calendars.extend(CASE, 1, CLERK, code="XK.DELIVER")
    assert [d.extension for d in calendars.deadlines(CASE)] == [0, 0]


def test_close_in_time_and_late() -> None:
    opened()
    opened("XK.DELIVER")
    with on("2026-02-25", "23:30"):
        (met,) = calendars.close(CASE, "XK.DECIDE", by=CLERK)
    with on("2026-02-26", "00:30"):
        (late,) = calendars.close(CASE, "XK.DELIVER", by=CLERK)
        assert calendars.close(CASE) == ()
    assert (met.status, met.late, late.late) == (Status.MET, False, True)
    assert opened().due == date(2026, 2, 25)  # met ones do not stand in the way of a new one


def test_dropped() -> None:
    opened()
    assert calendars.close(CASE, dropped=True)[0].status is Status.CLOSED


def test_lists() -> None:
    for i, n in enumerate((0, 1, 2, 3, 5)):
        opened(subject=Ref("hall.case", f"c{i}"), n=n)
    opened(subject=Ref("office.task", "c0"), n=0)
    with on("2026-02-13"):  # due on 11, 12, 13, 14 and 25 February
        assert [d.subject.id for d in calendars.overdue("hall.case")] == ["c0", "c1"]
        assert [d.subject.id for d in calendars.due_soon("hall.case", within=1)] == ["c2", "c3"]
        first = calendars.overdue("hall.case", limit=1)[0]
        assert first.due
        assert [d.subject.id for d in calendars.overdue("hall.case", after=(first.due, first.id))] == ["c1"]
        soon = calendars.deadline(Ref("hall.case", "c4"), "XK.DECIDE")
        assert soon and calendars.days_left(soon) == 3
    subjects = [Ref("hall.case", f"c{i}") for i in range(5)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = calendars.deadlines_of(subjects)
    assert len(queries) <= 2
    assert [len(found[s]) for s in subjects] == [1] * 5


def test_rows_agree_with_their_events() -> None:
    opened()
    opened("XK.NOTICE", n=None)
    calendars.open_deadline(Ref("hall.case", "two"), "XK.DECIDE", datetime(2026, 2, 13, 19, 0, tzinfo=SHANGHAI))
    with on("2026-02-12"):
        calendars.suspend(CASE, Procedure.HEARING, CLERK, code="XK.DECIDE")
    with on("2026-02-24"):
        calendars.resume(CASE, CLERK, code="XK.DECIDE")
        calendars.extend(CASE, 3, CLERK, code="XK.DECIDE")
        calendars.close(CASE, "XK.NOTICE")
        calendars.suspend(Ref("hall.case", "two"), Procedure.AUCTION, CLERK)
    assert calendars.recompute_check() == ()


@pytest.mark.parametrize("changes", [{"due": date(2026, 3, 20)}, {"n": 9}, {"extension": 4}, {"status": "suspended"}])
def test_a_row_changed_by_hand_is_found(changes: dict[str, object]) -> None:
    opened()
    models.Deadline.objects.update(**changes)
    assert {d.field for d in calendars.recompute_check()} >= set(changes)


def test_a_suspension_written_by_hand_is_found() -> None:
    opened()
    models.Suspension.objects.create(
        deadline=models.Deadline.objects.get(),
        reason="hearing",
        start=date(2026, 2, 12),
        end=date(2026, 2, 14),
    )
    assert calendars.recompute_check() != ()


def test_coverage() -> None:
    with on("2025-11-21"):
        assert calendars.coverage_check() is True
    with on("2025-12-31"):
        assert calendars.coverage_check() is False


def test_clock_jump_of_the_application_moves_no_date() -> None:
    opened()
    with travelled(timedelta(days=-2)):
        assert calendars.deadlines(CASE)[0].due == date(2026, 2, 25)
        assert calendars.recompute_check() == ()
