"""Posts: who holds which, from when, until when; concurrent posts and stand-ins (TRUST-07)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, today
from tongban.base.ledger.api import write

from . import data, models
from .authority.separation import one_administrator
from .offices import _at, _row
from .people import _person_row


def assign_post(
    person: Ref,
    office: Ref,
    title: str,
    roles: Sequence[str] = (),
    *,
    valid_from: date | None = None,
    until: date | None = None,
    concurrent: bool = False,
    acting_for: Ref | None = None,
    by: Ref | None = None,
) -> data.Post:
    """Put a member of staff into a post from a day until (exclusive) another.

    `acting_for` names the post stood in for, which needs an end. `Invalid` for an unknown role or dates
    that do not fit; `Refused` for citizens' and closed accounts.
    """
    first = valid_from or today()
    check_post(person, roles, first, until, acting_for, by)
    with one_administrator(), transaction.atomic():
        holder = _person_row(person, lock=True)
        if holder.kind != data.PersonKind.STAFF or not holder.is_active:
            raise Refused(_("Only a member of staff with an open account can hold a post."))
        row = models.Post.objects.create(
            person=holder,
            office=_row(office),
            title=title,
            roles=list(roles),
            valid_from=first,
            until=until,
            concurrent=concurrent,
            acting_for=_post_row(acting_for) if acting_for else None,
        )
        write(
            "identity.post.assigned",
            row.ref,
            by=by,
            person=str(person),
            office=str(office),
            roles=list(roles),
        )
        emit(data.PostAssigned(row.ref, person, office))
    return _post(row)


def check_post(
    person: Ref, roles: Sequence[str], first: date, until: date | None, acting_for: Ref | None, by: Ref | None
) -> None:
    """What must hold of any post before it is given; `Invalid` or `Refused`."""
    unknown = set(roles) - set(models.Role.objects.filter(key__in=roles).values_list("key", flat=True))
    if by == person:
        raise Refused(_("Nobody can give a post to themselves."))
    if unknown:
        raise Invalid({"roles": _("There is no role named %s.") % ", ".join(sorted(unknown))})
    if until is not None and until <= first:
        raise Invalid({"until": _("The end must be after the beginning.")})
    if acting_for is not None and until is None:
        raise Invalid({"until": _("Standing in for somebody needs an end.")})


def end_post(post: Ref, on: date | None = None, by: Ref | None = None) -> None:
    """The post ends: at once, or at the beginning of a later day. A post already over stays as it is."""
    with transaction.atomic():
        row = _post_row(post, lock=True)
        day = on or today()
        if row.until is not None and row.until <= day:
            return
        row.until = max(day, row.valid_from)
        row.save(update_fields=["until"])
        write("identity.post.ended", post, by=by, person=str(row.person.ref), until=row.until.isoformat())
        emit(data.PostEnded(post, row.person.ref, row.office.ref))


def posts_of(person: Ref, on: date | None = None, history: bool = False) -> list[data.Post]:
    """Posts a person holds on a day (today), or with `history` all there ever were, newest first."""
    rows = _posts().filter(person__public_id=person.id)
    if not history:
        rows = rows.filter(_at("valid_from", "until", on or today()))
    return [_post(row) for row in rows.order_by("-valid_from", "-pk")]


def post(ref: Ref) -> data.Post:
    """The post; `NotFound`."""
    return _post(_post_row(ref))


def people_at(office: Ref, role: str = "") -> list[data.Post]:
    """Posts held in the office today by people with open accounts; with `role` only those that carry it."""
    rows = _posts().filter(_at("valid_from", "until", today()), office__public_id=office.id, person__is_active=True)
    if role:
        rows = rows.filter(roles__contains=[role])
    return [_post(row) for row in rows.order_by("pk")]


def _posts() -> QuerySet[models.Post]:
    return models.Post.objects.select_related("person", "office", "acting_for")


def _post_row(ref: Ref, lock: bool = False) -> models.Post:
    rows = _posts().select_for_update(of=("self",)) if lock else _posts()
    row = rows.filter(public_id=ref.id).first()
    if row is None:
        raise NotFound(_("There is no such post."))
    return row


def _post(row: models.Post) -> data.Post:
    return data.Post(
        ref=row.ref,
        person=row.person.ref,
        person_name=row.person.name,
        office=row.office.ref,
        office_title=row.office.title,
        title=row.title,
        roles=tuple(row.roles),
        concurrent=row.concurrent,
        acting_for=row.acting_for.ref if row.acting_for else None,
        valid_from=row.valid_from,
        until=row.until,
    )
