"""Reading the library. What somebody may not read answers like what is not there (T13)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.api import may
from tongban.trust.identity.data import Actor

from ..data import Audience, Content, Report, Stage
from ..models import Report as ReportRow

_PEOPLE = ("reports.read", "reports.review", "reports.write")


def reads_internal(actor: Actor) -> bool:
    """Whether internal reports are for this person."""
    return any(may(actor, permission) for permission in _PEOPLE)


def visible(actor: Actor, rows: QuerySet[ReportRow]) -> QuerySet[ReportRow]:
    """Published reports, internal ones with the right to read; one's own being written, others' once handed in to who
    reviews."""
    seen = Q(stage=Stage.PUBLISHED)
    if not reads_internal(actor):
        seen &= Q(audience=Audience.PUBLIC)
    if may(actor, "reports.write"):
        seen |= Q(written_by=str(actor.person))
    if may(actor, "reports.review"):
        seen |= ~Q(stage=Stage.DRAFT)
    return rows.filter(seen)


def reports(
    actor: Actor, text: str = "", kind: str = "", subject: str = "", period: str = "", after: str = "", size: int = 20
) -> tuple[tuple[Report, ...], str]:
    """One page of the library, the newest first, and the key of the next page. `period`: its beginning."""
    rows = visible(actor, ReportRow.objects.filter(current=True))
    if text:
        words = Q(title__icontains=text) | Q(summary__icontains=text) | Q(text__icontains=text)
        rows = rows.filter(words | Q(issuer__icontains=text))
    rows = rows.filter(**{name: value for name, value in (("kind", kind), ("subject", subject)) if value})
    rows = rows.filter(period__startswith=period)
    if after:
        last = rows.filter(report=after).values_list("published_at", "id").first()
        if last is None:
            raise NotFound()
        rows = rows.filter(Q(published_at__lt=last[0]) | Q(published_at=last[0], id__lt=last[1]))
    found = list(rows.defer("text").order_by("-published_at", "-id")[: size + 1])
    page = tuple(as_data(row, whole=False) for row in found[:size])
    return page, page[-1].id if len(found) > size else ""


def being_written(actor: Actor) -> tuple[Report, ...]:
    """One's own reports that are not published yet, and those of others that wait for a review by this person."""
    rows = visible(actor, ReportRow.objects.filter(stage__in=(Stage.DRAFT, Stage.REVIEW, Stage.RETURNED)))
    return tuple(as_data(row, whole=False) for row in rows.defer("text").order_by("-id")[:100])


def report(actor: Actor, id: str, version: int | None = None) -> Report:
    """The version that holds, another published one by its number, or the newest that this person sees."""
    rows = visible(actor, ReportRow.objects.filter(report=id))
    if version is not None:
        row = rows.filter(version=version).first()
    else:
        row = rows.order_by("-current", "-version").first()
    if row is None:
        raise NotFound()
    return as_data(row)


def versions(actor: Actor, id: str) -> tuple[Report, ...]:
    """All versions that this person sees, the newest first."""
    rows = visible(actor, ReportRow.objects.filter(report=id)).defer("text")
    return tuple(as_data(row, whole=False) for row in rows.order_by("-version"))


def reports_named(actor: Actor, titles: Sequence[str]) -> dict[str, str]:
    """Ids of the reports and policies of the library that bear one of these titles."""
    rows = visible(actor, ReportRow.objects.filter(current=True, title__in=titles))
    return dict(rows.values_list("title", "report"))


def as_data(row: ReportRow, *, whole: bool = True) -> Report:
    """A version as it leaves this room; lists do without the text."""
    content = Content(
        title=row.title,
        kind=row.kind,
        subject=row.subject,
        period=row.period,
        audience=Audience(row.audience),
        summary=row.summary,
        text=row.text if whole else "",
        indicators=tuple(row.indicators),
        policies=tuple(row.policies),
    )
    return Report(
        id=row.report,
        version=row.version,
        stage=Stage(row.stage),
        current=row.current,
        content=content,
        issuer=row.issuer,
        written_by=Ref.parse(row.written_by),
        reviewed_by=Ref.parse(row.reviewed_by) if row.reviewed_by else None,
        published_at=row.published_at,
        file=row.file,
        reason=row.reason,
        remark=row.remark,
    )
