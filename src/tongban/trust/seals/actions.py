"""Making seals, using them, taking them out of use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, office, people_at, require
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Purpose
from tongban.trust.keys.data import Reason as CertificateReason

from .data import SEAL, Place, Seal, SealState, SealUsed
from .models import Seal as Row
from .queries import as_data

if TYPE_CHECKING:
    from .sealing import Appearance

LAST_PAGE = Place()
CERTIFICATE = "certificate"  # the reason of a seal that followed what the registration desk did to its certificate


def make_seal(actor: Actor, of: Ref, custodian: Ref, caption: str = "") -> Seal:
    """A seal for an office, with a custodian who answers for it. Its certificate is issued at once where the
    installation may do so; in production the registration desk issues it to the seal's reference."""
    require(actor, "seals.manage", of)
    _check_custodian(of, custodian)
    return _made(of, custodian, caption.strip(), actor.by)


def _check_custodian(of: Ref, custodian: Ref) -> None:
    if custodian not in {post.person for post in people_at(of)}:
        raise Invalid({"custodian": _("Nobody of this user name holds a post in this office.")})


def hand_over(actor: Actor, seal_id: str, custodian: Ref) -> Seal:
    """Somebody else answers for the seal from now on. `Invalid` for who holds no post in its office."""
    with transaction.atomic():
        row = _locked(seal_id)
        require(actor, "seals.manage", Ref.parse(row.office))
        _check_custodian(Ref.parse(row.office), custodian)
        if row.state == SealState.REVOKED:
            raise Refused(_("The seal's present state does not allow this."), "state")
        former, row.custodian = row.custodian, str(custodian)
        if row.custodian != former:
            row.save(update_fields=["custodian"])
            write("seals.handed_over", Ref(SEAL, row.id), by=actor.by, former=former, custodian=row.custodian)
        return as_data(row)


def make_demo_seal(of: Ref, custodian: Ref, caption: str = "") -> Seal:
    """The same at demo load, without an actor; gives the one that is there already. `Refused` in production."""
    if settings.PRODUCTION:
        raise Refused(_("Seals are made by those who may."), "demo")
    known = Row.objects.filter(office=str(of), caption=caption).exclude(state=SealState.REVOKED).first()
    return as_data(known) if known else _made(of, custodian, caption, None)


def _made(of: Ref, custodian: Ref, caption: str, by: Ref | None) -> Seal:
    known = office(of)
    try:
        with transaction.atomic():
            row = Row.objects.create(
                office=str(of), title=known.title, caption=caption, custodian=str(custodian), made_at=now()
            )
            made = as_data(row)
            write(
                "seals.made",
                made.ref,
                by=by,
                office=str(of),
                title=row.title,
                caption=caption,
                custodian=str(custodian),
            )
    except IntegrityError as error:
        raise Refused(_("This office has such a seal already."), "known") from error
    if not settings.PRODUCTION:
        keys.ensure_key(Purpose.SEAL, made.ref, title=f"{known.title}{caption}", by=by)
    return made


def named_like(row: Row, of: Ref) -> bool:
    """Whether the seal bears this office's present name."""
    return row.title == office(of).title


def cut(of: Ref, custodian: Ref, caption: str, by: Ref | None) -> Seal:
    """A seal in the office's present name, unless it has one with this caption already."""
    known = Row.objects.filter(office=str(of), title=office(of).title, caption=caption)
    row = known.exclude(state=SealState.REVOKED).first()
    return as_data(row) if row else _made(of, custodian, caption, by)


def move_seal(actor: Actor, seal_id: str, to: SealState, reason: str) -> Seal:
    """Suspend a seal, let it be used again, or revoke it for good, with the reason. Its certificates are held,
    released and revoked with it, so that whoever verifies a file learns of it (T12)."""
    with transaction.atomic():
        row = _locked(seal_id)
        require(actor, "seals.manage", Ref.parse(row.office))
        if not reason.strip():
            raise Invalid({"reason": _("Please give the reason.")})
        if row.state == SealState.REVOKED or row.state == to:
            raise Refused(_("The seal's present state does not allow this."), "state")
        why, ref = reason.strip(), Ref(SEAL, row.id)
        if to is SealState.REVOKED:
            keys.revoke_of(ref, CertificateReason.CESSATION, why, actor.by)
        elif to is SealState.SUSPENDED:
            return suspend(row, why, actor.by)
        elif row.reason != CERTIFICATE:
            keys.release_of(ref, why, actor.by)
        elif keys.held(ref):
            raise Refused(_("Its certificate is suspended. The registration desk has to release it first."), "held")
        return _moved(row, to, why, actor.by)


def suspend(row: Row, reason: str, by: Ref | None) -> Seal:
    """Out of use until somebody lifts it, and its certificate with it; in the caller's transaction."""
    moved = _moved(row, SealState.SUSPENDED, reason, by)
    keys.hold_of(moved.ref, reason, by)
    return moved


def follow_certificate(seal_id: str, held: bool) -> None:
    """The seal's certificate was held or revoked: so is the seal."""
    with transaction.atomic():
        row = Row.objects.select_for_update().filter(id=seal_id).exclude(state=SealState.REVOKED).first()
        to = SealState.SUSPENDED if held else SealState.REVOKED
        if row is not None and row.state != to:
            _moved(row, to, CERTIFICATE, None)


def _moved(row: Row, to: SealState, reason: str, by: Ref | None) -> Seal:
    former, row.state, row.reason = row.state, to, reason[:300]
    row.save(update_fields=["state", "reason"])
    write("seals.moved", Ref(SEAL, row.id), by=by, former=str(former), state=str(to), reason=row.reason)
    return as_data(row)


def apply_seal(
    actor: Actor,
    seal_id: str,
    pdf: bytes,
    reason: str,
    subject: Ref,
    place: Place | None = LAST_PAGE,
    certify: bool = False,
) -> bytes:
    """Seal a PDF by hand. Needs the permission in the seal's office and a reason; leaves a leaf about `subject`.
    `place` None: a seal that is not seen. `Refused` for seals out of use, `Invalid` without a reason."""
    with transaction.atomic():
        row = _locked(seal_id)
        require(actor, "seals.apply", Ref.parse(row.office))
        if not reason.strip():
            raise Invalid({"reason": _("Please give the reason.")})
        return _applied(row, pdf, reason.strip(), subject, place, certify, actor.by)


def seal_document(
    of: Ref, pdf: bytes, subject: Ref, reason: str, *, place: Place | None = None, by: Ref | None = None
) -> bytes | None:
    """Seal a document an office's own process made, with the office's seal; None where the office has none in use.
    For jobs: nobody is asked for a permission, the leaf names the document and the process's reason."""
    with transaction.atomic():
        found = (
            Row.objects.select_for_update().filter(office=str(of), state=SealState.ACTIVE).order_by("made_at").first()
        )
        if found is None:
            return None
        return _applied(found, pdf, reason, subject, place, False, by)


def _applied(
    row: Row, pdf: bytes, reason: str, subject: Ref, place: Place | None, certify: bool, by: Ref | None
) -> bytes:
    from .sealing import seal  # brings pyHanko along: only who seals needs it

    if row.state != SealState.ACTIVE:
        raise Refused(_("This seal is suspended or revoked."), "state")
    try:
        key = keys.key_for(Purpose.SEAL, Ref(SEAL, row.id))
    except NotFound as error:
        raise Refused(_("This seal has no certificate yet."), "no_certificate") from error
    sealed = seal(pdf, key, _appearance(row, place), reason, certify=certify)
    before, after = (hashlib.sha256(one).hexdigest() for one in (pdf, sealed))
    write("seals.used", subject, by=by, seal=row.id, title=row.title, reason=reason, before=before, after=after)
    emit(SealUsed(seal=row.id, subject=subject, digest=after))
    return sealed


def _appearance(row: Row, place: Place | None) -> Appearance:
    from .drawing import picture
    from .sealing import Appearance

    if place is None:
        return Appearance()
    with translation.override("zh-hans"):  # a seal is cut once, in Chinese
        mark = translation.pgettext("seal", "demo") if getattr(settings, "TONGBAN_DEMO", False) else ""
    return Appearance(picture(row.title, row.caption, mark), place)


def _locked(seal_id: str) -> Row:
    row: Row | None = Row.objects.select_for_update().filter(id=seal_id).first()
    if row is None:
        raise NotFound
    return row
