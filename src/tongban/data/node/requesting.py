"""Keys of a node and what it hands in to have them certified (PKCS #10). Private keys never leave this machine."""

from __future__ import annotations

from asn1crypto import algos, core, csr, keys, pem, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tongban.trust.keys import ciphers, gm
from tongban.trust.keys.data import Algorithm

KINDS = (Algorithm.P256, Algorithm.SM2)  # of keys that sign and open messages
_SIGNED = {Algorithm.P256: "sha256_ecdsa", Algorithm.SM2: "1.2.156.10197.1.501"}  # the latter: SM2 with SM3, GM/T 0006


def request(node: str, *, line: bool = False, algorithm: str = Algorithm.P256) -> tuple[str, str]:
    """A fresh key (P-256 or SM2) and a certificate request for it, PEM. For the line, where TLS knows P-256 only, the
    request names this machine too: the leaf beside us shows the same certificate."""
    kind = Algorithm.P256 if line else Algorithm(algorithm)
    private, public = gm.generate() if kind is Algorithm.SM2 else _p256()
    body = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": x509.Name.build({"common_name": node}),
            "subject_pk_info": keys.PublicKeyInfo.load(public),
            "attributes": [_also_here(node)] if line else [],
        }
    )
    made = csr.CertificationRequest(
        {
            "certification_request_info": body,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": _SIGNED[kind]}),
            "signature": core.OctetBitString(_signature(kind, private, body.dump())),
        }
    )
    return pem.armor("PRIVATE KEY", private).decode(), pem.armor("CERTIFICATE REQUEST", made.dump()).decode()


def algorithm_of(certificate: str) -> str:
    """The kind of key in a certificate (PEM)."""
    return ciphers.algorithm_of(ciphers.public_key_of(pem.unarmor(certificate.encode())[2])).value


def leaf_of(chain: str) -> str:
    """The first certificate of a PEM chain."""
    end = "-----END CERTIFICATE-----"
    return chain.split(end)[0].strip() + f"\n{end}\n"


def _p256() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    der, plain = serialization.Encoding.DER, serialization.NoEncryption()
    public = key.public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(der, serialization.PrivateFormat.PKCS8, plain), public


def _signature(kind: Algorithm, private: bytes, data: bytes) -> bytes:
    if kind is Algorithm.SM2:
        return gm.sign(private, data)
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def _also_here(node: str) -> csr.CRIAttribute:
    names = x509.GeneralNames([x509.GeneralName("dns_name", name) for name in (node, "localhost")])
    extension = x509.Extension({"extn_id": "subject_alt_name", "critical": False, "extn_value": names})
    return csr.CRIAttribute({"type": "extension_request", "values": [x509.Extensions([extension])]})
