"""Checking one signature value: the algorithms of `cryptography`, and SM2 with SM3 through the system's libcrypto."""

from __future__ import annotations

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator.errors import AlgorithmNotSupported, DSAParametersUnavailable, PSSParameterMismatch
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from . import sm2

SM3 = "1.2.156.10197.1.401"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM2_SIGN = "1.2.156.10197.1.301.1"
SM2_CURVE = "1.2.156.10197.1.301"
SM2_OIDS = frozenset({SM2_WITH_SM3, SM2_SIGN, SM2_CURVE})


class Unsupported(Exception):
    """An algorithm nobody here can check; `str` is its name."""


class _Validator(DefaultSignatureValidator):
    """The library's validator, and SM2, which the library's OpenSSL has not."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = SignatureValidationContext(),  # noqa: B008 - the library's signature
    ) -> None:
        """Raises InvalidSignature, or AlgorithmNotSupported."""
        if signature_algorithm["algorithm"].dotted in SM2_OIDS or _on_sm2_curve(public_key_info):
            if not _sm2_holds(signature, signed_data, public_key_info):
                raise InvalidSignature
            return
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
