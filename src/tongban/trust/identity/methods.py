"""Ways to sign in that rooms above bring along, such as a digital certificate (TRUST-04)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tongban.base.kernel.api import Ref, Registry, Text


@dataclass(frozen=True)
class SignInMethod:
    """How somebody proves who they are with a key that only they hold.

    `challenge()` gives a fresh text to sign; identity keeps it in the session for five minutes, for one answer.
    `answered(challenge, signature, certificate)` gives the account whose key signed exactly this text, or None:
    `signature` is a CMS structure (DER or PEM), or a raw signature with `certificate` beside it (else empty).
    `presented(certificate)` gives the account of a client certificate whose key the proxy in front has seen at work
    (mutual TLS), or None. Both check validity, revocation and purpose of the certificate, and never raise for bytes
    that mean nothing. `level` is the real-name level such a sign-in proves.
    """

    title: Text
    challenge: Callable[[], str]
    answered: Callable[[str, bytes, bytes], Ref | None]
    presented: Callable[[bytes], Ref | None]
    level: int = 4


sign_in_methods: Registry[SignInMethod] = Registry("sign_in_methods")
