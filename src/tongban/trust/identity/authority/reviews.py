"""Rights are looked at again in rounds: keep or end each; what nobody looked at in time expires (TRUST-05)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, now, today
from tongban.base.ledger.api import write

from .. import data, grants, models
from ..access import conflicts, may, require
from ..offices import _at, _row
from ..permissions import permissions
from .data import Verdict
from .people import administrators

CONFIRM = "identity.confirm"


@dataclass(frozen=True)
class Line:
    """One right in a round, in words."""

    id: int
    person: Ref
    person_name: str
    office_title: str
    words: Text
    until: object
    verdict: str


def open_review(actor: data.Actor, title: str, due: date, office: Ref | None = None) -> models.Review:
    """Begin a round: every live grant and every post with roles of the office's subtree (None: of all)."""
    require(actor, CONFIRM, office)
    errors: dict[str, Text] = {}
    if not title.strip():
        errors["title"] = _("Please give the round a name.")
    if due <= today():
        errors["due"] = _("The end must be in the future.")
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        place = _row(office) if office else None
        row = models.Review.objects.create(title=title.strip(), due=due, office=place, opened_by=str(actor.person))
        within = Q(office__path__startswith=place.path) if place else Q()
        posts = models.Post.objects.filter(_at("valid_from", "until", today()), within).exclude(roles=[])
        live = models.Grant.objects.filter(within, valid_from__lte=now(), until__gt=now())
        lines = [
            models.ReviewLine(review=row, post=post, person_ref=str(post.person.ref))
            for post in posts.select_related("person")
        ] + [
            models.ReviewLine(review=row, grant=grant, person_ref=str(grant.person.ref))
            for grant in live.select_related("person")
        ]
        models.ReviewLine.objects.bulk_create(lines)
        write("identity.review.opened", row.ref, by=actor.by, rights=len(lines), due=due.isoformat())
    return row


def decide_lines(actor: data.Actor, id_: str, verdicts: Mapping[int, Verdict]) -> int:
    """Keep or end the rights on these lines; nobody reviews their own. What is ended ends at once."""
    with transaction.atomic():
        row = access_review(actor, id_, lock=True)
        lines = row.lines.filter(pk__in=verdicts, verdict=Verdict.OPEN).select_related("post", "grant")
        done = 0
        for line in lines.select_for_update(of=("self",)):
            verdict = verdicts[line.pk]
            if verdict not in (Verdict.KEEP, Verdict.END):
                continue
            if conflicts(actor, [Ref.parse(line.person_ref)]):
                raise Refused(_("Somebody else has to review your own rights."), code="conflict")
            _settle(line, verdict, str(actor.person))
            done += 1
        if not row.lines.filter(verdict=Verdict.OPEN).exists():
            row.closed_at = now()
            row.save(update_fields=["closed_at"])
    return done


def expire_reviews() -> int:
    """The day of a round is over: what nobody looked at expires. Nightly; gives the number of rights."""
    done = 0
    for row in models.Review.objects.filter(closed_at=None, due__lt=today()).order_by("pk"):
        with transaction.atomic():
            for line in row.lines.filter(verdict=Verdict.OPEN).select_related("post__person", "grant"):
                _settle(line, Verdict.KEEP if _last_administrator(line) else Verdict.EXPIRED, "")
                done += 1
            row.closed_at = now()
            row.save(update_fields=["closed_at"])
    return done


def _last_administrator(line: models.ReviewLine) -> bool:
    """Nobody may review their own right, and without a security administrator nobody could give one any more: the last
    of a kind keeps the post, and the ledger says that nobody looked."""
    if line.post is None:
        return False
    kinds = (
        models.Role.objects.filter(key__in=line.post.roles)
        .exclude(administers="")
        .values_list("administers", flat=True)
    )
    return any(administrators(kind) in ([], [line.post.person.ref]) for kind in set(kinds))


def _settle(line: models.ReviewLine, verdict: Verdict, by: str) -> None:
    """A grant that ends is revoked; a post goes on without its roles, because people stay where they work."""
    line.verdict, line.decided_by, line.decided_at = verdict, by, now()
    line.save(update_fields=["verdict", "decided_by", "decided_at"])
    who = Ref.parse(by) if by else None
    right = line.grant.ref if line.grant else line.post.ref if line.post else None
    assert right
    write("identity.review.decided", right, by=who, verdict=verdict.value, review=line.review.public_id)
    if verdict == Verdict.KEEP:
        return
    if line.grant:
        grants.revoke(line.grant.ref, by=who)
    elif line.post:
        roles = list(line.post.roles)
        models.Post.objects.filter(pk=line.post.pk).update(roles=[])
        write("identity.post.roles_ended", line.post.ref, by=who, person=line.person_ref, roles=roles)


def reviews(actor: data.Actor) -> list[models.Review]:
    """Rounds this administrator may look at, newest first, with how much is done (`total`, `left`)."""
    rows = models.Review.objects.select_related("office").annotate(
        total=Count("lines"), left=Count("lines", filter=Q(lines__verdict=Verdict.OPEN))
    )
    return [row for row in rows.order_by("-pk")[:50] if _may_see(actor, row)]


def access_review(actor: data.Actor, id_: str, lock: bool = False) -> models.Review:
    """A round for the security administrator of its offices; `NotFound` for others."""
    rows = models.Review.objects.select_for_update(of=("self",)) if lock else models.Review.objects
    row = rows.select_related("office").filter(public_id=id_).first()
    if row is None or not may(actor, CONFIRM, row.office.ref if row.office else None):
        raise NotFound(_("There is no such review."))
    return row


def _may_see(actor: data.Actor, row: models.Review) -> bool:
    place = row.office.ref if row.office else None
    return may(actor, CONFIRM, place) or may(actor, "identity.audit", place)


def lines_of(row: models.Review, after: int = 0, size: int = 50) -> list[Line]:
    """A page of a round's rights, those without a verdict first, as words."""
    titles = dict(models.Role.objects.values_list("key", "title"))
    rows = row.lines.filter(pk__gt=after).select_related(
        "post__person", "post__office", "grant__person", "grant__office"
    )
    return [_line(line, titles) for line in rows.order_by("pk")[:size]]


def _line(line: models.ReviewLine, titles: Mapping[str, str]) -> Line:
    right = line.post or line.grant
    assert right
    if line.post:
        words: Text = f"{line.post.title}: {'、'.join(titles.get(role, role) for role in line.post.roles)}"
    else:
        assert line.grant
        name = line.grant.permission
        words = permissions.get(name) if name in permissions else name
    office = right.office.title if right.office else str(_("everywhere"))
    until = right.until
    return Line(line.pk, right.person.ref, right.person.name, office, words, until, line.verdict)
