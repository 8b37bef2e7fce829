"""What the authority tells everybody about its certificates: lists (RFC 5280) and answers (RFC 6960)."""

from __future__ import annotations

from datetime import datetime, timedelta

from asn1crypto import core, ocsp, x509
from django.db import transaction

from tongban.base.kernel.api import NotFound, Ref, now
from tongban.base.ledger.api import write

from . import building, rows
from .authority import issuer_of
from .data import AUTHORITY, Algorithm, CertificateState, KeyState, Purpose
from .models import Authority, Certificate, Key

LIST_LIFE = timedelta(days=7)
LIST_SPARE = timedelta(days=2)  # a new one before the old one runs out, also over a week-end
ANSWER_LIFE = timedelta(hours=12)
HOLD = "certificate_hold"
MOST_QUESTIONS = 20
MOST_NONCE = 32  # RFC 8954

Response = ocsp.OCSPResponse


def crl_for(issuer: bytes) -> bytes:
    """The present CRL (DER) of one of our authorities, named by its certificate (DER); `NotFound` for others."""
    row = Authority.objects.filter(certificate=issuer, key__isnull=False).first()
    if row is None:
        raise NotFound
    return crl_of(row.id)


def crl_of(authority_id: str) -> bytes:
    """The present list. Made anew when something was revoked or it runs out, where the authority's key can be used:
    the public process cannot and gives the one that is stored."""
    row = Authority.objects.filter(id=authority_id, key__isnull=False).first()
    if row is None:
        raise NotFound
    if _due(row) and Key.objects.filter(id=row.key_id).exists():
        return make_list(row.id)
    if not row.crl:
        raise NotFound
    return bytes(row.crl)


def revocation_lists() -> tuple[bytes, ...]:
    """The present lists (DER) of all our authorities that have signed one, as `crl_of` gives them."""
    found = []
    for authority_id in Authority.objects.filter(key__isnull=False).order_by("created").values_list("id", flat=True):
        try:
            found.append(crl_of(authority_id))
        except NotFound:  # a list not signed yet says nothing
            continue
    return tuple(found)


def _due(row: Authority) -> bool:
    return row.crl_stale or row.crl_until is None or row.crl_until - LIST_SPARE < now()


def make_list(authority_id: str) -> bytes:
    """Sign the next list of an authority."""
    with transaction.atomic():
        row = Authority.objects.select_for_update(of=("self",)).select_related("key").get(id=authority_id)
        if not _due(row):
            return bytes(row.crl)
        moment = now()
        entries = _out(row, moment)
        row.crl_number += 1
        row.crl_until, row.crl_stale = moment + LIST_LIFE, False
        row.crl = building.revocation_list(issuer_of(row), row.crl_number, moment, row.crl_until, entries)
        row.save(update_fields=["crl", "crl_number", "crl_until", "crl_stale"])
        write("ca.list_signed", Ref(AUTHORITY, row.id), number=row.crl_number, entries=len(entries))
    return bytes(row.crl)


def _out(row: Authority, moment: datetime) -> list[building.Revoked]:
    gone = row.certificates.exclude(state=CertificateState.GOOD).filter(valid_until__gt=moment, revoked__isnull=False)
    return [
        building.Revoked(
            int(serial, 16), at or moment, "certificate_hold" if state == CertificateState.HELD else reason
        )
        for serial, at, state, reason in gone.order_by("revoked", "serial").values_list(
            "serial", "revoked", "state", "reason"
        )
    ]


def make_due_lists() -> int:
    """Sign every list that is due; gives their number. For the hourly job."""
    due = [row.id for row in Authority.objects.filter(key__state=KeyState.ACTIVE) if _due(row)]
    for authority_id in due:
        make_list(authority_id)
    return len(due)


def ocsp_answer(request: bytes) -> bytes:
    """The OCSPResponse (DER) to an OCSPRequest (DER). Requests that cannot be read, or ask about certificates of
    several authorities or of none of ours, get the unsigned error that RFC 6960 has for them."""
    try:
        body = ocsp.OCSPRequest.load(request, strict=True)["tbs_request"]
        asked = [one["req_cert"] for one in body["request_list"]]
        for one in asked:
            one.native  # noqa: B018 - reads it whole: ASN.1 is parsed lazily
        nonce = _nonce(body["request_extensions"])
    except (ValueError, TypeError, KeyError):
        return _error("malformed_request")
    if not 0 < len(asked) <= MOST_QUESTIONS:
        return _error("malformed_request")
    ours = {_authority(one) for one in asked}
    found = ours.pop()
    if ours or found is None:
        return _error("unauthorized")
    return _answer(Authority.objects.get(id=found), asked, nonce)


def ocsp_for(certificate: bytes) -> bytes:
    """A fresh OCSPResponse (DER) about one of our certificates (DER); `NotFound` for others."""
    row = Certificate.objects.select_related("authority").filter(der=certificate, authority__key__isnull=False).first()
    if row is None:
        raise NotFound
    return _answer(row.authority, [_identifier(row)], None)


def _identifier(row: Certificate) -> ocsp.CertId:
    read = x509.Certificate.load(bytes(row.authority.certificate))
    return ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": read.subject.sha1,
            "issuer_key_hash": read.public_key.sha1,
            "serial_number": int(row.serial, 16),
        }
    )


def _nonce(extensions: ocsp.TBSRequestExtensions) -> bytes | None:
    for one in extensions if isinstance(extensions, core.SequenceOf) else ():
        if one["extn_id"].native == "nonce":
            value = bytes(one["extn_value"].parsed.native)
            if not 0 < len(value) <= MOST_NONCE:
                raise ValueError("nonce")
            return value
    return None


def _authority(asked: ocsp.CertId) -> str | None:
    """Which of our authorities is asked about: few, so each is compared."""
    kind = asked["hash_algorithm"]["algorithm"].native
    if kind not in ("sha1", "sha256"):
        return None
    for authority_id, der in Authority.objects.filter(key__isnull=False).values_list("id", "certificate"):
        read = x509.Certificate.load(bytes(der))
        if (getattr(read.subject, kind), getattr(read.public_key, kind)) == (
            asked["issuer_name_hash"].native,
            asked["issuer_key_hash"].native,
        ):
            return str(authority_id)
    return None


def _answer(authority: Authority, asked: list[ocsp.CertId], nonce: bytes | None) -> bytes:
    responder = rows.current(Purpose.OCSP, Ref(AUTHORITY, authority.id))
    if responder is None:
        return _error("try_later")
    mine = responder.certificates.filter(valid_until__gt=now()).order_by("-valid_from").first()
    if mine is None:
        return _error("try_later")
    moment = now().replace(microsecond=0)
    serials = [f"{one['serial_number'].native:x}" for one in asked]
    known = {row.serial: row for row in Certificate.objects.filter(authority=authority, serial__in=serials)}
    body: dict[str, object] = {
        "responder_id": ocsp.ResponderId("by_key", building.key_identifier(bytes(responder.public))),
        "produced_at": moment,
        "responses": [
            {
                "cert_id": one,
                "cert_status": _state(known.get(serial)),
                "this_update": moment,
                "next_update": moment + ANSWER_LIFE,
            }
            for one, serial in zip(asked, serials, strict=True)
        ],
    }
    if nonce is not None:
        body["response_extensions"] = [{"extn_id": "nonce", "critical": False, "extn_value": core.OctetString(nonce)}]
    data = ocsp.ResponseData(body)
    basic = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": data,
            "signature_algorithm": building.signature_algorithm(Algorithm(responder.algorithm)),
            "signature": rows.signed(responder, data.dump()),
            "certs": [x509.Certificate.load(bytes(mine.der))],
        }
    )
    whole = {"response_type": "basic_ocsp_response", "response": core.ParsableOctetString(basic.dump())}
    return bytes(Response({"response_status": "successful", "response_bytes": whole}).dump())


def _state(row: Certificate | None) -> ocsp.CertStatus:
    if row is None:
        return ocsp.CertStatus("unknown", ocsp.StatusUnknown())
    if row.state == CertificateState.GOOD:
        return ocsp.CertStatus("good", ocsp.StatusGood())
    assert row.revoked is not None
    reason = HOLD if row.state == CertificateState.HELD else row.reason
    return ocsp.CertStatus(
        "revoked", {"revocation_time": row.revoked.replace(microsecond=0), "revocation_reason": reason}
    )


def _error(status: str) -> bytes:
    return bytes(Response({"response_status": status}).dump())


def certificate_of_authority(authority_id: str) -> bytes:
    """An authority's certificate, DER; `NotFound`."""
    row = Authority.objects.filter(id=authority_id).first()
    if row is None:
        raise NotFound
    return bytes(row.certificate)
