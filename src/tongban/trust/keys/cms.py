"""A detached CMS signature (RFC 5652) by one of our own keys: what `openssl cms -verify` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from asn1crypto import algos, cms, x509

from tongban.base.kernel.api import now

from .data import Algorithm, KeyInfo
from .signing import sign

_ALGORITHMS = {
    Algorithm.P256: ("sha256", "sha256_ecdsa"),
    Algorithm.P384: ("sha384", "sha384_ecdsa"),
    Algorithm.RSA3072: ("sha256", "sha256_rsa"),
}


def detached(key: KeyInfo, chain: Sequence[bytes], content: bytes) -> bytes:
    """SignedData (DER) over the content, which is not in it; the certificates are. `RuntimeError` for an SM2 key."""
    if key.algorithm not in _ALGORITHMS:
        raise RuntimeError(f"no CMS signature with {key.algorithm}")
    hash_name, algorithm = _ALGORITHMS[key.algorithm]
    leaf = x509.Certificate.load(chain[0])
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute(
                {"type": "signing_time", "values": [cms.Time({"utc_time": now().replace(microsecond=0)})]}
            ),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.new(hash_name, content).digest()]}),
        ]
    )
    digest = algos.DigestAlgorithm({"algorithm": hash_name})
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}},
        "digest_algorithm": digest,
        "signed_attrs": attributes,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
        "signature": sign(key.id, attributes.dump(), hash_name=hash_name).value,
    }
    signed = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data"},
        "certificates": [x509.Certificate.load(der) for der in chain],
        "signer_infos": [signer],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())
