"""The registration desk (TRUST-01, TRUST-08): an application is received, one officer checks who applies, another
issues; certificates are renewed, held, resumed and revoked. Nobody decides on their own certificate."""

from __future__ import annotations

import re
from hashlib import sha256

from asn1crypto import csr as asn1_csr
from asn1crypto import pem
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, emit, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, conflicts, may, require

from . import authority, building, ciphers, rows
from .data import (
    REQUEST,
    Algorithm,
    CertificateRequest,
    CertificateRevoked,
    CertificateState,
    KeyState,
    Purpose,
    Reason,
    RequestState,
)
from .escrow import put_in_escrow
from .holders import holder_of, require_over
from .models import Certificate, Key, Request
from .profiles import OWN_VERBS, PROFILES, check_algorithm
from .signing import above

DNS_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
LARGEST_REQUEST = 20_000  # bytes of a PKCS #10 request


def receive(
    actor: Actor,
    profile: Purpose | str,
    holder: Ref,
    *,
    title: str = "",
    algorithm: Algorithm | str = "",
    csr: bytes = b"",
    names: str = "",
) -> CertificateRequest:
    """Take an application. With a PKCS #10 request (DER or PEM) the holder has the key; else it is made here when the
    certificate is issued. Of the request only the public key counts: the desk says who the holder is."""
    require(actor, "ca.register")
    purpose, errors = Purpose(profile), dict[str, Text]()
    if purpose in OWN_VERBS:
        raise Refused(_("Certificates of this kind are not applied for."), "profile")
    try:
        known = holder_of(holder, purpose)
    except NotFound as missing:
        raise Invalid({"holder": missing.message}) from None
    require(actor, "ca.register", known.office)
    hosts = _names(names, purpose, errors)
    public, kind = b"", Algorithm(algorithm) if algorithm else PROFILES[purpose].algorithm
    if csr:
        public = _public_of(csr, errors)
        kind = ciphers.algorithm_of(public) if public else kind
    if errors:
        raise Invalid(errors)
    check_algorithm(purpose, kind)
    with transaction.atomic():
        if public:
            _check_fresh(public, holder)
        row = Request.objects.create(
            profile=purpose,
            title=(title.strip() or known.title)[:200],
            holder=str(holder),
            names=" ".join(hosts),
            algorithm=kind,
            csr=public,
            asked_by=str(actor.person),
            at=now(),
        )
        write("ca.received", _ref(row), by=actor.by, profile=purpose, holder=str(holder), own_key=bool(public))
    return as_data(row)


def certify_request(purpose: Purpose, holder: Ref, csr: bytes, *, title: str = "") -> tuple[bytes, ...]:
    """A certificate at once for a PKCS #10 request whose holder a room above has made sure of, as a node by its
    one-time token; gives the chain, DER, its own first. Only kinds that the installation may make by itself."""
    errors: dict[str, Text] = {}
    known = holder_of(holder, purpose)
    public = _public_of(csr, errors)
    if errors:
        raise Invalid(errors)
    if purpose in OWN_VERBS or not PROFILES[purpose].automatic:
        raise Refused(_("Certificates of this kind are applied for at the registration desk."), "desk")
    check_algorithm(purpose, ciphers.algorithm_of(public))
    with transaction.atomic():
        _check_fresh(public, holder)
        row = authority.issue(purpose, title or known.title, holder, public)
    return (bytes(row.der), *above(row.authority))


def _names(text: str, purpose: Purpose, errors: dict[str, Text]) -> tuple[str, ...]:
    found = tuple(text.lower().replace(",", " ").split())
    if found and purpose not in (Purpose.SERVER, Purpose.NODE):
        errors["names"] = _("Only servers and nodes have host names.")
    elif purpose is Purpose.SERVER and not found:
        errors["names"] = _("Please give the host names of the server.")
    elif len(text) > 500 or any(not DNS_NAME.fullmatch(one) for one in found):
        errors["names"] = _("Please give whole host names, with spaces between them.")
    return found


def _public_of(csr: bytes, errors: dict[str, Text]) -> bytes:
    """The public key of a PKCS #10 request that its own private key signed; b"" with an error otherwise."""
    try:
        if len(csr) > LARGEST_REQUEST:
            raise ValueError
        read = asn1_csr.CertificationRequest.load(pem.unarmor(csr)[2] if pem.detect(csr) else csr, strict=True)
        body = read["certification_request_info"]
        public = bytes(body["subject_pk_info"].dump())
        ciphers.algorithm_of(public)
        about = read["signature_algorithm"]
        sm2 = about["algorithm"].dotted == building.SIGNATURES[Algorithm.SM2]
        edwards = about["algorithm"].native == "ed25519"
        hash_name = "sm3" if sm2 else "" if edwards else str(about.hash_algo)
        if ciphers.verified(public, body.dump(), read["signature"].native, hash_name):
            return public
    except Invalid as invalid:
        errors["csr"] = invalid.errors["key"]
        return b""
    except (ValueError, TypeError, KeyError):
        pass
    errors["csr"] = _("This is not a certificate request (PKCS #10) signed by its own key.")
    return b""


def _check_fresh(public: bytes, holder: Ref) -> None:
    digest = sha256(public).digest()
    if Certificate.objects.filter(spki_hash=digest).exclude(holder=str(holder)).exists():
        raise Refused(_("Somebody else has a certificate for this key. Make a new one."), "key")
    compromised = Certificate.objects.filter(spki_hash=digest, reason=Reason.KEY_COMPROMISE)
    if compromised.exists():
        raise Refused(_("This key was reported as compromised. Make a new one."), "key")


def check(actor: Actor, request_id: str, evidence: str) -> CertificateRequest:
    """The registrar has seen who applies; `evidence` says what was seen (kinds of documents, no numbers)."""
    require(actor, "ca.register")
    if len(evidence.strip()) < 5:
        raise Invalid({"evidence": _("Please write which documents you have seen.")})
    with transaction.atomic():
        row = _waiting(request_id, RequestState.RECEIVED)
        _fit(actor, "ca.register", row)
        row.state, row.checked_by, row.evidence = RequestState.CHECKED, str(actor.person), evidence.strip()[:500]
        row.save()
        write("ca.checked", _ref(row), by=actor.by)
    return as_data(row)


def issue(actor: Actor, request_id: str) -> CertificateRequest:
    """Another officer issues the certificate. `Refused` for who checked, who took it in, and the holder."""
    require(actor, "ca.issue")
    with transaction.atomic():
        row = _waiting(request_id, RequestState.CHECKED)
        _fit(actor, "ca.issue", row)
        if conflicts(actor, [Ref.parse(row.checked_by), Ref.parse(row.asked_by)]):
            raise Refused(_("Somebody else than the registrar must issue."), "same_person")
        holder, purpose, hosts = Ref.parse(row.holder), Purpose(row.profile), tuple(row.names.split())
        if row.csr:
            _check_fresh(bytes(row.csr), holder)
            row.certificate = authority.issue(purpose, row.title, holder, bytes(row.csr), names=hosts, by=actor.by)
        else:
            row.certificate = _with_key(row, purpose, holder, hosts, actor)
        row.state, row.decided_by = RequestState.ISSUED, str(actor.person)
        row.save()
        serial = row.certificate.serial if row.certificate else ""
        write("ca.request_issued", _ref(row), by=actor.by, serial=serial)
    return as_data(row)


def _with_key(row: Request, purpose: Purpose, holder: Ref, hosts: tuple[str, ...], actor: Actor) -> Certificate | None:
    """Make the key here. A former one of this purpose is retired: it verifies and decrypts, and no more."""
    former = rows.current(purpose, holder)
    if former is not None:
        rows.move(former, KeyState.RETIRED, actor.by, "renewed")
    key = rows.make(purpose, holder, row.title, algorithm=Algorithm(row.algorithm), replaces=former, by=actor.by)
    rows.move(key, KeyState.ACTIVE, actor.by)
    if purpose is Purpose.ENCRYPTION:
        put_in_escrow(key, actor.by)
    return authority.certify(key, row.title, holder, names=hosts, by=actor.by) if key.public else None


def refuse(actor: Actor, request_id: str, reason: str) -> CertificateRequest:
    """Refuse an application, with a reason; registrar or issuer."""
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please write why.")})
    with transaction.atomic():
        row = _waiting(request_id, RequestState.RECEIVED, RequestState.CHECKED)
        _fit(actor, "ca.issue" if may(actor, "ca.issue") else "ca.register", row)
        row.state, row.decided_by, row.refusal = RequestState.REFUSED, str(actor.person), reason.strip()[:500]
        row.save()
        write("ca.refused", _ref(row), by=actor.by, reason=row.refusal)
    return as_data(row)


def renew(actor: Actor, certificate_id: str) -> CertificateRequest:
    """Take in the renewal of a good certificate: same holder and profile, a new key where it is kept here. The
    registrar answers for the identity, so it only needs to be issued. The former one lives until it ends."""
    require(actor, "ca.register")
    with transaction.atomic():
        old = _certificate(certificate_id)
        if old.state != CertificateState.GOOD or old.authority.key_id is None or Purpose(old.profile) in OWN_VERBS:
            raise Refused(_("This certificate cannot be renewed; apply for a new one."), "state")
        former = Request.objects.filter(certificate=old).first()
        row = Request(
            profile=old.profile, title=old.title, holder=old.holder, renews=old, at=now(),
            algorithm=ciphers.algorithm_of(ciphers.public_key_of(bytes(old.der))),
            names=former.names if former else "",
            csr=b"" if old.key_id else ciphers.public_key_of(bytes(old.der)),
        )  # fmt: skip
        _fit(actor, "ca.register", row)
        row.state, row.asked_by, row.checked_by = RequestState.CHECKED, str(actor.person), str(actor.person)
        row.evidence = _("Renewal of %s") % old.serial
        row.save()
        write("ca.renewal_received", _ref(row), by=actor.by, serial=old.serial, holder=old.holder)
    return as_data(row)


def hold(actor: Actor, certificate_id: str, note: str) -> None:
    """Suspend: not to be relied on until resumed or revoked."""
    with transaction.atomic():
        row = _certificate(certificate_id)
        if row.state != CertificateState.GOOD:
            raise Refused(_("This certificate is not in force."), "state")
        _decides(actor, row, note)
        _stop(row, CertificateState.HELD, "", note, actor.by)


def resume(actor: Actor, certificate_id: str, note: str) -> None:
    """Take a suspension back."""
    require(actor, "ca.issue")
    with transaction.atomic():
        row = _certificate(certificate_id)
        _fit(actor, "ca.issue", row)
        if row.state != CertificateState.HELD:
            raise Refused(_("This certificate is not suspended."), "state")
        _released(row, note, actor.by)


def _released(row: Certificate, note: str, by: Ref | None) -> None:
    row.state, row.revoked = CertificateState.GOOD, None
    row.save()
    _stale(row)
    write("ca.resumed", authority.row_ref(row), by=by, note=note.strip()[:500])


def revoke(actor: Actor, certificate_id: str, reason: Reason | str, note: str) -> None:
    """Revoke for good. A key that is kept here and has no other certificate is retired with it."""
    with transaction.atomic():
        row = _certificate(certificate_id)
        if row.state == CertificateState.REVOKED:
            raise Refused(_("This certificate is revoked already."), "state")
        _decides(actor, row, note)
        _revoke(row, Reason(reason), note, actor.by)


def revoke_of(holder: Ref, reason: Reason, note: str, by: Ref | None = None) -> int:
    """Revoke all certificates of a thing that ended, such as a seal; gives their number. Whether that person may end
    the thing is asked by its room."""
    with transaction.atomic():
        ours = Certificate.objects.filter(holder=str(holder), authority__key__isnull=False)
        live = ours.exclude(state=CertificateState.REVOKED).order_by("id")
        found = list(live.select_for_update(of=("self",)).select_related("authority"))
        for row in found:
            _revoke(row, reason, note, by)
    return len(found)


def hold_of(holder: Ref, note: str, by: Ref | None = None) -> int:
    """Suspend the good certificates of a thing that is out of use, such as a seal; gives their number."""
    with transaction.atomic():
        found = _of(holder, CertificateState.GOOD)
        for row in found:
            _stop(row, CertificateState.HELD, "", note, by)
    return len(found)


def release_of(holder: Ref, note: str, by: Ref | None = None) -> int:
    """Take back what `hold_of` did: the thing is in use again."""
    with transaction.atomic():
        found = _of(holder, CertificateState.HELD)
        for row in found:
            _released(row, note, by)
    return len(found)


def held(holder: Ref) -> bool:
    """Whether a certificate of this holder is suspended."""
    return bool(Certificate.objects.filter(holder=str(holder), state=CertificateState.HELD).exists())


def _of(holder: Ref, state: CertificateState) -> list[Certificate]:
    ours = Certificate.objects.filter(holder=str(holder), authority__key__isnull=False, state=state).order_by("id")
    return list(ours.select_for_update(of=("self",)).select_related("authority"))


def _revoke(row: Certificate, reason: Reason, note: str, by: Ref | None) -> None:
    _stop(row, CertificateState.REVOKED, reason, note, by)
    if row.key_id:
        key = Key.objects.select_for_update().get(id=row.key_id)
        others = key.certificates.filter(state=CertificateState.GOOD, valid_until__gt=now())
        if key.state in (KeyState.ACTIVE, KeyState.SUSPENDED) and not others.exists():
            rows.move(key, KeyState.RETIRED, by, "revoked")


def _decides(actor: Actor, row: Certificate, note: str) -> None:
    require_over(actor, "ca.issue", Ref.parse(row.holder))
    if len(note.strip()) < 2:
        raise Invalid({"note": _("Please write why.")})


def _stop(row: Certificate, state: CertificateState, reason: str, note: str, by: Ref | None) -> None:
    held = state is CertificateState.HELD
    # A certificate that was held counts as stopped since then.
    row.state, row.reason, row.revoked = state, reason, row.revoked or now()
    row.save()
    _stale(row)
    write(f"ca.{state}", authority.row_ref(row), by=by, reason=reason, note=note.strip()[:500])
    emit(CertificateRevoked(serial=row.serial, profile=row.profile, holder=Ref.parse(row.holder), held=held))


def _stale(row: Certificate) -> None:
    if row.authority.key_id:
        row.authority.crl_stale = True
        row.authority.save(update_fields=["crl_stale"])


def _certificate(certificate_id: str) -> Certificate:
    rows_ = Certificate.objects.select_for_update(of=("self",)).select_related("authority")
    row = rows_.filter(id=certificate_id).first()
    if row is None:
        raise NotFound(_("There is no such certificate."))
    return row


def _waiting(request_id: str, *states: RequestState) -> Request:
    row = Request.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise NotFound(_("There is no such application."))
    if row.state not in states:
        raise Refused(_("This application is not waiting for that any more."), "state")
    return row


def _fit(actor: Actor, permission: str, row: Request | Certificate) -> None:
    """`Refused` for who has no say over this holder, and for the holder."""
    require_over(actor, permission, Ref.parse(row.holder))
    if conflicts(actor, [Ref.parse(row.holder)]):
        raise Refused(_("Nobody decides on a certificate of their own."), "own")


def _ref(row: Request) -> Ref:
    return Ref(REQUEST, row.id)


def as_data(row: Request) -> CertificateRequest:
    """The row outside this file."""

    def ref(text: str) -> Ref | None:
        return Ref.parse(text) if text else None

    return CertificateRequest(
        id=row.id,
        profile=Purpose(row.profile),
        title=row.title,
        holder=Ref.parse(row.holder),
        state=RequestState(row.state),
        algorithm=Algorithm(row.algorithm),
        own_key=bool(row.csr),
        asked_by=ref(row.asked_by),
        checked_by=ref(row.checked_by),
        evidence=row.evidence,
        decided_by=ref(row.decided_by),
        refusal=row.refusal,
        at=row.at,
        serial=row.certificate.serial if row.certificate else "",
    )
