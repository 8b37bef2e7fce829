"""Whether a certificate leads to a trusted root at a moment, and whether it was revoked by then (RFC 5280, 6960)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from asn1crypto import crl, ocsp, x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InvalidCertificateError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath

from .evidence import UNDECODABLE, Evidence, readable
from .primitives import VALIDATOR, holds
from .verdicts import Reason

FORGEABLE = frozenset({"md2", "md4", "md5"})
"""Digests for which anybody can make a second document with the same signature."""

NOT_FOR_DOCUMENTS = frozenset({"server_auth", "code_signing", "time_stamping", "ocsp_signing", "ipsec_ike"})


@dataclass(frozen=True)
class Trust:
    """What is believed: roots, further certificates to build chains with, revocation lists, and the present moment."""

    moment: datetime
    roots: tuple[x509.Certificate, ...] = ()
    others: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    purpose: str = "seal"  # what signers' certificates have to be for: seal, or publish (packs)


def distrust(
    certificate: x509.Certificate, evidence: Evidence, trust: Trust, at: datetime, proven: bool, purpose: str = ""
) -> tuple[Reason | None, list[Reason]]:
    """Why the certificate is not trusted for a signature made at `at` (None: it is), and notes.

    `proven`: a trusted timestamp says so; else `at` is the present moment. `purpose`: timestamp, or the trust's."""
    if not trust.roots:
        return Reason("no_roots"), []
    validity = certificate["tbs_certificate"]["validity"]
    try:
        path = _path(certificate, evidence, trust, at)
    except (PathBuildingError, InvalidCertificateError):  # the second: self-signed and no root of ours
        return Reason("no_chain"), []
    except ExpiredError as error:
        return Reason("expired_then" if proven else "expired", {"date": f"{error.expired_dt:%Y-%m-%d}"}), []
    except NotYetValidError:
        return Reason("not_yet", {"date": f"{validity['not_before'].native:%Y-%m-%d}"}), []
    except DisallowedAlgorithmError:
        return Reason("weak_chain"), []
    except (ValidationError, *UNDECODABLE) as error:
        return Reason("chain", {"detail": str(error)[:200]}), []
    if path.pkix_len > 0 and not _fit(certificate, purpose or trust.purpose):
        return Reason("purpose"), []
    reason, notes = _revocation(path, evidence, trust, at)
    if reason is None and proven and validity["not_after"].native < trust.moment:
        notes.append(Reason("expired_since"))
    return reason, notes


def _path(certificate: x509.Certificate, evidence: Evidence, trust: Trust, at: datetime) -> ValidationPath:
    if not readable(certificate):
        raise ValueError("the certificate cannot be decoded")
    brought = list(filter(readable, evidence.certificates))
    context = ValidationContext(
        trust_roots=list(trust.roots),
        other_certs=[*trust.others, *brought],
        moment=at,
        allow_fetching=False,
        weak_hash_algos=FORGEABLE,
        signature_validator=VALIDATOR,
    )
    validator = CertificateValidator(certificate, brought, validation_context=context)
    return asyncio.run(validator.async_validate_path())


def _fit(certificate: x509.Certificate, purpose: str) -> bool:
    """Key usage and extended key usage, where the certificate names them."""
    extended = certificate.extended_key_usage_value
    named = set(extended.native) if extended is not None else set()
    if purpose == "timestamp":
        return named == {"time_stamping"}
    usage = certificate.key_usage_value
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        return False
    if purpose == "publish":
        return "code_signing" in named
    return not named or not named <= NOT_FOR_DOCUMENTS


def _revocation(
    path: ValidationPath, evidence: Evidence, trust: Trust, at: datetime
) -> tuple[Reason | None, list[Reason]]:
    """A revocation counts from its date on, however old or new the list that tells of it."""
    chain = list(path.iter_certs(include_root=True))
    notes: list[Reason] = []
    for issuer, certificate in pairwise(chain):
        dates = [
            *_in_lists(certificate, issuer, [*evidence.crls, *trust.crls]),
            *_in_answers(certificate, issuer, evidence.ocsps),
        ]
        if not dates:
            continue
        first = min(dates)
        leaf = certificate is chain[-1]
        if first <= at:
            return Reason("revoked" if leaf else "ca_revoked", {"date": f"{first:%Y-%m-%d}"}), notes
        if leaf:
            notes.append(Reason("revoked_later", {"date": f"{first:%Y-%m-%d}"}))
    return None, notes


def _in_lists(certificate: x509.Certificate, issuer: x509.Certificate, lists: Iterable[bytes]) -> Iterator[datetime]:
    for encoded in lists:
        try:
            known = crl.CertificateList.load(encoded)
            body = known["tbs_cert_list"]
            if known.issuer != issuer.subject or not holds(
                known["signature"].native, body.dump(), issuer.public_key, known["signature_algorithm"]
            ):
                continue
            for entry in body["revoked_certificates"] or ():
                reason = entry.crl_reason_value
                if entry["user_certificate"].native == certificate.serial_number and (
                    reason is None or reason.native != "remove_from_crl"
                ):
                    yield entry["revocation_date"].native
        except (ValueError, TypeError, KeyError):
            continue


def _in_answers(
    certificate: x509.Certificate, issuer: x509.Certificate, answers: Iterable[bytes]
) -> Iterator[datetime]:
    for encoded in answers:
        try:
            response = ocsp.OCSPResponse.load(encoded)
            if response["response_status"].native != "successful":
                continue
            basic = response.basic_ocsp_response
            body = basic["tbs_response_data"]
            for one in body["responses"]:
                if (
                    one["cert_status"].name == "revoked"
                    and _about(one["cert_id"], certificate, issuer)
                    and _answered(basic, issuer)
                ):
                    yield one["cert_status"].chosen["revocation_time"].native
        except (ValueError, TypeError, KeyError):
            continue


def _about(named: ocsp.CertId, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    digest = named["hash_algorithm"]["algorithm"].native
    return bool(
        named["serial_number"].native == certificate.serial_number
        and named["issuer_key_hash"].native == getattr(issuer.public_key, digest, None)
        and named["issuer_name_hash"].native == getattr(certificate.issuer, digest, None)
    )


def _answered(basic: ocsp.BasicOCSPResponse, issuer: x509.Certificate) -> bool:
    """The answer is signed by the issuer, or by a responder the issuer has named."""
    body, value = basic["tbs_response_data"].dump(), basic["signature"].native
    for one in [issuer, *(basic["certs"] or ())]:
        if not holds(value, body, one.public_key, basic["signature_algorithm"]):
            continue
        if one is issuer:
            return True
        extended = one.extended_key_usage_value
        named = extended is not None and "ocsp_signing" in extended.native
        issued = holds(one["signature_value"].native, one["tbs_certificate"].dump(), issuer.public_key,
                       one["signature_algorithm"])  # fmt: skip
        if named and issued:
            return True
    return False
