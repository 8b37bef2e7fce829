"""Leaving: only with a hint we signed, only to registered addresses, never unasked (T30, T31)."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser
from jwcrypto import jwk, jwt

from tongban.trust.openid import signing
from tongban.trust.openid.views.leave import hinted

pytestmark = pytest.mark.django_db

FORGED = ["alg none", "HS256 with the public key", "unknown kid", "kid traversal", "kid list", "own key in the header",
          "wrong issuer", "logout token", "changed payload", "the other site's key"]  # fmt: skip


def test_t31_a_forged_id_token_is_no_hint(
    world: SimpleNamespace, tokens: dict[str, Any], subtests: pytest.Subtests
) -> None:
    assert hinted(tokens["id_token"]) == world.system.client.client_id
    other = jwk.JWK.generate(kty="RSA", size=2048)
    for case in FORGED:
        with subtests.test(case):
            forged = _forged(case, tokens["id_token"], other)
            assert hinted(forged) is None
            asked = {"id_token_hint": forged, "post_logout_redirect_uri": "https://tax.example.gov.cn/"}
            answer = Browser().get("/openid/leave/", asked)
            assert answer.status_code == 400 and "Location" not in answer.headers


def _forged(case: str, token: str, other: jwk.JWK) -> str:
    key = signing.signing_key("public")
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))

    def encoded(part: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")

    def signed(with_key: jwk.JWK, **header: Any) -> str:
        made = jwt.JWT(header=json.dumps({"alg": "RS256", "kid": key.key_id} | header), claims=json.dumps(claims))
        made.make_signed_token(with_key)
        return str(made.serialize())

    if case == "alg none":
        return f"{encoded({'alg': 'none', 'kid': key.key_id})}.{body}."
    if case == "HS256 with the public key":
        pem = base64.urlsafe_b64encode(key.export_to_pem()).decode()
        return signed(jwk.JWK(kty="oct", k=pem), alg="HS256")
    if case in ("unknown kid", "kid traversal", "kid list"):
        kid: Any = {"unknown kid": "x", "kid traversal": "../../etc/passwd", "kid list": [key.key_id]}[case]
        return signed(other, kid=kid)
    if case == "own key in the header":
        return signed(other, jwk=other.export_public(as_dict=True), jku="https://evil.example/keys")
    if case == "changed payload":
        return f"{head}.{encoded(claims | {'aud': 'evil'})}.{signature}"
    if case == "the other site's key":
        return signed(signing.signing_key("staff"), kid=signing.signing_key("staff").key_id)
    if case == "wrong issuer":
        claims["iss"] = "https://evil.example"
    if case == "logout token":
        claims["events"] = {}
    return signed(key)


def test_t30_after_signing_out_only_to_registered_addresses(
    world: SimpleNamespace, browser: Browser, subtests: pytest.Subtests
) -> None:
    for target in ("https://evil.example/", "https://tax.example.gov.cn", "https://tax.example.gov.cn/x"):
        with subtests.test(target):
            asked = {"client_id": world.system.client.client_id, "post_logout_redirect_uri": target}
            assert browser.get("/openid/leave/", asked).status_code == 400
            assert browser.get("/account/").status_code == 200  # and nobody is signed out
