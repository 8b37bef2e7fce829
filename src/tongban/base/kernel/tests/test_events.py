"""Events are jobs of the same transaction (rule 5; R9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from django.db import OperationalError, connection, transaction

from tongban.base.kernel.api import Event, Ref, emit, on, system

seen: list["Moved"] = []


@dataclass(frozen=True)
class Moved(Event):
    subject: Ref
    to: date
    why: str | None = None


@on(Moved)
def remember(event: Moved) -> None:
    seen.append(event)


@pytest.mark.django_db(transaction=True)
def test_a_handler_gets_the_event_once_the_transaction_holds(run_jobs: Callable[[], int]) -> None:
    seen.clear()
    event = Moved(Ref("a.b", "1"), date(2026, 2, 25), "春节")
    with transaction.atomic():
        emit(event)
    assert seen == []
    assert run_jobs() == 1
    assert seen == [event]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_when_the_transaction_rolls_back(run_jobs: Callable[[], int]) -> None:
    seen.clear()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(Moved(Ref("a.b", "1"), date(2026, 2, 25)))
        raise ZeroDivisionError
    assert (run_jobs(), seen) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        emit(Moved(Ref("a.b", "1"), date(2026, 2, 25)))


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_leaves_no_transaction_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", lost)
        with pytest.raises(OperationalError), system():
            raise AssertionError("not reached")
    assert not connection.in_atomic_block
