"""Signing in with a certificate (TRUST-01, TRUST-04): the method that identity's sign-in pages offer."""

from __future__ import annotations

import secrets
from typing import Any

from asn1crypto import cms, pem, x509
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, TongbanError
from tongban.trust.identity.api import SignInMethod, sign_in_methods

from . import building, ciphers
from .chains import person_of_certificate
from .data import Algorithm

LARGEST = 64 * 1024  # bytes of an answer


def challenge() -> str:
    """A fresh text to sign. It says what it is for, so that no other signature can be taken for it."""
    return f"tongban sign-in {secrets.token_hex(32)}"


def answered(text: str, signature: bytes, certificate: bytes) -> Ref | None:
    """The account whose good personal certificate's key signed exactly this text, or None. `signature` is CMS (DER or
    PEM) with the certificate inside, or a raw signature with the certificate (DER or PEM) beside it."""
    if not text or len(signature) > LARGEST or len(certificate) > LARGEST:
        return None
    try:
        if certificate:
            der = _der(certificate)
            public = bytes(x509.Certificate.load(der, strict=True).public_key.dump())
            signed = _signed(public, text.encode(), signature)
        else:
            der, signed = _cms(_der(signature), text.encode())
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, TongbanError):
        return None
    return person_of_certificate(der) if signed else None


def presented(certificate: bytes) -> Ref | None:
    """The account of a certificate whose key the proxy has seen at work (mutual TLS), or None."""
    try:
        return person_of_certificate(_der(certificate)) if len(certificate) <= LARGEST else None
    except (ValueError, TypeError):
        return None


def _der(body: bytes) -> bytes:
    return bytes(pem.unarmor(body)[2]) if pem.detect(body) else body


def _signed(public: bytes, data: bytes, value: bytes) -> bool:
    names = {Algorithm.SM2: ("sm3",), Algorithm.ED25519: ("",)}
    for name in names.get(ciphers.algorithm_of(public), ("sha256", "sha384", "sha512")):
        if ciphers.verified(public, data, value, name):
            return True
    return False


def _cms(der: bytes, data: bytes) -> tuple[bytes, bool]:
    """The signer's certificate, and whether it signed this data: exactly one signer, with or without attributes."""
    content = cms.ContentInfo.load(der, strict=True)
    if content["content_type"].native != "signed_data":
        raise ValueError("not signed")
    body = content["content"]
    inside = body["encap_content_info"]["content"].native
    signer = body["signer_infos"][0]
    if len(body["signer_infos"]) != 1 or (inside is not None and inside != data):
        raise ValueError("not this text, or several signers")
    certificate = _signer_certificate(signer, body["certificates"])
    hash_name = _hash_name(signer["digest_algorithm"]["algorithm"])
    attributes = signer["signed_attrs"]
    to_check = data
    if isinstance(attributes, cms.CMSAttributes) and len(attributes):
        found = {one["type"].native: one["values"][0].native for one in attributes}
        if found.get("message_digest") != ciphers.digest(data, hash_name) or found.get("content_type") != "data":
            raise ValueError("another text")
        to_check = attributes.untag().dump(force=True)  # what is signed is the plain SET (RFC 5652, 5.4)
    public = bytes(certificate.public_key.dump())
    name = "" if ciphers.algorithm_of(public) is Algorithm.ED25519 else hash_name
    return bytes(certificate.dump()), ciphers.verified(public, to_check, signer["signature"].native, name)


def _hash_name(algorithm: Any) -> str:
    return "sm3" if algorithm.dotted == building.SM3 else ciphers.known_hash(str(algorithm.native))


def _signer_certificate(signer: Any, certificates: Any) -> x509.Certificate:
    named = signer["sid"].chosen
    for choice in certificates:
        one = choice.chosen
        if not isinstance(one, x509.Certificate):
            continue
        if signer["sid"].name == "subject_key_identifier":
            fits = one.key_identifier == named.native
        else:
            same = one.issuer.dump() == named["issuer"].dump()
            fits = same and one.serial_number == named["serial_number"].native
        if fits:
            return one
    raise ValueError("the signer's certificate is missing")


METHOD = sign_in_methods.register(
    "certificate",
    SignInMethod(
        title=_("Sign in with a certificate"), challenge=challenge, answered=answered, presented=presented, level=4
    ),
)
