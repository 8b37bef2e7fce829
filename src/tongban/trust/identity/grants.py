"""Roles, grants and purpose grants: who may do what, over which offices, for how long (TRUST-05, rule 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, now, system, today
from tongban.base.ledger.api import write

from . import data, models
from .authority.data import Scope, scope_of
from .authority.separation import one_administrator
from .offices import _at, _row
from .people import _person_row
from .permissions import administrative, scoped
from .permissions import permissions as declared


def define_role(
    key: str,
    title: str,
    permissions: Sequence[str],
    *,
    reach: data.Reach = data.Reach.OWN,
    title_en: str = "",
    by: Ref | None = None,
) -> None:
    """Create or change the role. `Invalid` names permissions that no room declares, and a role that would be two of the
    three administrators at once (R7). Posts feel it at once."""
    unknown = [name for name in permissions if name not in declared]
    if unknown:
        raise Invalid({"permissions": _("There is no permission named %s.") % ", ".join(unknown)})
    kinds = sorted({administrative.get(name) for name in permissions if name in administrative})
    if len(kinds) > 1:
        raise Invalid({"permissions": _("A role is of one kind of administrator only.")})
    values = {
        "title": title,
        "title_en": title_en,
        "permissions": sorted(set(permissions)),
        "reach": reach,
        "administers": kinds[0] if kinds else "",
    }
    with one_administrator(), transaction.atomic():
        row = models.Role.objects.select_for_update().filter(key=key).first()
        if row and all(getattr(row, name) == value for name, value in values.items()):
            return
        models.Role.objects.update_or_create(key=key, defaults=values)
        write("identity.role.defined", Ref("identity.role", key), by=by, permissions=sorted(set(permissions)))


def roles() -> list[tuple[str, str, tuple[str, ...]]]:
    """Every role: key, title, permissions."""
    return [(row.key, row.title, tuple(row.permissions)) for row in models.Role.objects.order_by("key")]


def grant(
    person: Ref,
    permission: str,
    office: Ref | None,
    *,
    until: datetime,
    purpose: str,
    valid_from: datetime | None = None,
    scope: Scope | None = None,
    by: Ref | None = None,
) -> data.Grant:
    """Give one member of staff one permission over an office and all below it, until a moment.

    `office=None` is the whole tree. `Refused` when somebody grants to themselves; `Invalid` for an undeclared
    permission, a missing purpose or an end that is not in the future.
    """
    start = valid_from or now()
    check_grant(permission, purpose, until, start, scope)
    if by == person:
        raise Refused(_("Nobody can grant something to themselves."))
    with one_administrator(), transaction.atomic():
        holder = _person_row(person, lock=True)
        if holder.kind != data.PersonKind.STAFF or not holder.is_active:
            raise Refused(_("Grants are for members of staff with an open account."))
        row = models.Grant.objects.create(
            person=holder,
            permission=permission,
            office=_row(office) if office else None,
            scope={name: value for name, value in asdict(scope or Scope()).items() if value},
            purpose=purpose.strip(),
            valid_from=start,
            until=until,
            granted_by=str(by or ""),
        )
        write(
            "identity.grant.given",
            row.ref,
            by=by,
            person=str(person),
            permission=permission,
            office=str(office or ""),
        )
    return _grant(row)


def check_grant(permission: str, purpose: str, until: datetime, start: datetime, scope: Scope | None) -> None:
    """What must hold of any grant before it is given or asked for; `Invalid` per field."""
    errors: dict[str, Text] = {}
    if permission not in declared:
        errors["permission"] = _("There is no permission named %s.") % permission
    elif permission in administrative:
        errors["permission"] = _("Administrators' rights come with a post only.")
    if scope not in (None, Scope()) and permission not in scoped:
        errors["permission"] = _("This permission cannot be bounded to a register.")
    if not purpose.strip():
        errors["purpose"] = _("Please say what this grant is for.")
    if until <= max(start, now()):
        errors["until"] = _("The end must be after the beginning.")
    if errors:
        raise Invalid(errors)


def revoke(grant: Ref, by: Ref | None = None) -> None:
    """End a grant now. One already over stays as it is."""
    with transaction.atomic():
        row = _grants().select_for_update(of=("self",)).filter(public_id=grant.id).first()
        if row is None:
            raise NotFound(_("There is no such grant."))
        moment = now()
        if row.until <= moment:
            return
        row.until = moment
        row.save(update_fields=["until"])
        write("identity.grant.revoked", grant, by=by, person=str(row.person.ref), permission=row.permission)


def grants_of(person: Ref, history: bool = False) -> list[data.Grant]:
    """Live grants of a person, or with `history` all, newest first."""
    rows = _grants().filter(person__public_id=person.id)
    return [_grant(row) for row in (rows if history else rows.filter(until__gt=now())).order_by("-pk")]


def grant_by_ref(ref: Ref) -> data.Grant:
    """The grant; `NotFound`."""
    row = _grants().filter(public_id=ref.id).first()
    if row is None:
        raise NotFound(_("There is no such grant."))
    return _grant(row)


def purpose_grant(officer: Ref, purpose: Ref, subject: Ref, until: datetime, by: Ref | None = None) -> None:
    """Let an officer see a subject's personal rows for a case or task until a moment (rule 8, T1).

    Repeating it prolongs or shortens the same grant. Row security reads these rows in the same database,
    so the grant works from the same transaction on.
    """
    with system():  # who gives a reason sees only their own
        models.PurposeGrant.objects.update_or_create(
            officer_id=officer.id,
            subject_kind=subject.kind,
            subject_id=subject.id,
            purpose=str(purpose),
            defaults={"until": until},
        )
        write("identity.purpose.granted", subject, by=by, officer=str(officer), purpose=str(purpose))


def purpose_end(purpose: Ref, officer: Ref | None = None) -> int:
    """The case or task is over (or left this officer's hands): nobody sees personal rows for it. Gives the
    number."""
    with system():
        rows = models.PurposeGrant.objects.filter(purpose=str(purpose), until__gt=now())
        return (rows.filter(officer_id=officer.id) if officer else rows).update(until=now())


def purposes_left(purposes: Iterable[Ref], former: Ref, to: Ref) -> int:
    """These cases have passed from one office to another: who worked at the former and does not at the new one has no
    reason left. Gives the number."""
    gone = models.Post.objects.filter(office__public_id=former.id).values_list("person__public_id", flat=True)
    there = models.Post.objects.filter(_at("valid_from", "until", today()), office__public_id=to.id)
    officers = set(gone) - set(there.values_list("person__public_id", flat=True))
    rows = models.PurposeGrant.objects.filter(
        purpose__in=[str(purpose) for purpose in purposes], officer_id__in=officers, until__gt=now()
    )
    return rows.update(until=now())


def _grants() -> QuerySet[models.Grant]:
    return models.Grant.objects.select_related("person", "office")


def _grant(row: models.Grant) -> data.Grant:
    return data.Grant(
        ref=row.ref,
        person=row.person.ref,
        permission=row.permission,
        office=row.office.ref if row.office else None,
        office_title=row.office.title if row.office else "",
        purpose=row.purpose,
        valid_from=row.valid_from,
        until=row.until,
        scope=scope_of(row.scope),
    )
