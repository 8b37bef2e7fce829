"""May a certificate be relied on, and whose is it?"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime

from asn1crypto import x509
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, now, system
from tongban.base.ledger.api import write
from tongban.trust.identity.api import person
from tongban.trust.identity.data import PERSON

from . import building
from .authority import row_ref, signed_by
from .data import Algorithm, Certificate, CertificateState, Purpose, Verdict
from .models import Authority
from .models import Certificate as Row


def as_data(row: Row) -> Certificate:
    """The row outside this room."""
    return Certificate(
        serial=row.serial,
        profile=Purpose(row.profile),
        title=row.title,
        holder=Ref.parse(row.holder),
        key_id=row.key_id or "",
        authority=row.authority_id,
        state=CertificateState(row.state),
        reason=row.reason,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        revoked=row.revoked,
        der=bytes(row.der),
    )


def judge(certificate: bytes, at: datetime | None = None, others: Sequence[bytes] = ()) -> Verdict:
    """Whether a certificate (DER) may be relied on at a moment (now): dates, revocation, a trusted root.

    What we issued, or bound to a holder, is judged by our own record, byte for byte; anything else by its path through
    `others` to an imported root. Codes: `unreadable`, `not_yet`, `expired`, `held`, `revoked`, `untrusted`.
    """
    moment = at or now()
    row = _row(certificate)
    if row is not None:
        why = _why(row, moment)
        return Verdict(not why, why, as_data(row))
    try:
        read = x509.Certificate.load(certificate, strict=True)
        why = _dates(read.not_valid_before, read.not_valid_after, moment) or _path(read, others, moment)
    except (ValueError, TypeError, KeyError):
        why = "unreadable"
    return Verdict(not why, why)


def _row(certificate: bytes) -> Row | None:
    try:
        serial = f"{x509.Certificate.load(certificate, strict=True).serial_number:x}"
    except (ValueError, TypeError, KeyError):
        return None
    rows = Row.objects.filter(serial=serial).select_related("authority__parent")
    return next((row for row in rows if bytes(row.der) == certificate), None)


def _dates(start: datetime, end: datetime, moment: datetime) -> str:
    if moment < start:
        return "not_yet"
    return "expired" if moment >= end else ""


def _why(row: Row, moment: datetime) -> str:
    # A revocation counts from its moment: what was signed before stays judged by the time of its timestamp.
    if row.revoked is not None and row.revoked <= moment and row.state != CertificateState.GOOD:
        return "held" if row.state == CertificateState.HELD else "revoked"
    return _dates(row.valid_from, row.valid_until, moment) or _authority_why(row.authority, moment)


def _authority_why(authority: Authority, moment: datetime) -> str:
    if not authority.trusted:
        return "untrusted"
    if authority.parent is None:
        return ""
    own = _row(bytes(authority.certificate))
    return _why(own, moment) if own else "untrusted"


def _path(read: x509.Certificate, others: Sequence[bytes], moment: datetime) -> str:
    """By the imported roots. Path rules (constraints, key usages, policies) are the library's; it knows no SM2."""
    from pyhanko_certvalidator import CertificateValidator, ValidationContext
    from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError

    roots = [
        bytes(der)
        for der in Authority.objects.filter(trusted=True, key__isnull=True).values_list("certificate", flat=True)
    ]
    if not roots:
        return "untrusted"
    if read["signature_algorithm"]["algorithm"].dotted == building.SIGNATURES[Algorithm.SM2]:
        return "" if _signed_by_root(read, roots) else "untrusted"
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(der) for der in roots], allow_fetching=False, moment=moment
    )
    middle = [x509.Certificate.load(der) for der in others[:10]]
    try:
        asyncio.run(CertificateValidator(read, middle, validation_context=context).async_validate_path())
    except (PathBuildingError, PathValidationError, ValueError, TypeError):
        return "untrusted"
    return ""


def _signed_by_root(read: x509.Certificate, roots: Sequence[bytes]) -> bool:
    known = [x509.Certificate.load(der) for der in roots]
    return any(
        root.subject.dump() == read.issuer.dump() and signed_by(read, bytes(root.public_key.dump())) for root in known
    )


def person_of_certificate(certificate: bytes) -> Ref | None:
    """The account of a good personal certificate's holder, or None."""
    verdict = judge(certificate)
    known = verdict.certificate
    if not verdict.good or known is None or known.profile is not Purpose.PERSON or known.holder.kind != PERSON:
        return None
    try:
        with system():  # nobody is signed in yet
            return known.holder if person(known.holder).active else None
    except NotFound:
        return None


def bind_certificate(
    certificate: bytes,
    holder: Ref,
    profile: Purpose,
    *,
    others: Sequence[bytes] = (),
    evidence: str = "",
    by: Ref | None = None,
) -> str:
    """Bind an outside authority's certificate to its holder here; gives its serial. `Refused` when it leads to no root
    that was imported. From then it is judged by our record, and can be held or revoked here."""
    verdict = judge(certificate, others=others)
    if verdict.certificate is not None:
        raise Refused(_("This certificate is already known."), "known")
    if not verdict.good:
        raise Refused(
            _("This certificate leads to no authority that is trusted here, or is not in its time."), verdict.why
        )
    read = x509.Certificate.load(certificate, strict=True)
    root = _root_of(read, others)
    with transaction.atomic():
        row = Row.objects.create(
            serial=f"{read.serial_number:x}",
            authority=root,
            profile=profile,
            title=str(read.subject.native.get("common_name", ""))[:200],
            holder=str(holder),
            spki_hash=hashlib.sha256(read.public_key.dump()).digest(),
            der=certificate,
            valid_from=read.not_valid_before,
            valid_until=read.not_valid_after,
        )
        about = {"holder": str(holder), "profile": str(profile), "authority": root.id, "evidence": evidence}
        write("ca.bound", row_ref(row), by=by, **about)
    return row.serial


def _root_of(read: x509.Certificate, others: Sequence[bytes]) -> Authority:
    names = [read.issuer, *(x509.Certificate.load(der).issuer for der in others)]
    hashes = [building.name_hash(name) for name in names]
    row = Authority.objects.filter(name_hash__in=hashes, trusted=True, key__isnull=True).first()
    if row is None:
        raise Invalid({"certificate": _("The certificates between this one and its root are missing.")})
    return row


def certificate(serial: str) -> Certificate:
    """A certificate by its serial (hexadecimal); `NotFound`."""
    row = Row.objects.filter(serial=serial.strip().lower().replace(":", "").lstrip("0")).first()
    if row is None:
        raise NotFound(_("There is no such certificate."))
    return as_data(row)
