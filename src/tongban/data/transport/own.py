"""Who this node is: kept in one file of its home, readable by its account only, never in the database."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import algos, core, keys, pem, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, now
from tongban.trust.keys import gm

from .data import Own

SELF_SIGNED_DAYS = 397


def _file() -> Path:
    return Path(settings.TONGBAN_HOME) / "transport" / "own.json"


def own() -> Own:
    """This node; `Refused` while it is not set up."""
    path = _file()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise Refused(_("This node has not been set up for the exchange yet."), "not_set_up") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Own:
    known: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Own(**{**known, "servers": tuple(known["servers"]), "gates": tuple(known["gates"])})


def set_up(own: Own) -> None:
    """Become this node: at enrolment, and again with a renewed certificate. Effective at once in every process."""
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"own.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(own), ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(path)


def ensure_own(node: str, office: str, title: str) -> Own:
    """This node as it is set up, or set up now with a fresh key and a certificate signed by itself."""
    try:
        return own()
    except Refused:
        set_up(fresh_own(node, office, title))
        return own()


def fresh_own(node: str, office: str, title: str, algorithm: str = "ecdsa-p256") -> Own:
    """A fresh key (`ecdsa-p256` or `sm2`) with a certificate signed by itself. Peers pin the certificate, so whoever
    enrols a node vouches for it; one of an authority for the same key may take its place."""
    if algorithm == "sm2":
        private, public = gm.generate()
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    certificate = _self_signed(private, public, {"common_name": node, "organization_name": title or office})
    return Own(
        node=node,
        office=office,
        title=title,
        certificate=pem.armor("CERTIFICATE", certificate).decode(),
        key=pem.armor("PRIVATE KEY", private).decode(),
    )


def _self_signed(private: bytes, public: bytes, names: dict[str, str]) -> bytes:
    key_info = keys.PublicKeyInfo.load(public)
    national = key_info["algorithm"]["parameters"].chosen.dotted == "1.2.156.10197.1.301"
    # SM2 with SM3 (GM/T 0006) is not among the library's names.
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "1.2.156.10197.1.501" if national else "sha256_ecdsa"})
    name, start = x509.Name.build(names), now().replace(microsecond=0) - timedelta(minutes=5)
    usage = {"digital_signature", "non_repudiation", "key_agreement"}
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": int.from_bytes(os.urandom(16), "big") >> 1,
            "signature": algorithm,
            "issuer": name,
            "subject": name,
            "validity": {
                "not_before": x509.Time("utc_time", start),
                "not_after": x509.Time("utc_time", start + timedelta(days=SELF_SIGNED_DAYS)),
            },
            "subject_public_key_info": key_info,
            "extensions": [{"extn_id": "key_usage", "critical": True, "extn_value": usage}],
        }
    )
    value = signature(private, body.dump())
    whole = {"tbs_certificate": body, "signature_algorithm": algorithm, "signature_value": core.OctetBitString(value)}
    return bytes(x509.Certificate(whole).dump())


def signature(private: bytes, data: bytes) -> bytes:
    """ECDSA with SHA-256, or SM2 with SM3, by what the key (PKCS #8) is."""
    key = opened(private)
    return gm.sign(private, data) if key is None else key.sign(data, ec.ECDSA(hashes.SHA256()))


@lru_cache(maxsize=8)
def opened(private: bytes) -> ec.EllipticCurvePrivateKey | None:
    """The P-256 key, or None for SM2, which this library does not know."""
    about = keys.PrivateKeyInfo.load(private)["private_key_algorithm"]["parameters"].chosen
    if about.dotted == "1.2.156.10197.1.301":
        return None
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
