"""The envelope's bytes, its signature, and bodies that only the receiver can open (T8, T11).

P-256: an ephemeral key agreed with the certificate's (ECDH-ES), HKDF-SHA-256, AES-256-GCM. SM2 certificates: a secret
encrypted to it (GM/T 0009), HKDF-SM3, SM4-GCM. The envelope is the authenticated text beside each part, so nothing
can be taken to another envelope. One key serves one sealing of one message; its parts count the nonce.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zlib
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from asn1crypto import pem, x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tongban.base.kernel.api import canonical, now
from tongban.trust.keys import ciphers, gm
from tongban.trust.keys.data import Algorithm

from .data import VERSION, Envelope, Kind, Own
from .own import opened, signature

PART = 128 * 1024  # bytes of a part: a slow line must not be held for minutes by one
LARGEST = 64 * 1024 * 1024  # a packed body
UNPACKED = 512 * 1024 * 1024
ENVELOPE = 8 * 1024
SALT = 16
PASSING = 60  # seconds
P256, NATIONAL = "ecdh-es+aes-256-gcm", "sm2+sm4-gcm"


class Rejected(Exception):
    """A frame is not taken. `code` says why; `envelope` is what it claimed, `proven` once its signature held."""

    def __init__(self, code: str, envelope: Envelope | None = None, *, proven: bool = False) -> None:
        super().__init__(code)
        self.code, self.envelope, self.proven = code, envelope, proven


@dataclass(frozen=True, slots=True)
class Frame:
    """What travels: the canonical envelope, the signature over it, one sealed part of the body."""

    envelope: bytes
    signature: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Card:
    """What is read of a pinned certificate."""

    fingerprint: str
    public: bytes
    algorithm: Algorithm
    valid_from: datetime
    valid_until: datetime


@lru_cache(maxsize=1024)
def card(certificate: str) -> Card:
    """Read a certificate (PEM); `ValueError` or `Invalid` when it is none of ours."""
    der = pem.unarmor(certificate.encode())[2]
    parsed = x509.Certificate.load(der, strict=True)
    public = bytes(parsed.public_key.dump())
    algorithm = ciphers.algorithm_of(public)
    if algorithm not in (Algorithm.P256, Algorithm.SM2):
        raise ValueError(f"nodes use P-256 or SM2, not {algorithm}")
    life = parsed["tbs_certificate"]["validity"]
    start, end = life["not_before"].native, life["not_after"].native
    return Card(hashlib.sha256(der).hexdigest(), public, algorithm, start, end)


@lru_cache(maxsize=8)
def private_of(own: Own) -> bytes:
    """The private key as PKCS #8."""
    return bytes(pem.unarmor(own.key.encode())[2])


@lru_cache(maxsize=1024)
def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    key = serialization.load_der_public_key(public)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


# -- envelopes as bytes

_TEXTS = {field.name for field in fields(Envelope) if field.type == "str"}
_NUMBERS = {field.name for field in fields(Envelope) if field.type == "int"}
_DEFAULTS = {field.name: field.default for field in fields(Envelope)}
_ID = re.compile(r"[0-9a-z][0-9a-z-]{7,63}")
_NODE = re.compile(r"[0-9a-z][0-9a-z_-]{0,63}")
_NAME = re.compile(r"[^\W_][\w.:/+-]{0,99}")
_LONGEST = {"key": 1024, "digest": 64, "certificate": 64}


def written(envelope: Envelope) -> bytes:
    """The canonical envelope; what holds its default is left out."""
    shown: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(envelope, name)
        if value != default or name == "version":
            shown[name] = value.isoformat() if isinstance(value, datetime) else value
    return canonical(shown)


def read(data: bytes) -> Envelope:
    """The envelope; `Rejected` ("unreadable", "version") for anything we would not have written ourselves."""
    try:
        if len(data) > ENVELOPE:
            raise ValueError
        known = json.loads(data)
        if known.get("version") != VERSION:
            raise Rejected("version")
        for name, value in known.items():
            if name in _TEXTS and not (isinstance(value, str) and len(value) <= _LONGEST.get(name, 100)):
                raise ValueError
            if name in _NUMBERS and not (type(value) is int and 0 <= value < 2**53):
                raise ValueError
        for name in ("created", "expires"):
            if name in known:
                known[name] = datetime.fromisoformat(known[name])
                if known[name].tzinfo is None:
                    raise ValueError
        envelope = Envelope(**{**known, "kind": Kind(known["kind"])})
        if not (_ID.fullmatch(envelope.id) and _NODE.fullmatch(envelope.sender) and _NODE.fullmatch(envelope.to)):
            raise ValueError
        if not (_NAME.fullmatch(envelope.business) and 1 <= envelope.priority <= 9 and written(envelope) == data):
            raise ValueError
        if any("\x00" in str(getattr(envelope, name)) for name in _TEXTS):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Rejected("unreadable") from None
    return envelope


# -- bodies


def packed(body: bytes) -> tuple[str, bytes]:
    """How the body is packed, and salt plus packed body."""
    salt = os.urandom(SALT)
    if len(body) > 128:
        sample = body if len(body) <= PART else body[:32_768]
        tight = zlib.compress(sample, 1)
        if len(tight) < 0.9 * len(sample):  # Parquet and images are packed already
            return "zlib", salt + (tight if len(body) == len(sample) else zlib.compress(body, 1))
    return "none", salt + body


def unpacked(packing: str, content: bytes) -> bytes:
    """The body out of salt plus packed body; `Rejected` for what does not unpack within the limit."""
    if packing == "none":
        return content[SALT:]
    if packing != "zlib":
        raise Rejected("packing")
    try:
        unpack = zlib.decompressobj()
        body = unpack.decompress(content[SALT:], UNPACKED)
        if unpack.unconsumed_tail or not unpack.eof:
            raise Rejected("too_large" if unpack.unconsumed_tail else "altered")
    except zlib.error:
        raise Rejected("altered") from None
    return body


def seal(own: Own, envelope: Envelope, certificate: str, content: bytes) -> list[Frame]:
    """Sign and encrypt salt plus packed body to the holder of the certificate, in as many parts as it takes."""
    to = card(certificate)
    key, handle = _key_for(to, envelope.id)
    national = to.algorithm is Algorithm.SM2
    private = private_of(own)
    mine = card(own.certificate)
    hash_name = "sm3" if mine.algorithm is Algorithm.SM2 else "sha256"
    aead = ciphers.aead(Algorithm.SM4 if national else Algorithm.AES256, key)
    total = max(1, -(-len(content) // PART))
    whole = replace(
        envelope,
        total=total,
        cipher=NATIONAL if national else P256,
        key=base64.b64encode(handle).decode(),
        hash=hash_name,
        digest=hashlib.new(hash_name, content).hexdigest(),
        certificate=mine.fingerprint,
    )
    frames = []
    for number in range(1, total + 1):
        header = written(replace(whole, sequence=number) if total > 1 else whole)
        piece = content[(number - 1) * PART : number * PART]
        sealed = aead.encrypt(number.to_bytes(12, "big"), piece, header)
        frames.append(Frame(header, signature(private, header), sealed))
    return frames


def _key_for(to: Card, id_: str) -> tuple[bytes, bytes]:
    handle, shared = _passing(to, int(now().timestamp()) // PASSING)
    fresh = os.urandom(SALT)
    return _derived(shared, fresh, id_, to.algorithm is Algorithm.SM2), handle + fresh


@lru_cache(maxsize=256)
def _passing(to: Card, _period: int) -> tuple[bytes, bytes]:
    """A passing secret for one receiver and one minute: sharing one costs more than everything else, and each message
    derives a key of its own from it."""
    if to.algorithm is Algorithm.SM2:
        secret = os.urandom(32)
        return gm.encrypt(to.public, secret), secret
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    return point, key.exchange(ec.ECDH(), _point(to.public))


@lru_cache(maxsize=1024)
def _agreed(private: bytes, handle: bytes) -> bytes:
    mine = opened(private)
    if mine is None:
        return gm.decrypt(private, handle)
    return mine.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), handle))


def _derived(shared: bytes, fresh: bytes, id_: str, national: bool) -> bytes:
    hash_, size = (hashes.SM3(), 16) if national else (hashes.SHA256(), 32)
    return HKDF(hash_, size, salt=fresh, info=b"tongban transport 1 " + id_.encode()).derive(shared)


def signed_by(frame: Frame, certificate: Card) -> bool:
    """Whether the holder of the certificate signed this envelope."""
    if certificate.algorithm is Algorithm.SM2:
        return gm.verify(certificate.public, frame.envelope, frame.signature)
    try:
        _point(certificate.public).verify(frame.signature, frame.envelope, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def open_part(own: Own, envelope: Envelope, frame: Frame) -> bytes:
    """The plain part; `Rejected` ("altered", "cipher") where it does not open."""
    private = private_of(own)
    try:
        handle = base64.b64decode(envelope.key, validate=True)
        national = opened(private) is None
        if envelope.cipher != (NATIONAL if national else P256):
            raise Rejected("cipher", envelope, proven=True)
        key = _derived(_agreed(private, handle[:-SALT]), handle[-SALT:], envelope.id, national)
        aead = ciphers.aead(Algorithm.SM4 if national else Algorithm.AES256, key)
        return aead.decrypt(envelope.sequence.to_bytes(12, "big"), frame.body, frame.envelope)
    except (InvalidTag, ValueError):
        raise Rejected("altered", envelope, proven=True) from None


def whole(envelope: Envelope, content: bytes) -> bool:
    """Whether salt and packed body are what was signed."""
    return envelope.hash in ciphers.HASHES and hashlib.new(envelope.hash, content).hexdigest() == envelope.digest
