"""Verbs: look at the ledger, raise, close."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import Actor, require

from . import models, queries
from .data import ALARM, Alarm, AlarmRaised, Rule
from .rules import rules


def watch() -> int:
    """Every rule against what the ledger recorded within its time; gives how many alarms are new."""
    new = 0
    for _key, rule in rules.items():
        since = now() - timedelta(minutes=rule.minutes)
        for count in ledger.counted(rule.kinds, since, rule.group, rule.least):
            new += raise_alarm(rule, count.key, count.n, count.first, count.last)
    return new


def raise_alarm(rule: Rule, subject: str, count: int, first: datetime, last: datetime) -> bool:
    """Count it on the open alarm of this rule and subject, or open one and tell; whether it is new.

    What an alarm that was closed had counted already raises none again.
    """
    with transaction.atomic():
        same = models.Alarm.objects.select_for_update().filter(rule=rule.key, subject=subject)
        open_ = same.filter(closed_at=None).first()
        if open_ is not None:
            if last > open_.last:
                open_.count, open_.last = max(open_.count, count), last
                open_.save(update_fields=["count", "last"])
            return False
        if same.filter(last__gte=last).exists():
            return False
        row = models.Alarm.objects.create(rule=rule.key, subject=subject, count=count, first=first, last=last)
        ledger.write("alarms.raised", Ref(ALARM, row.id), rule=rule.key, about=subject, count=count)
        emit(AlarmRaised(Ref(ALARM, row.id), rule.key, count))
    return True


def close(actor: Actor, id: str, note: str) -> Alarm:
    """Somebody has looked at it, and says what it was."""
    require(actor, "alarms.close")
    if len(note.strip()) < 4:
        raise Invalid({"note": _("Please say what it was and what was done.")})
    with transaction.atomic():
        row = models.Alarm.objects.select_for_update().filter(id=id).first()
        if row is None:
            raise NotFound()
        if row.closed_at is not None:
            raise Refused(_("Somebody has closed this alarm already."), "state")
        if row.subject == str(actor.person):
            raise Refused(_("This alarm is about you; somebody else closes it."), "own")
        row.note, row.closed_by, row.closed_at = note.strip()[:500], str(actor.by), now()
        row.save()
        ledger.write("alarms.closed", Ref(ALARM, row.id), by=actor.by, note=row.note)
    return queries.as_data(row)
