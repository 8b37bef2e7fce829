"""Who can hold a certificate, and which office answers for them. Rooms above add kinds of their own, such as seals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, Registry, system
from tongban.trust.identity.api import Actor, office, person, require
from tongban.trust.identity.data import OFFICE, PERSON

from .data import Purpose


@dataclass(frozen=True, slots=True)
class Holder:
    """What the certificate is to say, and the office that answers (None: a person, for whom any desk may act)."""

    title: str
    office: Ref | None


# By kind of reference: a function that gives the holder, or raises `NotFound`.
holders: Registry[Callable[[Ref], Holder]] = Registry("holders of certificates")


@holders(PERSON)
def _person(ref: Ref) -> Holder:
    with system():  # the registrar reads the name of who stands there, and sees nothing else of the account
        return Holder(person(ref).name, None)


@holders(OFFICE)
def _office(ref: Ref) -> Holder:
    return Holder(office(ref).title, ref)


def holder_of(ref: Ref, purpose: Purpose) -> Holder:
    """The holder; `NotFound` where there is none, or none that holds this kind of certificate."""
    fits = purpose is Purpose.ENCRYPTION or (ref.kind == PERSON) == (purpose is Purpose.PERSON)
    if not fits or ref.kind not in holders:
        raise NotFound(_("There is no such person or office, or it cannot hold this kind of certificate."))
    return holders.get(ref.kind)(ref)


def require_over(actor: Actor, permission: str, ref: Ref) -> None:
    """`Refused` unless the actor has the permission over the office that answers for this holder."""
    known = holders.get(ref.kind)(ref) if ref.kind in holders else Holder("", None)
    require(actor, permission, known.office)
