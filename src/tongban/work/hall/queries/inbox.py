"""Lists of work and cases: keyset pages, never counted whole (G13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import CharField, Count, F, Lookup, Q, QuerySet

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref, today
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE, Actor

from ..models import Case, Question, Work
from .counting import days_left

SIZE = 30


@CharField.register_lookup
class Begins(Lookup):
    """`LIKE 'x%'` in the one form that row security lets the index answer: its operator tells nothing of other rows."""

    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, given = self.process_lhs(compiler, connection)
        right, more = self.process_rhs(compiler, connection)
        return f"{left} ^@ {right}", (*given, *more)


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows and the mark after which the next page begins (empty: this was the last)."""

    rows: Sequence[Any]
    after: str = ""


@dataclass(frozen=True)
class InboxCounts:
    """The figures over the inbox, capped so that they stay cheap: 100 means 100 or more."""

    open: int
    today: int
    overdue: int
    suspended: int


def _mine(actor: Actor) -> QuerySet[Work]:
    return Work.objects.filter(office__in=[office.id for office in actor.offices], open=True)


def inbox(actor: Actor, *, view: str = "open", kind: str = "", words: str = "", who: str = "", after: str = "") -> Page:
    """Work of the actor's offices, the most urgent first.

    `view` is open, today, overdue, suspended; `who` is mine, unclaimed or a person's reference (an absent colleague).
    """
    rows = _mine(actor).select_related("case")
    day = today()
    views = {
        "today": Q(due=day, suspended=False),
        "overdue": Q(due__lt=day, suspended=False),
        "soon": Q(due__gte=day, due__lte=calendars.due(day, 3).date, suspended=False),
        "suspended": Q(suspended=True),
    }
    if view in views:
        rows = rows.filter(views[view])
    if kind:
        rows = rows.filter(kind=kind)
    if who == "mine":
        rows = rows.filter(claimed_by=str(actor.person))
    elif who == "unclaimed":
        rows = rows.filter(claimed_by="")
    elif who:
        rows = rows.filter(claimed_by=who)
    if words:
        rows = rows.filter(case__case_no=words) if words.isdecimal() else rows.filter(applicant_name__begins=words)
    return _page(rows.order_by(F("due").asc(nulls_last=True), "id"), after)


def _mark(after: str) -> tuple[date | None, int] | None:
    """Where the former page ended: due date and row; None at the first page, and for a mark that is none of ours."""
    day, _dot, last = after.rpartition(".")
    try:
        return date.fromisoformat(day) if day else None, int(last[:18])
    except ValueError:
        return None


def _page(rows: QuerySet[Work], after: str) -> Page:
    if mark := _mark(after):
        due, last = mark
        rows = (
            rows.filter(Q(due__gt=due) | Q(due=None) | Q(due=due, id__gt=last))
            if due
            else rows.filter(due=None, id__gt=last)
        )
    found = list(rows[: SIZE + 1])
    if len(found) <= SIZE:
        return Page(found)
    last_row = found[SIZE - 1]
    return Page(found[:SIZE], f"{last_row.due or ''}.{last_row.id}")


def inbox_counts(actor: Actor) -> InboxCounts:
    """Cheap counts: each looks at no more than a hundred rows."""
    day = today()
    rows = _mine(actor)

    def capped(part: QuerySet[Work]) -> int:
        return len(part.values_list("id", flat=True)[:100])

    return InboxCounts(
        open=capped(rows),
        today=capped(rows.filter(due=day, suspended=False)),
        overdue=capped(rows.filter(due__lt=day, suspended=False)),
        suspended=capped(rows.filter(suspended=True)),
    )


def colleagues_with_work(actor: Actor) -> list[tuple[str, int]]:
    """Who of the office holds claimed work, with how much: to see what an absent colleague left."""
    rows = _mine(actor).exclude(claimed_by="").values("claimed_by").annotate(n=Count("id")).order_by("claimed_by")[:50]
    return [(row["claimed_by"], row["n"]) for row in rows]


def office_cases(actor: Actor, *, state: str = "", words: str = "", late: str = "", after: str = "") -> Page:
    """Cases whose first handler is one of the actor's offices, the newest first. `late`: only those past a date."""
    rows = Case.objects.filter(first_office__in=[office.id for office in actor.offices])
    if state:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(case_no=words) if words.isdecimal() else rows.filter(applicant_name__begins=words)
    if late:
        overdue = Work.objects.filter(open=True, suspended=False, due__lt=today()).values("case")
        rows = rows.filter(Q(pk__in=overdue) | Q(due__lt=today(), closed_at=None))
    return _newest(rows, after)


@dataclass(frozen=True)
class Having:
    """An office that has a case now, and until when."""

    office: str
    due: date | None
    left: int | None
    suspended: bool


def having(cases: Sequence[Case]) -> dict[int, list[Having]]:
    """Which offices have each of these cases now, and whether they are late: two queries for a page."""
    rows = list(Work.objects.filter(case__in=[case.pk for case in cases], open=True).order_by("id"))
    refs = {row.office: Ref(OFFICE, row.office) for row in rows}
    titles = identity.offices_by_ref(refs.values())
    left = days_left(row.due for row in rows)
    found: dict[int, list[Having]] = {}
    for row in rows:
        office = titles.get(refs[row.office])
        one = Having(office.title if office else "", row.due, left.get(row.due) if row.due else None, row.suspended)
        found.setdefault(row.case_id, []).append(one)
    return found


def own_cases(actor: Actor, after: str = "") -> Page:
    """The applicant's cases, the newest first."""
    return _newest(Case.objects.filter(applicant=str(actor.applicant)), after)


def _newest(rows: QuerySet[Any], after: str) -> Page:
    rows = rows.order_by("-id")
    if after.isdecimal():
        rows = rows.filter(id__lt=int(after[:18]))
    found = list(rows[: SIZE + 1])
    if len(found) <= SIZE:
        return Page(found)
    return Page(found[:SIZE], str(found[SIZE - 1].id))


def open_questions(actor: Actor, after: str = "") -> Page:
    """Questions that wait for an answer of the actor's offices, and then those answered lately."""
    rows = Question.objects.filter(office__in=[office.id for office in actor.offices], replied_at=None)
    return _newest(rows, after)


def public_questions(item: str, after: str = "") -> Page:
    """Answered questions about an item that everybody may read."""
    return _newest(Question.objects.filter(item=item, public=True), after)


def own_questions(actor: Actor, after: str = "") -> Page:
    """What this person asked."""
    return _newest(Question.objects.filter(asker=str(actor.person)), after)
