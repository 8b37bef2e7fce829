"""A deadline that is opened while the calendar changes follows the changed calendar."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, transaction

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref

CASE = Ref("hall.case", "same-time")


@pytest.mark.django_db(transaction=True)
def test_a_change_waits_for_those_who_count() -> None:
    calendars.seed()
    counted, changed = threading.Event(), threading.Event()

    def change() -> None:
        counted.wait(10)
        calendars.set_day(date(2026, 2, 24), calendars.DayKind.HOLIDAY, "台风停工", CASE)
        changed.set()
        connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    with transaction.atomic():
        calendars.open_deadline(CASE, "XK.DECIDE", date(2026, 2, 11), 5)
        counted.set()
        assert not changed.wait(0.5)  # the change stands in line until this transaction ends
    thread.join(10)
    assert changed.is_set()
    assert calendars.deadlines(CASE)[0].due == date(2026, 2, 26)
    assert calendars.recompute_check() == ()
