"""Signing in with a certificate (TRUST-04): a challenge signed by the holder's key, or mutual TLS."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tongban.trust.identity.api import disable, sign_in_methods
from tongban.trust.keys import desk
from tongban.trust.keys.data import Reason
from tongban.trust.keys.models import Certificate

from .conftest import OpenSSL
from .test_desk import csr, issued


@pytest.fixture
def holder(world: SimpleNamespace, openssl: OpenSSL) -> SimpleNamespace:
    """A citizen with a certificate and its key in a file."""
    row = issued(world, csr=csr(openssl))
    return SimpleNamespace(row=row, der=bytes(row.der), key=openssl.folder / "prime256v1.key", world=world)


def _cms(openssl: OpenSSL, holder: SimpleNamespace, text: str, *more: str) -> bytes:
    certificate, out = openssl.pem("c.pem", holder.der), openssl.folder / "cms"
    data = openssl.file("text", text.encode())
    openssl("cms", "-sign", "-binary", "-in", data, "-signer", certificate, "-inkey", holder.key, "-outform", "DER",
            "-out", out, *more)  # fmt: skip
    return Path(out).read_bytes()


@pytest.mark.parametrize("more", [(), ("-nodetach",), ("-noattr",), ("-md", "sha384"), ("-keyid",)])
def test_a_signed_challenge(holder: SimpleNamespace, openssl: OpenSSL, more: tuple[str, ...]) -> None:
    method = sign_in_methods.get("certificate")
    text = method.challenge()
    assert method.answered(text, _cms(openssl, holder, text, *more), b"") == holder.world.citizen.person


def test_what_does_not_sign_in(holder: SimpleNamespace, openssl: OpenSSL) -> None:
    method = sign_in_methods.get("certificate")
    text = method.challenge()
    good = _cms(openssl, holder, text)
    assert text != method.challenge()
    refused = [
        method.answered(method.challenge(), good, b""),  # another challenge
        method.answered("", good, b""),
        method.answered(text, good[:-3] + bytes(3), b""),
        method.answered(text, _cms(openssl, holder, text, "-nocerts"), b""),
        method.answered(text, _cms(openssl, holder, "x" + text, "-nodetach"), b""),
        method.answered(text, b"", b""),
        method.answered(text, b"junk" * 100_000, b""),
        method.answered(text, good, b"junk"),
        method.presented(b"junk"),
        method.presented(b""),
    ]
    assert refused == [None] * len(refused)


def test_raw_signature_and_mutual_tls(holder: SimpleNamespace, openssl: OpenSSL) -> None:
    method = sign_in_methods.get("certificate")
    text, out = method.challenge(), openssl.folder / "value"
    openssl("dgst", "-sha256", "-sign", holder.key, "-out", out, openssl.file("text", text.encode()))
    me = holder.world.citizen.person
    assert method.answered(text, out.read_bytes(), holder.der) == me == method.presented(holder.der)
    assert method.presented(openssl.pem("c.pem", holder.der).read_bytes()) == me


@pytest.mark.parametrize("how", ["held", "revoked", "disabled", "profile"])
def test_a_certificate_out_of_force(holder: SimpleNamespace, how: str) -> None:
    method, world, row = sign_in_methods.get("certificate"), holder.world, holder.row
    assert method.presented(holder.der)
    if how == "held":
        desk.hold(world.issuer, row.id, "持有人申请")
    elif how == "revoked":
        desk.revoke(world.issuer, row.id, Reason.AFFILIATION_CHANGED, "离职")
    elif how == "disabled":
        disable(world.citizen.person)
    else:
        Certificate.objects.filter(id=row.id).update(profile="server")
    assert method.presented(holder.der) is None
