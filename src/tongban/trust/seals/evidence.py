"""What a file brings along to judge its signers by: certificates, revocation lists, OCSP answers. Nothing of it is
trusted before a trusted root says so."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

from asn1crypto import cms, core, crl, ocsp, x509

ADOBE = "1.2.840.113583.1.1.8"
CERTIFICATE_VALUES = "1.2.840.113549.1.9.16.2.23"
REVOCATION_VALUES = "1.2.840.113549.1.9.16.2.24"


UNDECODABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)
"""What asn1crypto raises over values that are not what their place demands."""


@dataclass
class Evidence:
    """Certificates decoded, lists and answers as their DER."""

    certificates: list[x509.Certificate] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    ocsps: list[bytes] = field(default_factory=list)


class _Lists(core.SequenceOf):  # type: ignore[misc]
    _child_spec = crl.CertificateList


class _Responses(core.SequenceOf):  # type: ignore[misc]
    _child_spec = ocsp.OCSPResponse


class _Answers(core.SequenceOf):  # type: ignore[misc]
    _child_spec = ocsp.BasicOCSPResponse


class _AdobeRevocation(core.Sequence):  # type: ignore[misc]
    """adbe-revocationInfoArchival (ISO 32000-1, 12.8.3.3.2)."""

    _fields: ClassVar[list[Any]] = [
        ("crl", _Lists, {"explicit": 0, "optional": True}),
        ("ocsp", _Responses, {"explicit": 1, "optional": True}),
        ("other", core.Any, {"explicit": 2, "optional": True}),
    ]


class _RevocationValues(core.Sequence):  # type: ignore[misc]
    """RevocationValues of CAdES (ETSI EN 319 122-1, A.1.1.2)."""

    _fields: ClassVar[list[Any]] = [
        ("crl", _Lists, {"explicit": 0, "optional": True}),
        ("ocsp", _Answers, {"explicit": 1, "optional": True}),
        ("other", core.Any, {"explicit": 2, "optional": True}),
    ]


class _Certificates(core.SequenceOf):  # type: ignore[misc]
    _child_spec = x509.Certificate


class _Content(core.Sequence):  # type: ignore[misc]
    """EncapsulatedContentInfo (CMS) or ContentInfo (PKCS #7) without a look at what the content is."""

    _fields: ClassVar[list[Any]] = [
        ("content_type", core.ObjectIdentifier),
        ("content", core.Any, {"explicit": 0, "optional": True}),
    ]


def content_of(signed: cms.SignedData) -> bytes | None:
    """The octets that a message carries and signs; None for a detached one."""
    content = _Content.load(signed["encap_content_info"].dump())["content"]
    if isinstance(content, core.Void):
        return None
    if content.dump()[0] & 0x1F == core.OctetString.tag:
        return bytes(core.OctetString.load(content.dump()))
    return bytes(content.parse().contents)


def certificates_of(signed: cms.SignedData) -> list[x509.Certificate]:
    """The X.509 certificates in a message; those without a key that can be read are left out."""
    if isinstance(signed["certificates"], core.Void):
        return []
    return [one.chosen for one in signed["certificates"] if one.name == "certificate" and _has_key(one.chosen)]


def _has_key(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.public_key.algorithm) and certificate.serial_number is not None
    except UNDECODABLE:
        return False


def readable(certificate: x509.Certificate) -> bool:
    """Whether all of a certificate that chains are built from can be decoded."""
    try:
        certificate.subject.hashable, certificate.issuer.hashable, certificate.public_key.algorithm  # noqa: B018
        certificate.serial_number, certificate.ca, certificate.key_identifier  # noqa: B018
    except UNDECODABLE:
        return False
    return True


def lists_of(signed: cms.SignedData) -> list[bytes]:
    """The revocation lists in a message."""
    if isinstance(signed["crls"], core.Void):
        return []
    return [one.chosen.dump() for one in signed["crls"] if one.name == "crl"]


def archived(info: cms.SignerInfo, known: Evidence) -> Evidence:
    """`known` and what CAdES and Adobe put into the signer's attributes."""
    found = Evidence([*known.certificates], [*known.crls], [*known.ocsps])
    for attributes in (info["signed_attrs"], info["unsigned_attrs"]):
        if isinstance(attributes, core.Void):
            continue
        for one in attributes:
            with suppress(*UNDECODABLE):
                for value in one["values"]:
                    _take(one["type"].dotted, value, found)
    return found


def _take(kind: str, value: Any, found: Evidence) -> None:
    if kind == CERTIFICATE_VALUES:
        found.certificates += [one for one in _Certificates.load(value.dump()) if readable(one)]
    elif kind == ADOBE:
        told = _AdobeRevocation.load(value.dump())
        found.crls += [one.dump() for one in _each(told["crl"])]
        found.ocsps += [one.dump() for one in _each(told["ocsp"])]
    elif kind == REVOCATION_VALUES:
        told = _RevocationValues.load(value.dump())
        found.crls += [one.dump() for one in _each(told["crl"])]
        found.ocsps += [_response(one) for one in _each(told["ocsp"])]


def _each(value: Any) -> list[Any]:
    return [] if isinstance(value, core.Void) else list(value)


def _response(answer: ocsp.BasicOCSPResponse) -> bytes:
    inner = {"response_type": "basic_ocsp_response", "response": answer}
    return bytes(ocsp.OCSPResponse({"response_status": "successful", "response_bytes": inner}).dump())
