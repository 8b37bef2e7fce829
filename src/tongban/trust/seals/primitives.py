"""Checking one signature value: the algorithms of `cryptography`, and SM2 with SM3 through the system's libcrypto."""

from __future__ import annotations

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko_certvalidator.errors import AlgorithmNotSupported, DSAParametersUnavailable, PSSParameterMismatch
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from . import sm2

SM3 = "1.2.156.10197.1.401"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM2_SIGN = "1.2.156.10197.1.301.1"
SM2_CURVE = "1.2.156.10197.1.301"
RSA_WITH_SHA3 = {  # RFC 8702 and NIST; the library knows SHA-3 with ECDSA only
    "2.16.840.1.101.3.4.3.13": "sha3_224",
    "2.16.840.1.101.3.4.3.14": "sha3_256",
    "2.16.840.1.101.3.4.3.15": "sha3_384",
    "2.16.840.1.101.3.4.3.16": "sha3_512",
}
PLAIN_ECDSA = "0.4.0.127.0.7.1.1.4.1."
"""BSI TR-03111: r and s side by side, not in a sequence. What follows the last dot names the digest."""

PLAIN_DIGESTS = {"1": "sha1", "2": "sha224", "3": "sha256", "4": "sha384", "5": "sha512"}
SM2_OIDS = frozenset({SM2_WITH_SM3, SM2_SIGN, SM2_CURVE})


class Unsupported(Exception):
    """An algorithm nobody here can check; `str` is its name."""


class _Validator(DefaultSignatureValidator):
    """The library's validator, and what it does not know: SM2, SHA-3 with RSA, ECDSA in the plain form."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = SignatureValidationContext(),  # noqa: B008 - the library's signature
    ) -> None:
        """Raises InvalidSignature, or AlgorithmNotSupported."""
        dotted = signature_algorithm["algorithm"].dotted
        if dotted in SM2_OIDS or _on_sm2_curve(public_key_info):
            if not _sm2_holds(signature, signed_data, public_key_info):
                raise InvalidSignature
            return
        if digest := RSA_WITH_SHA3.get(dotted):
            signature_algorithm = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"})
            context = SignatureValidationContext(contextual_md_algorithm=digest)
        elif digest := PLAIN_DIGESTS.get(dotted.removeprefix(PLAIN_ECDSA)):
            signature_algorithm = algos.SignedDigestAlgorithm({"algorithm": f"{digest}_ecdsa"})
            half = len(signature) // 2
            values = (int.from_bytes(one, "big") for one in (signature[:half], signature[half:]))
            signature = encode_dss_signature(*values)
        super().validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)


VALIDATOR = _Validator()


def holds(
    signature: bytes,
    data: bytes,
    key: keys.PublicKeyInfo,
    algorithm: algos.SignedDigestAlgorithm,
    digest: str | None = None,
) -> bool:
    """Whether `signature` is that of `key` over `data`. Raises Unsupported."""
    context = SignatureValidationContext(contextual_md_algorithm=digest)
    try:
        VALIDATOR.validate_signature(signature, data, key, algorithm, context)
    except (AlgorithmNotSupported, UnsupportedAlgorithm, DSAParametersUnavailable) as error:
        raise Unsupported(name_of(algorithm)) from error
    except (InvalidSignature, PSSParameterMismatch, AssertionError, ValueError, TypeError, AttributeError, KeyError):
        # A key of another kind than the algorithm names, or a value that is no signature at all.
        return False
    return True


def name_of(algorithm: algos.SignedDigestAlgorithm) -> str:
    """The name of a signature algorithm, as far as known."""
    dotted = algorithm["algorithm"].dotted
    return "SM2 with SM3" if dotted in SM2_OIDS else str(algorithm["algorithm"].native)


def _on_sm2_curve(key: keys.PublicKeyInfo) -> bool:
    if key["algorithm"]["algorithm"].native != "ec":
        return False
    parameters = key["algorithm"]["parameters"]
    return bool(parameters.name == "named" and parameters.chosen.dotted == SM2_CURVE)


def _sm2_holds(signature: bytes, data: bytes, key: keys.PublicKeyInfo) -> bool:
    if sm2.library() is None:
        raise AlgorithmNotSupported("SM2 with SM3")
    return sm2.verify(key.dump(), data, signature)
