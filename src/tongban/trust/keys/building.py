"""X.509 certificates and lists as ASN.1 (RFC 5280). One builder for every provider: keys in a device and SM2 keys
cannot be handed to a library that signs by itself, so what is to be signed is built here and signed by the key's
provider."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import algos, core, crl, keys, x509
from django.conf import settings

from .data import Algorithm, Purpose
from .models import Key
from .profiles import AUTHORITIES, PROFILES
from .rows import signed

SIGNATURES = {
    Algorithm.P256: "sha256_ecdsa",
    Algorithm.P384: "sha384_ecdsa",
    Algorithm.RSA3072: "sha256_rsa",
    Algorithm.ED25519: "ed25519",
    Algorithm.SM2: "1.2.156.10197.1.501",  # SM2 with SM3, GM/T 0006
}
SM3 = "1.2.156.10197.1.401"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the name and key, and where its lists and status are found. `certificate` is None for a root."""

    key: Key
    name: x509.Name
    authority_id: str
    public: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What a certificate is to say."""

    serial: int
    subject: x509.Name
    public: bytes
    purpose: Purpose
    valid_from: datetime
    valid_until: datetime
    policy: str
    names: tuple[str, ...] = ()


def new_serial() -> int:
    """127 random bits, never zero."""
    return int.from_bytes(os.urandom(16)) >> 1 | 1


def name(title: str, identifier: str = "") -> x509.Name:
    """A subject: country, the region, the title; `identifier` tells people and offices of one name apart."""
    region = settings.TONGBAN_REGION_TITLE
    parts = {
        "country_name": "CN",
        "organization_name": region.get("zh") or region.get("en") or "Tongban",
        "common_name": title[:64],
    }
    return x509.Name.build(parts | ({"serial_number": identifier} if identifier else {}))


def name_hash(subject: x509.Name) -> bytes:
    """How an authority is found by its name."""
    return hashlib.sha256(subject.dump()).digest()


def key_identifier(public: bytes) -> bytes:
    """Method 1 of RFC 5280, 4.2.1.2: SHA-1 of the key bits, an identifier and no security."""
    bits = keys.PublicKeyInfo.load(public)["public_key"]
    return hashlib.sha1(_bit_string(bits), usedforsecurity=False).digest()


def _bit_string(bits: Any) -> bytes:
    return bytes(bits.contents[1:])


def signature_algorithm(algorithm: Algorithm) -> algos.SignedDigestAlgorithm:
    """The identifier in what is signed."""
    return algos.SignedDigestAlgorithm({"algorithm": SIGNATURES[algorithm]})


def certificate(form: Form, issuer: Issuer) -> bytes:
    """The certificate, DER."""
    algorithm = signature_algorithm(Algorithm(issuer.key.algorithm))
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": form.serial,
            "signature": algorithm,
            "issuer": issuer.name,
            "validity": {"not_before": _time(form.valid_from), "not_after": _time(form.valid_until)},
            "subject": form.subject,
            "subject_public_key_info": keys.PublicKeyInfo.load(form.public),
            "extensions": list(_extensions(form, issuer)),
        }
    )
    value = signed(issuer.key, body.dump())
    return bytes(
        x509.Certificate({"tbs_certificate": body, "signature_algorithm": algorithm, "signature_value": value}).dump()
    )


def _extensions(form: Form, issuer: Issuer) -> Iterable[dict[str, Any]]:
    profile = PROFILES[form.purpose]
    authority = form.purpose in AUTHORITIES
    constraints: dict[str, Any] = {"ca": authority}
    if form.purpose is Purpose.ISSUING:
        constraints["path_len_constraint"] = 0
    yield _extension("basic_constraints", constraints, critical=True)
    yield _extension("key_usage", set(profile.usage), critical=True)
    if profile.extended:
        # A timestamp authority's only use must be critical (RFC 3161, 2.3).
        critical = form.purpose is Purpose.TIMESTAMP
        yield _extension("extended_key_usage", list(profile.extended), critical=critical)
    yield _extension("key_identifier", key_identifier(form.public))
    if form.purpose is Purpose.ROOT:
        return
    yield _extension("authority_key_identifier", {"key_identifier": key_identifier(issuer.public)})
    yield _extension("certificate_policies", [{"policy_identifier": form.policy}])
    if form.names:
        yield _extension("subject_alt_name", [x509.GeneralName("dns_name", one) for one in form.names])
    if form.purpose is Purpose.OCSP:
        # Who answers about revocation is not asked about (RFC 6960, 4.2.2.2.1).
        yield _extension("ocsp_no_check", core.Null())
        return
    where = f"{settings.PUBLIC_URL}/ca/{issuer.authority_id}"
    yield _extension(
        "crl_distribution_points",
        [{"distribution_point": x509.DistributionPointName("full_name", [_uri(f"{where}.crl")])}],
    )
    yield _extension(
        "authority_information_access",
        [
            {"access_method": "ocsp", "access_location": _uri(f"{settings.PUBLIC_URL}/ocsp/")},
            {"access_method": "ca_issuers", "access_location": _uri(f"{where}.cer")},
        ],
    )


def _extension(kind: str, value: Any, *, critical: bool = False) -> dict[str, Any]:
    return {"extn_id": kind, "critical": critical, "extn_value": value}


def _uri(address: str) -> x509.GeneralName:
    return x509.GeneralName("uniform_resource_identifier", address)


def _time(moment: datetime) -> x509.Time:
    whole = moment.replace(microsecond=0)
    return x509.Time("utc_time" if whole.year < 2050 else "general_time", whole)


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry of a list; `reason` as RFC 5280 names it."""

    serial: int
    at: datetime
    reason: str


def revocation_list(
    issuer: Issuer, number: int, this_update: datetime, next_update: datetime, entries: Sequence[Revoked]
) -> bytes:
    """A complete CRL with its number, DER (RFC 5280, 5)."""
    algorithm = signature_algorithm(Algorithm(issuer.key.algorithm))
    body: dict[str, Any] = {
        "version": "v2",
        "signature": algorithm,
        "issuer": issuer.name,
        "this_update": _time(this_update),
        "next_update": _time(next_update),
        "crl_extensions": [
            _extension("authority_key_identifier", {"key_identifier": key_identifier(issuer.public)}),
            _extension("crl_number", number),
        ],
    }
    if entries:
        body["revoked_certificates"] = [_entry(entry) for entry in entries]
    to_sign = crl.TbsCertList(body)
    value = signed(issuer.key, to_sign.dump())
    return bytes(
        crl.CertificateList({"tbs_cert_list": to_sign, "signature_algorithm": algorithm, "signature": value}).dump()
    )


def _entry(one: Revoked) -> dict[str, Any]:
    entry: dict[str, Any] = {"user_certificate": one.serial, "revocation_date": _time(one.at)}
    if one.reason != "unspecified":  # RFC 5280, 5.3.1: absent rather than unspecified
        entry["crl_entry_extensions"] = [_extension("crl_reason", one.reason)]
    return entry
