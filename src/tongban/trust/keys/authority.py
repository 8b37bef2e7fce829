"""The certificate authority: a root that signs issuing authorities, which sign all others; and outside roots that are
trusted because another authority was charged with issuing (TRUST-01, TRUST-03)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from asn1crypto import pem, x509
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now
from tongban.base.ledger.api import write

from . import building, ciphers, rows
from .data import AUTHORITY, SYSTEM, Algorithm, CertificateIssued, KeyState, PolicyLine, Purpose
from .models import Authority, Certificate, Key
from .policies import present_version
from .profiles import PROFILES, policy_oid

GM = "gm"
INTERNATIONAL = "international"
SUITES = {INTERNATIONAL: Algorithm.P384, GM: Algorithm.SM2}


def suite_of(algorithm: Algorithm) -> str:
    """Which authority signs a key of this algorithm."""
    return GM if algorithm is Algorithm.SM2 else INTERNATIONAL


def issuing(suite: str = INTERNATIONAL) -> Authority:
    """The authority that issues now. Outside production it is made on first need; `Refused` in production."""
    found = _issuing(suite)
    if found is not None:
        return found
    if settings.PRODUCTION:
        raise Refused(_("There is no certificate authority yet. Run: tongban ca init"), "no_authority")
    return initialise(suite=suite)


def _issuing(suite: str) -> Authority | None:
    keys = Q(key__algorithm=Algorithm.SM2)
    rows = Authority.objects.filter(keys if suite == GM else ~keys, key__isnull=False, parent__isnull=False)
    return rows.filter(trusted=True, key__state=KeyState.ACTIVE).select_related("key").order_by("-created").first()


def initialise(*, suite: str = INTERNATIONAL, provider: str = "", title: str = "", by: Ref | None = None) -> Authority:
    """Make root, issuing authority and their status responders; the issuing one is given. Safe to repeat."""
    with transaction.atomic():
        rows.alone("authority", suite)
        known = _issuing(suite)
        if known is not None:
            return known
        region = title or settings.TONGBAN_REGION_TITLE.get("zh") or "Tongban"
        tail = " SM2" if suite == GM else ""
        root = _make(Purpose.ROOT, f"{region} 电子政务根 CA{tail}", suite, provider, None, by)
        return _make(Purpose.ISSUING, f"{region} 电子政务签发 CA{tail}", suite, provider, root, by)


def succeed(*, suite: str = INTERNATIONAL, provider: str = "", by: Ref | None = None) -> Authority:
    """A new issuing authority under the same root: it issues from now, the former one only signs its lists and
    answers until its certificates have ended."""
    with transaction.atomic():
        rows.alone("authority", suite)
        former = _issuing(suite)
        if former is None or former.parent is None:
            raise NotFound
        generation = Authority.objects.filter(parent=former.parent).count() + 1
        title = f"{former.title.split(' G')[0]} G{generation}"
        return _make(Purpose.ISSUING, title, suite, provider, former.parent, by)


def _make(
    purpose: Purpose, title: str, suite: str, provider: str, parent: Authority | None, by: Ref | None
) -> Authority:
    made = Authority(title=title, parent=parent, created=now(), line=PolicyLine.COMMERCIAL)
    owner = Ref(AUTHORITY, made.id)
    key = made.key = rows.make(purpose, owner, title, algorithm=SUITES[suite], provider=provider, by=by)
    rows.move(key, KeyState.ACTIVE, by)
    subject = building.name(title)
    issuer = issuer_of(parent) if parent else building.Issuer(key, subject, made.id, bytes(key.public))
    form = _form(purpose, subject, bytes(key.public), PolicyLine.COMMERCIAL)
    made.certificate, made.name_hash = building.certificate(form, issuer), building.name_hash(subject)
    made.save()
    if parent:
        _keep(form, bytes(made.certificate), parent, title, owner, key)
    write("ca.authority_made", owner, by=by, purpose=purpose, key=key.id)
    responder = rows.make(Purpose.OCSP, owner, f"{title} OCSP", algorithm=_beside(suite), by=by)
    rows.move(responder, KeyState.ACTIVE, by)
    certify(responder, responder.title, owner, authority=made, by=by)
    return made


def _beside(suite: str) -> Algorithm:
    return Algorithm.SM2 if suite == GM else Algorithm.P256


def issuer_of(authority: Authority) -> building.Issuer:
    """The authority as the builder needs it."""
    if authority.key is None:
        raise Refused(_("This authority is not ours; it issues and revokes by itself."), "outside")
    subject = x509.Certificate.load(bytes(authority.certificate)).subject
    return building.Issuer(authority.key, subject, authority.id, bytes(authority.key.public))


def certify(
    key: Key, title: str, holder: Ref, *, authority: Authority | None = None, names: tuple[str, ...] = (),
    by: Ref | None = None,
) -> Certificate:  # fmt: skip
    """Issue a certificate for a key that is kept here."""
    return issue(
        Purpose(key.purpose), title, holder, bytes(key.public), key=key, authority=authority, names=names, by=by
    )


def issue(
    purpose: Purpose,
    title: str,
    holder: Ref,
    public: bytes,
    *,
    key: Key | None = None,
    authority: Authority | None = None,
    names: tuple[str, ...] = (),
    by: Ref | None = None,
) -> Certificate:
    """Issue a certificate of a profile, keep it, record it, tell it. Who may is the caller's question."""
    signer = authority or issuing(suite_of(ciphers.algorithm_of(public)))
    subject = building.name(title, "" if holder.kind in (SYSTEM.kind, AUTHORITY) else holder.id)
    form = _form(
        purpose, subject, public, PolicyLine(signer.line), names, x509.Certificate.load(bytes(signer.certificate))
    )
    row = _keep(form, building.certificate(form, issuer_of(signer)), signer, title, holder, key)
    write("ca.issued", row_ref(row), by=by, profile=purpose, holder=str(holder), until=form.valid_until.isoformat())
    emit(CertificateIssued(serial=row.serial, profile=purpose, holder=holder))
    return row


def row_ref(row: Certificate) -> Ref:
    """How the ledger names a certificate."""
    return Ref("keys.certificate", row.serial)


def _form(
    purpose: Purpose,
    subject: x509.Name,
    public: bytes,
    line: PolicyLine,
    names: tuple[str, ...] = (),
    signer: x509.Certificate | None = None,
) -> building.Form:
    start = now().replace(microsecond=0)
    end = start + timedelta(days=PROFILES[purpose].days)
    if signer is not None:  # nothing outlives who vouches for it
        end = min(end, signer.not_valid_after)
    return building.Form(building.new_serial(), subject, public, purpose, start, end, policy_oid(line, purpose), names)


def _keep(
    form: building.Form, der: bytes, authority: Authority, title: str, holder: Ref, key: Key | None
) -> Certificate:
    return Certificate.objects.create(
        serial=f"{form.serial:x}",
        authority=authority,
        profile=form.purpose,
        title=title,
        holder=str(holder),
        key=key,
        spki_hash=hashlib.sha256(form.public).digest(),
        der=der,
        policy=present_version(PolicyLine(authority.line)),
        valid_from=form.valid_from,
        valid_until=form.valid_until,
    )


def import_root(certificate: bytes, title: str, *, delegation: str = "", by: Ref | None = None) -> str:
    """Trust another authority's root (DER or PEM); gives its id. `delegation`: the document that charges it.

    `Invalid` unless it is a valid self-signed authority certificate of a strength accepted here.
    """
    der = pem.unarmor(certificate)[2] if pem.detect(certificate) else certificate
    try:
        read = x509.Certificate.load(der, strict=True)
        constraints = read.basic_constraints_value
        fit = constraints is not None and constraints["ca"].native and read.subject.dump() == read.issuer.dump()
        usage = read.key_usage_value
        fit = fit and (usage is None or "key_cert_sign" in usage.native)
        fit = fit and read.not_valid_before <= now() < read.not_valid_after and signed_by(read, read.public_key.dump())
    except (ValueError, TypeError, KeyError):
        fit = False
    if not fit:
        raise Invalid({"certificate": _("This is not the valid self-signed certificate of an authority.")})
    with transaction.atomic():
        digest = building.name_hash(read.subject)
        rows.alone("outside", digest.hex())
        if Authority.objects.filter(name_hash=digest).exists():
            raise Refused(_("An authority of this name is already known."), "known")
        row = Authority.objects.create(
            title=title, certificate=der, name_hash=digest, delegation=delegation, created=now(), crl_stale=False
        )
        fingerprint = hashlib.sha256(der).hexdigest()
        write("ca.root_imported", Ref(AUTHORITY, row.id), by=by, title=title, sha256=fingerprint, delegation=delegation)
    return row.id


def distrust(authority_id: str, reason: str, by: Ref | None = None) -> None:
    """Trust an imported root no more; what it vouched for is refused from now."""
    with transaction.atomic():
        row = Authority.objects.select_for_update().filter(id=authority_id, key__isnull=True, trusted=True).first()
        if row is None:
            raise NotFound
        row.trusted = False
        row.save(update_fields=["trusted"])
        write("ca.root_distrusted", Ref(AUTHORITY, row.id), by=by, reason=reason)


def signed_by(read: x509.Certificate, public: bytes) -> bool:
    """Whether this key signed this certificate."""
    algorithm = read["signature_algorithm"]["algorithm"]
    hash_name = "sm3" if algorithm.dotted == building.SIGNATURES[Algorithm.SM2] else _hash_of(read)
    return ciphers.verified(public, read["tbs_certificate"].dump(), read.signature, hash_name)


def _hash_of(read: x509.Certificate) -> str:
    algorithm = read["signature_algorithm"]
    return "" if algorithm["algorithm"].native == "ed25519" else str(algorithm.hash_algo)


def trust_roots() -> tuple[bytes, ...]:
    """Root certificates (DER) that signatures may lead to: ours and the imported ones."""
    found = Authority.objects.filter(parent__isnull=True, trusted=True).order_by("created")
    return tuple(bytes(der) for der in found.values_list("certificate", flat=True))


def authorities() -> list[Authority]:
    """All of them, our own first."""
    return list(Authority.objects.select_related("key", "parent").order_by("key_id", "created"))
