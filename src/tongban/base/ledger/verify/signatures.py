"""Signatures, certificates and timestamps."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from .report import SLACK, Report

_KINDS: dict[str, Any] = {
    "": hashes.SHA256,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


def verify_signature(key: Any, value: bytes, data: bytes, hash_name: str = "") -> bool:
    """Whether `value` signs `data`: Ed25519, ECDSA or RSA."""
    try:
        kind = _KINDS[hash_name]()
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(value, data)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(kind))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), kind)
        else:
            return False
    except (InvalidSignature, KeyError):
        return False
    return True


class Keys:
    """The ledger's signing keys with their certificates, and whom the reader trusts (none: the chain's own root)."""

    def __init__(
        self, chains: Mapping[str, Sequence[str]], anchors: Sequence[x509.Certificate], report: Report
    ) -> None:
        self.report, self.anchors = report, {anchor.fingerprint(hashes.SHA256()) for anchor in anchors}
        self.chains = {key: [_certificate(text) for text in chain] for key, chain in chains.items()}
        for key, chain in self.chains.items():
            report.keys[key] = chain[0].fingerprint(hashes.SHA256()).hex()
            self._check_chain(key, chain)

    def _check_chain(self, key: str, chain: Sequence[x509.Certificate]) -> None:
        for certificate, issuer in itertools.pairwise([*chain, chain[-1]]):  # the last is a root, which signs itself
            try:
                certificate.verify_directly_issued_by(issuer)
            except (InvalidSignature, ValueError, TypeError):
                self.report.add("key.chain", f"the certificate of key {key} was not issued by its issuer")
        if self.anchors and not self.anchors & {each.fingerprint(hashes.SHA256()) for each in chain}:
            self.report.add("key.trust", f"key {key} does not lead to a certificate you trust")

    def signs(self, key: str, at: datetime, record: Mapping[str, Any]) -> bool:
        """Whether the record's signature over its body holds, by a key whose certificate was valid at that moment."""
        chain = self.chains.get(key)
        if chain is None or not chain[0].not_valid_before_utc - SLACK <= at <= chain[0].not_valid_after_utc:
            return False
        value = binary(record["signature"])
        return verify_signature(chain[0].public_key(), value, record["body"].encode(), record["hash"])


def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(binary(text))


def binary(text: str) -> bytes:
    """Base64 in its one canonical writing; `ValueError` for any other, so that no changed byte passes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 that is not canonical")
    return data


def _der(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """DER elements lying side by side: tag, content, whole."""
    found, at = [], 0
    while at < len(data):
        tag, length, begin = data[at], data[at + 1], at + 2
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(data[at + 2 : begin])
        found.append((tag, data[begin : begin + length], data[at : begin + length]))
        at = begin + length
    return found


def stamped(token: bytes) -> tuple[bytes, datetime]:
    """What an RFC 3161 token stamps, and when. `ValueError` unless the token's own signature holds."""
    signed = _der(_der(_der(_der(token)[0][1])[1][1])[0][1])
    info = _der(_der(signed[2][1])[1][1])[0][1]
    signer = _der(_der(signed[-1][1])[0][1])
    name = _HASHES[_der(signer[2][1])[0][1].hex()]
    attributes = {_der(each[1])[0][1].hex(): _der(each[1])[1][1] for each in _der(signer[3][1])}
    if _der(attributes[_MESSAGE_DIGEST])[0][1] != hashlib.new(name, info).digest():
        raise ValueError("the content of the token was changed")
    certificates = pkcs7.load_der_pkcs7_certificates(token)
    over = b"\x31" + signer[3][2][1:]
    if not any(verify_signature(each.public_key(), signer[5][1], over, name) for each in certificates):
        raise ValueError("the token is signed by nobody it names")
    told = _der(_der(info)[0][1])
    moment = datetime.strptime(told[4][1].decode().partition(".")[0].rstrip("Z") + "+0000", "%Y%m%d%H%M%S%z")
    return _der(told[2][1])[1][1], moment


_MESSAGE_DIGEST = "2a864886f70d010904"
_HASHES = {"608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512"}
