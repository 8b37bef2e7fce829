"""How many people an officer may look up in an hour and a day (T2): distinct persons, counted where rows are read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, Refused, now
from tongban.base.ledger.api import write

from .. import data, models
from ..people import person_by_id_number
from .data import ALARMS

_SLOT = 600  # seconds: a window moves in steps of ten minutes
# At three quarters somebody is told. A page holds fewer people than the last quarter: the alarm comes before the stop.
_ALARM = 0.75

_SEEN = """
WITH added AS (
    INSERT INTO identity_sighting (officer_id, subject, hour)
    SELECT %(officer)s, subject, %(slot)s FROM unnest(%(subjects)s::text[]) AS subject
    ON CONFLICT DO NOTHING RETURNING subject
), known AS (SELECT subject, max(hour) AS hour FROM identity_sighting
             WHERE officer_id = %(officer)s AND hour > %(day)s GROUP BY subject)
SELECT (SELECT count(*) FROM known WHERE hour > %(hour)s), (SELECT count(*) FROM known),
       (SELECT count(*) FROM added WHERE subject NOT IN (SELECT subject FROM known WHERE hour > %(hour)s)),
       (SELECT count(*) FROM added WHERE subject NOT IN (SELECT subject FROM known))
"""


def looked_up(actor: data.Actor, subjects: Sequence[Ref]) -> None:
    """An officer is about to see these people's data. `Refused` beyond the quota; an alarm before it is reached."""
    if not subjects or not actor.staff:
        return
    moment = now()
    values: dict[str, Any] = {
        "officer": actor.person.id,
        "slot": moment - timedelta(seconds=moment.timestamp() % _SLOT),
        "subjects": sorted({hashlib.sha256(str(subject).encode()).hexdigest() for subject in subjects}),
        "hour": moment - timedelta(hours=1),
        "day": moment - timedelta(days=1),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, values)
            in_hour, in_day, new_hour, new_day = cursor.fetchone()
        quotas = (
            (in_hour, new_hour, settings.TONGBAN_LOOKUPS_HOUR, 1),
            (in_day, new_day, settings.TONGBAN_LOOKUPS_DAY, 24),
        )
        for before, new, quota, hours in quotas:
            if before + new > quota:
                raise Refused(
                    _("You have looked up more people than your work usually needs. Your administrators were told."),
                    code="quota",
                )
            if before < quota * _ALARM <= before + new:
                write("identity.mass_lookup", ALARMS, by=actor.person, people=before + new, hours=hours)


def reasons(actor: data.Actor, rows: Sequence[tuple[Ref, str]]) -> dict[Ref, str]:
    """For which case or task (as text) the officer may see each of these records, given with whose number they bear."""
    moment = now()
    live = models.PurposeGrant.objects.filter(officer_id=actor.person.id, valid_from__lte=moment, until__gt=moment)
    grants = {Ref(kind, id_): why for kind, id_, why in live.values_list("subject_kind", "subject_id", "purpose")}
    found = {ref: grants[ref] for ref, _number in rows if ref in grants}
    if any(ref.kind == data.PERSON for ref in grants):
        for ref, number in rows:
            holder = person_by_id_number(number) if ref not in found and number else None
            if holder and holder.ref in grants:
                found[ref] = grants[holder.ref]
    return found


def forget_old() -> int:
    """Delete what no window counts any more; the ledger keeps who saw whom."""
    gone, _kinds = models.Sighting.objects.filter(hour__lt=now() - timedelta(days=2)).delete()
    return gone
