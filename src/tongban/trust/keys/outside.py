"""Authorities elsewhere, at the desk (delegated operation, TRUST-01): which roots are trusted, whose certificates are
bound to people and offices here."""

from __future__ import annotations

from asn1crypto import pem
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text
from tongban.trust.identity.api import Actor, conflicts, require

from . import authority, chains
from .data import Purpose
from .holders import holder_of, require_over
from .models import Authority


def roots() -> list[Authority]:
    """The imported roots that are trusted now, in the order they came."""
    return list(Authority.objects.filter(key__isnull=True, trusted=True).order_by("created"))


def import_root(actor: Actor, certificate: bytes, title: str, delegation: str) -> str:
    """Trust a root from now on; `delegation` is the document that charges its authority. Gives its id."""
    require(actor, "ca.issue")
    return authority.import_root(certificate, title, delegation=delegation, by=actor.by)


def distrust(actor: Actor, authority_id: str, reason: str) -> None:
    """Trust it no more: what it vouched for is refused from now on."""
    require(actor, "ca.issue")
    authority.distrust(authority_id, reason, by=actor.by)


def bind(actor: Actor, certificate: bytes, holder: Ref, profile: Purpose | str, evidence: str) -> str:
    """The registrar has seen that an outside certificate is this holder's; gives its serial. `Refused` for one's own,
    for a holder out of reach, and for a certificate that leads to no trusted root."""
    require(actor, "ca.register")
    errors: dict[str, Text] = {}
    if len(evidence.strip()) < 5:
        errors["evidence"] = _("Please write which documents you have seen.")
    try:
        holder_of(holder, Purpose(profile))
    except NotFound as missing:
        errors["holder"] = missing.message
    if errors:
        raise Invalid(errors)
    require_over(actor, "ca.register", holder)
    if conflicts(actor, [holder]):
        raise Refused(_("Nobody decides on a certificate of their own."), "own")
    der = pem.unarmor(certificate)[2] if pem.detect(certificate) else certificate
    return chains.bind_certificate(der, holder, Purpose(profile), evidence=evidence.strip()[:500], by=actor.by)
