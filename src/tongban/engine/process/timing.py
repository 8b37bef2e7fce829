"""Timers are rows: they survive downtime and are fired once, in due order, with due and actual time (R13,
T38)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection

from tongban.base.kernel.api import Ref, emit, new_id, now, system
from tongban.base.ledger import api as ledger

from . import definitions, store
from .data import DefinitionRef, TimerFired
from .drive import advance
from .feel import FeelJudge
from .statements import NEXT_START, NEXT_TIMER
from .stimuli import Begin, Fire
from .store import Case
from .tokens import State

log = logging.getLogger(__name__)


def fire_due(at: datetime | None = None) -> int:
    """Fire every timer due by `at` (default: now), each in a transaction of its own; returns how many fired.

    Several workers may run it at once: a timer whose instance another one holds is left to that one (R12). A
    timer
    that cannot be fired is logged and left for the next time; the others go on.
    """
    moment, fired, broken = at or now(), 0, [0]
    for one in (_fire_one, _start_one):
        while (done := one(moment, broken)) is not None:
            fired += done
    return fired


def _fire_one(moment: datetime, broken: list[int]) -> int | None:
    """Fire the next due timer; None when there is none."""
    timer = 0
    try:
        with system():
            rows = store.select(NEXT_TIMER, [moment, broken], ", t.id, t.token, t.element, t.due_at")
            if not rows:
                return None
            timer, token, element, due = rows[0][-4:]
            case = store.case_of(rows[0])
            armed = case.state.tokens[token].timers if token in case.state.tokens else {}
            # The row may be older than the instance, which was read when its lock came free.
            if element not in armed or datetime.fromisoformat(armed[element][0]) != due:
                broken.append(timer)
                return 0
            _tell(case.id, case.subject, element, due)
            advance(case, Fire(token, element))
            return 1
    except Exception:
        log.exception("timer %s could not be fired", timer)
        broken.append(timer)
        return 0


def _tell(instance: str, subject: Ref, element: str, due: datetime) -> None:
    fired = now()
    times = {"due": due.isoformat(), "fired": fired.isoformat()}
    ledger.write("process.timer", subject, instance=instance, element=element, times=times)
    emit(TimerFired(instance, subject, element, due, fired))


def _start_one(moment: datetime, broken: list[int]) -> int | None:
    """Start a process whose timer start event is due; its subject is the start itself."""
    timer = 0
    try:
        with system(), connection.cursor() as cursor:
            cursor.execute(NEXT_START, [moment, broken])
            row = cursor.fetchone()
            if row is None:
                return None
            timer, element, due, repeats, key, hash_, id_ = row
            cursor.execute("DELETE FROM process_timer WHERE id = %s", [timer])
            found = definitions.find(DefinitionRef(key, hash_))
            root = next(r for r in found.graph.main if element in found.graph.scopes[r].nodes)
            rule = found.graph.scopes[root].nodes[element].timer
            if repeats and rule is not None:
                later, _ = FeelJudge(moment).due(rule, {}, due)
                definitions.arm_start(id_, element, later, repeats - 1 if repeats > 0 else repeats)
            case = Case(new_id(), Ref("process.start", f"{key}@{due:%Y%m%dT%H%M%SZ}"), found, State())
            _tell(case.id, case.subject, element, due)
            advance(case, Begin(root, (element,)))
            return 1
    except Exception:
        log.exception("start timer %s could not be fired", timer)
        broken.append(timer)
        return 0
