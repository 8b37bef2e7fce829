"""Real-name levels (standards.md 6.4): 1 phone, 2 name and number in a register, 3 seen in person, 4 certificate."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, identity_number, system
from tongban.base.ledger.api import write

from . import data, models
from .access import conflicts, require
from .people import RESIDENT_ID
from .personal import normal, normal_phone
from .sealed import id_index, phone_index


def confirm_phone(person: Ref, phone: str) -> None:
    """The person has typed the code that was sent to this phone: it is theirs, and level 1 is reached."""
    number = normal_phone(phone)
    try:
        with transaction.atomic():
            row = models.Person.objects.select_for_update().get(public_id=person.id, kind=data.PersonKind.CITIZEN)
            row.phone, row.phone_index = number, phone_index(number)
            row.level = max(row.level, data.Level.PHONE)
            row.save(update_fields=["phone", "phone_index", "level"])
            write("identity.person.phone", person, by=person, level=row.level)
    except IntegrityError:
        raise Invalid({"phone": _("This phone already has an account.")}) from None


def confirm_in_person(actor: data.Actor, phone: str, name: str, id_number: str) -> data.Person:
    """At a window: an officer has compared the identity card with the person who stands there; level 3.

    The account is found by its phone. Name and number become the card's; a number that another account has is
    `Invalid`. `Refused` for one's own account (T4).
    """
    require(actor, "identity.check_in_person")
    number = normal(id_number)
    if not (verdict := identity_number(number)):
        raise Invalid({"id_number": verdict.message})
    with system():  # an officer sees no citizen's account; this verb may touch the one whose owner is here
        row = (
            models.Person.objects.select_for_update()
            .filter(kind=data.PersonKind.CITIZEN, phone_index=phone_index(phone), is_active=True)
            .exclude(phone_index="")
            .first()
        )
        if row is None:
            raise Invalid({"phone": _("No account has this phone. The visitor can open one on the public site.")})
        if row.id_index and row.id_index != id_index(number):
            raise Invalid({"id_number": _("This account belongs to another identity number.")})
        _take(row, name.strip(), number)
        if conflicts(actor, [row.ref]):
            raise Refused(_("Somebody else must confirm your own account."), code="conflict")
        write("identity.person.level", row.ref, by=actor.person, level=row.level, seen="identity card")
        from .people import _person

        return _person(row)


def _take(row: models.Person, name: str, number: str) -> None:
    row.name, row.id_type, row.id_number, row.id_index = name, RESIDENT_ID, number, id_index(number)
    row.level = max(row.level, data.Level.REAL_PERSON)
    try:
        with transaction.atomic():
            row.save(update_fields=["name", "id_type", "id_number", "id_index", "level"])
    except IntegrityError:
        raise Invalid({"id_number": _("This identity number already has an account.")}) from None


def prove(person: Ref, level: int) -> None:
    """A sign-in with a key that was given out after an identity check proves this level from now on."""
    with system():
        row = models.Person.objects.select_for_update().filter(public_id=person.id).first()
        if row is None:
            raise NotFound()
        if row.kind == data.PersonKind.CITIZEN and row.level < level:
            row.level = level
            row.save(update_fields=["level"])
            write("identity.person.level", person, by=person, level=level)
