"""Figures of the hall, from real records only."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import Avg, Count, F, Q

from tongban.base.kernel.api import SHANGHAI, now, system, today

from ..data import CaseState, HallFigures
from ..items.queries import item_count
from ..models import Case, Rating

WINDOW = timedelta(days=90)


def hall_figures() -> HallFigures:
    """Items in use, today's cases, cases closed and their average days over 90 days, share of satisfied ratings.

    An absent rating is absent: satisfaction counts only those who rated, and is None when nobody did.
    """
    with system():  # figures over everybody's cases, for everybody
        return _figures()


def _figures() -> HallFigures:
    begin = datetime.combine(today(), time.min, SHANGHAI)
    since = now() - WINDOW
    closed = Case.objects.filter(submitted_at__gte=since, state__in=[CaseState.GRANTED, CaseState.REFUSED]).aggregate(
        n=Count("id"), took=Avg(F("closed_at") - F("accepted_at"))
    )
    rated = Rating.objects.filter(at__gte=since).aggregate(n=Count("id"), good=Count("id", filter=Q(grade__lte=3)))
    return HallFigures(
        items=item_count(),
        today_cases=Case.objects.filter(submitted_at__gte=begin).count(),
        closed_cases=closed["n"],
        average_days=round(closed["took"] / timedelta(days=1), 1) if closed["took"] is not None else None,
        satisfaction=round(rated["good"] / rated["n"], 4) if rated["n"] else None,
    )
