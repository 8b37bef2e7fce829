"""People and the posts they hold: joiner, mover, leaver."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import (
    Invalid,
    NotFound,
    Ref,
    Refused,
    Registry,
    Text,
    emit,
    identity_number,
    new_id,
    now,
    system,
)
from tongban.base.ledger.api import write

from . import data, models
from .personal import normal, normal_phone
from .sealed import id_index, phone_index

# Filled from above: the population register says whether name and number belong together.
name_checks: Registry[data.NameCheck] = Registry("name_checks")
# Filled from above, by the principal's kind: whether a person may authorise agents for it (legal
# representative).
principal_owners: Registry[data.OwnerCheck] = Registry("principal_owners")

RESIDENT_ID = "111"  # GA/T 517: resident identity card


def create_staff(
    username: str,
    name: str,
    *,
    password: str | None = None,
    phone: str = "",
    id_number: str = "",
    second_factor: bool = True,
    by: Ref | None = None,
) -> data.Person:
    """A staff account without any post yet. Without a password nobody can sign in until one is set.

    `Invalid` per field when the username, phone or number is taken or does not hold. `second_factor=False`
    is for demonstration accounts.
    """
    row = models.Person(
        kind=data.PersonKind.STAFF, username=username, name=name, phone=phone, level=data.Level.REAL_PERSON
    )
    row.second_factor = second_factor
    return _create(row, password, id_number, RESIDENT_ID, by)


def create_citizen(
    name: str,
    *,
    id_number: str = "",
    phone: str = "",
    password: str | None = None,
    username: str = "",
    level: int | None = None,
    id_type: str = RESIDENT_ID,
    by: Ref | None = None,
) -> data.Person:
    """A citizen's account. Its level is 2 where a name check confirms name and number, else 1 with a phone.

    A number that nobody confirmed is not kept: it would find, and show, another person's data. Whoever has
    seen the identity card passes `level=3`. `Invalid` per field when the phone or the number already has an
    account or the number's check digit is wrong.
    """
    row = models.Person(kind=data.PersonKind.CITIZEN, username=username or f"c-{new_id()}", name=name, phone=phone)
    confirmed = bool(id_number) and level is None and real_name(name, id_type, normal(id_number))
    row.level = level if level is not None else _first_level(bool(phone), confirmed)
    if row.level < data.Level.REAL_NAME:
        id_number = _sound(id_number, id_type)
    row.second_factor = False
    return _create(row, password, id_number, id_type, by)


def _sound(id_number: str, id_type: str) -> str:
    """A number nobody confirmed is checked for its digits and then not kept: it may be somebody else's."""
    if id_number and id_type == RESIDENT_ID and not (verdict := identity_number(normal(id_number))):
        raise Invalid({"id_number": verdict.message})
    return ""


def _first_level(phone: bool, confirmed: bool) -> int:
    if confirmed:
        return data.Level.REAL_NAME
    return data.Level.PHONE if phone else data.Level.ANONYMOUS


def real_name(name: str, id_type: str, id_number: str) -> bool:
    """Whether any register that knows people confirms that the name belongs to the number."""
    return any(check(name, id_type, id_number) for _key, check in name_checks.items())


def _create(row: models.Person, password: str | None, id_number: str, id_type: str, by: Ref | None) -> data.Person:
    row.username = row.username.strip()
    row.name = row.name.strip()
    row.phone = normal_phone(row.phone)
    row.phone_index = phone_index(row.phone)
    row.id_number = normal(id_number)
    row.id_type = id_type if row.id_number else ""
    row.id_index = id_index(row.id_number)
    _check(row, password)
    if password is None:
        row.set_unusable_password()
    else:
        row.set_password(password)
    try:
        with system():  # whoever opens an account, at home or at a window, sees no accounts
            row.save(force_insert=True)
            write("identity.person.created", row.ref, by=by or row.ref, account=row.kind, level=row.level)
    except IntegrityError as error:
        raise _taken(error) from None
    return _person(row)


def _check(row: models.Person, password: str | None) -> None:
    errors: dict[str, Text] = {}
    if not row.name:
        errors["name"] = _("Please write the full name.")
    if not row.username:
        errors["username"] = _("Please choose a username.")
    if row.phone and not (row.phone.isdigit() and 7 <= len(row.phone) <= 15):
        errors["phone"] = _("Please write a mobile number of 11 digits.")
    if row.id_number and row.id_type == RESIDENT_ID and not (verdict := identity_number(row.id_number)):
        errors["id_number"] = verdict.message
    if password is not None:
        try:
            validate_password(password, row)
        except ValidationError as error:
            errors["password"] = " ".join(error.messages)
    if errors:
        raise Invalid(errors)


def _taken(error: IntegrityError) -> Invalid:
    text = str(error)
    if "one_id" in text:
        return Invalid({"id_number": _("This identity number already has an account.")})
    if "one_phone" in text:
        return Invalid({"phone": _("This phone already has an account.")})
    return Invalid({"username": _("This username is taken.")})


def register(name: str, id_number: str, phone: str, password: str) -> data.Person:
    """A citizen opens an account with a phone just confirmed. A number is kept only if a register confirms
    it.

    A number that is not confirmed and one that has an account already get the same answer (T14).
    """
    if id_number and not (verdict := identity_number(normal(id_number))):
        raise Invalid({"id_number": verdict.message})
    if id_number and not real_name(name, RESIDENT_ID, normal(id_number)):
        raise Invalid({"id_number": UNCONFIRMED})
    try:
        return create_citizen(name, id_number=id_number, phone=phone, password=password)
    except Invalid as invalid:
        raise Invalid(
            {**invalid.errors, "id_number": UNCONFIRMED} if "id_number" in invalid.errors else invalid.errors
        ) from None


UNCONFIRMED = _(
    "Name and number could not be confirmed. If you have an account already, sign in or reset its password; "
    "otherwise leave the number empty or come to a service counter with your identity card."
)


def confirm_real_name(person: Ref, name: str, id_number: str) -> None:
    """Raise a citizen's account to level 2 when a register confirms name and number; `Invalid` else,
    `Refused` if done."""
    number = normal(id_number)
    with transaction.atomic():
        row = _person_row(person, lock=True)
        if row.kind != data.PersonKind.CITIZEN or row.level >= data.Level.REAL_NAME:
            raise Refused(_("This account is confirmed already."))
        with system():
            taken = models.Person.objects.filter(kind=row.kind, id_index=id_index(number)).exclude(pk=row.pk).exists()
        if taken or not identity_number(number) or not real_name(name.strip(), RESIDENT_ID, number):
            raise Invalid({"id_number": UNCONFIRMED}, UNCONFIRMED)
        row.name, row.id_type, row.id_number, row.id_index = (
            name.strip(),
            RESIDENT_ID,
            number,
            id_index(number),
        )
        row.level = data.Level.REAL_NAME
        row.save(update_fields=["name", "id_type", "id_number", "id_index", "level"])
        write("identity.person.level", person, by=person, level=row.level)


def change_staff(person: Ref, username: str, name: str, phone: str, by: Ref | None = None) -> None:
    """Another username, name or phone of a member of staff; `Invalid` per field as `create_staff`."""
    with transaction.atomic():
        row = _person_row(person, lock=True)
        former = (row.username, row.name, row.phone)
        row.username, row.name, row.phone = username.strip(), name.strip(), normal_phone(phone)
        if row.kind != data.PersonKind.STAFF or (row.username, row.name, row.phone) == former:
            return
        row.phone_index = phone_index(row.phone)
        _check(row, None)
        try:
            with transaction.atomic():
                row.save(update_fields=["username", "name", "phone", "phone_index"])
        except IntegrityError as error:
            raise _taken(error) from None
        new = (row.username, row.name, row.phone)
        changed = [field for field, a, b in zip(("username", "name", "phone"), former, new, strict=True) if a != b]
        write("identity.person.changed", person, by=by, fields=changed)


def set_password(person: Ref, password: str, by: Ref | None = None) -> None:
    """A new password; every session of the account ends."""
    with system():  # who has forgotten it is not signed in
        row = _person_row(person, lock=True)
        try:
            validate_password(password, row)
        except ValidationError as error:
            raise Invalid({"password": " ".join(error.messages)}) from None
        row.set_password(password)
        row.save(update_fields=["password"])
        row.sessions.all().delete()
        write("identity.person.password", person, by=by or person)
        emit(data.SignedOut(person))


def set_level(person: Ref, level: int, by: Ref | None = None) -> None:
    """A new real-name level, with its trace in the ledger."""
    with transaction.atomic():
        models.Person.objects.filter(public_id=person.id).update(level=level)
        write("identity.person.level", person, by=by, level=level)


def disable(person: Ref, by: Ref | None = None, reason: str = "") -> None:
    """Close the account. Its sessions are gone with the same commit; its next request is nobody's (T17)."""
    with transaction.atomic():
        row = _person_row(person, lock=True)
        if not row.is_active:
            return
        row.is_active, row.disabled_at = False, now()
        row.save(update_fields=["is_active", "disabled_at"])
        row.sessions.all().delete()
        write("identity.person.disabled", person, by=by, reason=reason)
        emit(data.PersonDisabled(person))


def enable(person: Ref, by: Ref | None = None) -> None:
    """Open the account again. Posts and grants that ended meanwhile stay ended."""
    with transaction.atomic():
        row = _person_row(person, lock=True)
        row.is_active, row.disabled_at = True, None
        row.save(update_fields=["is_active", "disabled_at"])
        write("identity.person.enabled", person, by=by)


def sign_out_everywhere(person: Ref, by: Ref | None = None) -> int:
    """End every session of the account; gives their number."""
    with transaction.atomic():
        gone, _kinds = models.Session.objects.filter(account__public_id=person.id).delete()
        write("identity.person.signed_out", person, by=by or person, sessions=gone)
        emit(data.SignedOut(person))
    return gone


def person(ref: Ref) -> data.Person:
    """The person; `NotFound`."""
    return _person(_person_row(ref))


def person_by_username(username: str) -> data.Person:
    """The person with this username; `NotFound`."""
    return _person(_first(models.Person.objects.filter(username=username)))


def person_by_id_number(id_number: str) -> data.Person | None:
    """The citizen's account of this identity number, found by its keyed hash, or None."""
    index = id_index(id_number)
    with system():  # a clerk with the card in hand
        row = models.Person.objects.filter(kind=data.PersonKind.CITIZEN, id_index=index).first() if index else None
    return _person(row) if row else None


def people_by_ref(refs: Iterable[Ref]) -> dict[Ref, data.Person]:
    """Many people in one query; unknown ones are left out."""
    ids = {ref.id for ref in refs}
    return {row.ref: _person(row) for row in models.Person.objects.filter(public_id__in=ids)} if ids else {}


def list_people(
    kind: str, words: str = "", after: tuple[str, int] | None = None, size: int = 50
) -> tuple[list[data.Person], tuple[str, int] | None]:
    """One page of accounts by name, and the key after which the next page starts (None: this was the
    last)."""
    rows = models.Person.objects.filter(kind=kind)
    for word in words.split()[:3]:
        rows = rows.filter(Q(name__startswith=word) | Q(username__startswith=word) | Q(phone_index=phone_index(word)))
    if after:
        rows = rows.filter(Q(name__gt=after[0]) | Q(name=after[0], id__gt=after[1]))
    listed = list(rows.order_by("name", "id")[: size + 1])
    more = listed[size - 1] if len(listed) > size else None
    return [_person(row) for row in listed[:size]], (more.name, more.pk) if more else None


def _first(rows: QuerySet[models.Person]) -> models.Person:
    row = rows.first()
    if row is None:
        raise NotFound(_("There is no such person."))
    return row


def _person_row(ref: Ref, lock: bool = False) -> models.Person:
    rows = models.Person.objects.select_for_update() if lock else models.Person.objects.all()
    return _first(rows.filter(public_id=ref.id))


def _person(row: models.Person) -> data.Person:
    return data.Person(
        ref=row.ref,
        kind=data.PersonKind(row.kind),
        username=row.username,
        name=row.name,
        level=row.level,
        active=row.is_active,
        id_type=row.id_type,
        id_number=row.id_number,
        phone=row.phone,
    )
