"""What identity itself keeps by office: posts, grants, parts, and the offices below."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, emit, now, today
from tongban.base.ledger.api import write

from .. import data, models
from ..offices import place_office
from .data import OfficeHolding, Shift, Thing
from .holdings import chosen, counted, held_rows, office_holdings

# Posts


def _posts(office: Ref) -> QuerySet[models.Post]:
    live = Q(until=None) | Q(until__gt=today())
    return models.Post.objects.filter(live, office__public_id=office.id).select_related("person")


def _post_things(office: Ref) -> Iterable[Thing]:
    return (Thing(str(row.pk), number=row.person.username) for row in _posts(office).order_by("pk"))


def _move_posts(shift: Shift) -> int:
    """End each post today and let its holder go on at the new office, as the file says or as before."""
    target = models.Office.objects.get(public_id=shift.to.ref.id)
    rows = chosen(_posts, shift)
    moved: dict[int, int] = {}
    for old in rows:
        placement = shift.people.get(old.person.username)
        # Ending comes first: an administrator may not hold two posts on one day.
        models.Post.objects.filter(pk=old.pk).update(until=max(shift.on, old.valid_from))
        new = models.Post.objects.create(
            person=old.person,
            office=target,
            title=(placement.title if placement else "") or old.title,
            roles=list(placement.roles) if placement and placement.roles is not None else old.roles,
            concurrent=old.concurrent,
            acting_for_id=moved.get(old.acting_for_id, old.acting_for_id) if old.acting_for_id else None,
            valid_from=max(shift.on, old.valid_from),
            until=old.until,
        )
        moved[old.pk] = new.pk
        models.Post.objects.filter(Q(until=None) | Q(until__gt=today()), acting_for=old).update(acting_for=new)
        write(
            "identity.post.moved", new.ref, by=shift.by, person=str(old.person.ref), former=str(old.ref),
            office=str(shift.to.ref), roles=new.roles, act=str(shift.act),
        )  # fmt: skip
        emit(data.PostEnded(old.ref, old.person.ref, shift.former.ref))
        emit(data.PostAssigned(new.ref, old.person.ref, shift.to.ref))
    return len(rows)


# Grants


def _grants(office: Ref) -> QuerySet[models.Grant]:
    return models.Grant.objects.filter(office__public_id=office.id, until__gt=now()).select_related("person")


def _grant_things(office: Ref) -> Iterable[Thing]:
    return (Thing(str(row.pk), number=row.person.username) for row in _grants(office).order_by("pk"))


def _move_grants(shift: Shift) -> int:
    target = models.Office.objects.get(public_id=shift.to.ref.id)
    rows = chosen(_grants, shift)
    for row in rows:
        row.office = target
        row.save(update_fields=["office"])
        write("identity.grant.moved", row.ref, by=shift.by, office=str(shift.to.ref), act=str(shift.act))
    return len(rows)


# Parts


def _parts(office: Ref) -> QuerySet[models.OfficeRole]:
    return models.OfficeRole.objects.filter(office__public_id=office.id, until=None)


def _part_things(office: Ref) -> Iterable[Thing]:
    rows = _parts(office).order_by("pk")
    return (Thing(str(row.pk), division=row.division, part=row.role, number=row.role) for row in rows)


def _move_parts(shift: Shift) -> int:
    target = models.Office.objects.get(public_id=shift.to.ref.id)
    rows = chosen(_parts, shift)
    for row in rows:
        row.until = shift.on
        row.save(update_fields=["until"])
        models.OfficeRole.objects.create(office=target, role=row.role, division=row.division, valid_from=shift.on)
        write("identity.office.role", shift.to.ref, by=shift.by, role=row.role, division=row.division)
    return len(rows)


# Offices below


def _below(office: Ref) -> QuerySet[models.Office]:
    return models.Office.objects.filter(Q(until=None) | Q(until__gt=today()), parent__public_id=office.id)


def _below_things(office: Ref) -> Iterable[Thing]:
    return (Thing(str(row.pk), division=row.division, number=row.code) for row in _below(office).order_by("pk"))


def _move_below(shift: Shift) -> int:
    rows = chosen(_below, shift)
    for row in rows:
        place_office(row.ref, shift.to.ref, by=shift.by)
    return len(rows)


# Requests that wait, and personnel systems


def _asked(office: Ref) -> QuerySet[models.RightsRequest]:
    rows = models.RightsRequest.objects.filter(state="asked", office__public_id=office.id)
    return rows.select_related("person")


def _systems(office: Ref) -> QuerySet[models.PersonnelSystem]:
    return models.PersonnelSystem.objects.filter(revoked_at=None, until__gt=now(), office__public_id=office.id)


office_holdings.register(
    "identity.request", held_rows(_("requests for rights"), _asked, lambda row: row.person.username)
)
office_holdings.register(
    "identity.personnel_system", held_rows(_("personnel systems"), _systems, lambda row: row.title)
)
office_holdings.register("identity.post", OfficeHolding(_("posts"), counted(_posts), _post_things, _move_posts))
office_holdings.register("identity.grant", OfficeHolding(_("grants"), counted(_grants), _grant_things, _move_grants))
office_holdings.register(
    "identity.part", OfficeHolding(_("parts in divisions"), counted(_parts), _part_things, _move_parts)
)
office_holdings.register(
    "identity.office", OfficeHolding(_("offices below"), counted(_below), _below_things, _move_below)
)
