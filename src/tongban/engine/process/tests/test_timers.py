"""Timers (R13, T38): rows that survive downtime, fired once, in due order, with due and actual time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, connections

from tongban.base.kernel.api import SHANGHAI, Ref, new_id, now, travelled
from tongban.base.ledger.api import history
from tongban.engine.process import api, timers
from tongban.engine.process.feel import FeelJudge
from tongban.engine.process.model import Timer

Draw = Callable[..., bytes]


@pytest.fixture
def subject() -> Ref:
    return Ref("hall.case", new_id())


def waiting(draw: Draw, *durations: str) -> bytes:
    """A task with a reminder (not interrupting) after each duration."""
    timer = "<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition>"
    body = '<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>'
    flows = ["s -> a", "a -> e"]
    for n, duration in enumerate(durations):
        bound = f'<boundaryEvent id="b{n}" attachedToRef="a" cancelActivity="false">{timer.format(duration)}'
        body += bound + f'</boundaryEvent><userTask id="late{n}"/>'
        flows.append(f"b{n} -> late{n}")
    return draw(body, *flows)


@pytest.mark.django_db
def test_after_downtime_each_timer_fires_once_in_due_order(draw: Draw, subject: Ref) -> None:
    state = api.start(api.publish("p", waiting(draw, "P2D", "PT6H", "P20D")), subject)
    began = now()
    assert api.fire_due() == 0
    with travelled(timedelta(days=3)):
        assert api.fire_due() == 2
        assert api.fire_due() == 0
        opened = [t.element for t in api.state(subject).open]
        fired = [e.facts for e in history(subject) if e.kind == "process.timer"]
    assert opened == ["a", "late1", "late0"]
    assert [f["element"] for f in fired] == ["b1", "b0"]
    due, actual = (datetime.fromisoformat(fired[0]["times"][k]) for k in ("due", "fired"))
    assert timedelta(hours=6) - timedelta(minutes=1) < due - began < timedelta(hours=6)
    assert actual - due > timedelta(days=2)
    api.complete(state.open[0].id)
    with travelled(timedelta(days=30)):
        assert api.fire_due() == 0  # the activity is over, and so is its last timer


@pytest.mark.django_db
def test_a_repeating_timer_passes_over_what_it_missed(draw: Draw, subject: Ref) -> None:
    xml = waiting(draw, "P1D").replace(b"timeDuration", b"timeCycle").replace(b"P1D", b"R5/P1D")
    api.start(api.publish("p", xml), subject)
    with travelled(timedelta(days=3, hours=1)):
        assert api.fire_due() == 1
        assert api.fire_due() == 0
    with travelled(timedelta(days=4, hours=1)):
        assert api.fire_due() == 1


@pytest.mark.django_db
def test_a_timer_starts_a_process(draw: Draw) -> None:
    cycle = "<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>"
    body = f'<startEvent id="s">{cycle}</startEvent><userTask id="a"/>'
    api.publish("nightly", draw(body, "s -> a"))
    for hours, fired in ((1.1, 1), (2.1, 1), (9, 0)):
        with travelled(timedelta(hours=hours)):
            assert api.fire_due() == fired
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM process_instance WHERE subject_kind = 'process.start'")
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db(transaction=True)
def test_two_workers_fire_each_timer_once(draw: Draw) -> None:
    """R12: a timer whose instance another worker holds is left to that worker."""
    ref = api.publish("p", waiting(draw, "PT1H"))
    for n in range(12):
        api.start(ref, Ref("hall.case", f"{n}"))
    fired: list[int] = []

    def work() -> None:
        fired.append(api.fire_due(now() + timedelta(hours=2)))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(fired) + api.fire_due(now() + timedelta(hours=2)) == 12
    assert [len(api.state(Ref("hall.case", f"{n}")).open) for n in range(12)] == [2] * 12


def test_working_days_end_at_midnight_after_the_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "working_days", lambda start, count: start + timedelta(days=count + 2))
    from tongban.engine.process.expressions import rule

    moment = datetime(2026, 2, 10, 17, tzinfo=UTC)  # already the 11th in Shanghai
    due, left = FeelJudge(moment).due(Timer("workdays", workdays=rule("n + 1")), {"n": 4}, None)
    assert (due.astimezone(SHANGHAI).date(), left) == (date(2026, 2, 19), 0)
    assert due.astimezone(SHANGHAI).hour == 0


@pytest.mark.django_db
def test_working_days_come_from_the_calendar() -> None:
    """The Spring Festival of 2026: five working days after 11 February end on the 25th."""
    assert timers.working_days(date(2026, 2, 11), 5) == date(2026, 2, 25)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("P1M", datetime(2026, 2, 28, tzinfo=UTC)),
        ("P1Y2M3DT4H", datetime(2027, 4, 3, 4, tzinfo=UTC)),
        ("PT0.5S", datetime(2026, 1, 31, 0, 0, 0, 500000, tzinfo=UTC)),
        ("P2W", datetime(2026, 2, 14, tzinfo=UTC)),
    ],
)
def test_durations(text: str, after: datetime) -> None:
    assert timers.add_duration(datetime(2026, 1, 31, tzinfo=UTC), text) == after


@pytest.mark.parametrize("text", ["P", "PT", "1D", "P1D2H", "P99999Y", "PT9999999999999999H"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        timers.add_duration(datetime(2026, 1, 31, tzinfo=UTC), text)
