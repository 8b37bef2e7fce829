"""The online cryptographic service: permission by key and purpose, quotas, leaves, RFC 3161 (TRUST-02)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import path

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, travelled
from tongban.base.ledger.api import history
from tongban.trust.keys import api, kek, service
from tongban.trust.keys.data import SYSTEM, Algorithm, Purpose
from tongban.trust.keys.models import Use

from .conftest import OpenSSL


def test_sign_and_verify(world: SimpleNamespace, kinds: Callable[[Ref], list[str]]) -> None:
    key = api.ensure_key("office", world.office)
    made = service.sign(world.user, key.id, b"text")
    assert service.verify(world.citizen, key.id, b"text", made.value)
    assert not service.verify(world.citizen, key.id, b"other", made.value)
    leaf = history(key.ref)[-1]
    assert leaf.kind == "keys.used_sign" and leaf.by == world.user.person
    assert leaf.facts["digest"] == hashlib.sha256(b"text").hexdigest()
    assert service.record_uses() == 0  # the hour is not over
    with travelled(timedelta(hours=2)):
        assert service.record_uses() == 1
    last = history(key.ref)[-1]
    assert (last.kind, last.facts["n"], Use.objects.count()) == ("keys.used_verify", 2, 0)


def test_whose_keys(world: SimpleNamespace) -> None:
    key, own = api.ensure_key("office", world.office), api.ensure_key("person", world.citizen.person)
    for who in (world.citizen, world.registrar, world.keeper):
        with pytest.raises(NotFound):
            service.sign(who, key.id, b"x")
    with pytest.raises(NotFound):
        service.sign(world.user, own.id, b"x")
    service.sign(world.citizen, own.id, b"x")
    with pytest.raises(Refused):
        service.encrypt(world.user, key.id, b"x")  # a signing key does not encrypt
    assert [one.id for one in service.usable(world.user)] == [key.id]
    assert [one.id for one in service.usable(world.citizen)] == [own.id]


@pytest.mark.parametrize("algorithm", [Algorithm.AES256, Algorithm.SM4, Algorithm.SM2])
def test_encrypt_and_decrypt(world: SimpleNamespace, algorithm: Algorithm) -> None:
    key = api.ensure_key(Purpose.ENCRYPTION, world.office, algorithm=algorithm)
    label = "" if algorithm is Algorithm.SM2 else "case 12"
    sealed = service.encrypt(world.user, key.id, b"minutes", label=label)
    assert service.decrypt(world.user, key.id, sealed, label=label) == b"minutes"
    with pytest.raises(kek.Broken):
        service.decrypt(world.user, key.id, sealed[:-1] + bytes([sealed[-1] ^ 1]), label=label)
    if label:
        with pytest.raises(kek.Broken):
            service.decrypt(world.user, key.id, sealed, label="case 13")
    api.rotate(key.id)
    assert service.decrypt(world.user, key.id, sealed, label=label) == b"minutes"
    with pytest.raises(Refused):
        service.encrypt(world.user, key.id, b"new")


def test_quotas(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(service.QUOTAS, "sign", 2)
    key = api.ensure_key("office", world.office)
    service.sign(world.user, key.id, b"1")
    service.sign(world.user, key.id, b"2")
    with pytest.raises(Refused) as refused:
        service.sign(world.user, key.id, b"3")
    assert refused.value.code == "quota" and len(history(key.ref)) == 4
    with travelled(timedelta(hours=1, minutes=1)):
        service.sign(world.user, key.id, b"3")
    with pytest.raises(Invalid):
        service.sign(world.user, key.id, b"x" * (service.LARGEST + 1))


def test_timestamps_as_openssl_checks_them(world: SimpleNamespace, openssl: OpenSSL) -> None:
    data, query, reply = openssl.file("data", b"what existed"), openssl.folder / "q", openssl.folder / "r"
    openssl("ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    reply.write_bytes(service.timestamp(world.user, query.read_bytes()))
    chain = api.signing_certificate(api.key_for("timestamp").id)
    trust = ("-CAfile", openssl.pem("root", chain[2]), "-untrusted", openssl.pem("issuer", chain[1]))
    assert "Verification: OK" in openssl("ts", "-verify", "-queryfile", query, "-in", reply, *trust)
    assert "FAILED" in openssl.fails("ts", "-verify", "-data", openssl.file("d2", b"other"), "-in", reply, *trust)
    assert history(SYSTEM)[-1].kind == "keys.used_timestamp"
    with pytest.raises(Refused):
        service.timestamp(world.citizen, query.read_bytes())
    token = openssl.file("t", api.timestamp(hashlib.sha512(b"what existed").digest(), "sha512"))
    assert "OK" in openssl("ts", "-verify", "-data", data, "-in", token, "-token_in", *trust)
    assert "Time stamp: " in openssl("ts", "-reply", "-in", reply, "-text")


@pytest.mark.parametrize(
    ("arguments", "why"), [(("-md5",), "unsupported algorithm"), (("-sha256", "-tspolicy", "1.2.3.4"), "policy")]
)
def test_timestamps_that_are_not_given(
    world: SimpleNamespace, openssl: OpenSSL, arguments: tuple[str, ...], why: str
) -> None:
    query = openssl.folder / "q"
    openssl("ts", "-query", "-data", openssl.file("d", b"x"), *arguments, "-out", query)
    text = openssl("ts", "-reply", "-in", openssl.file("r", api.timestamp_answer(query.read_bytes())), "-text")
    assert "Status: Rejected" in text and why in text
    text = openssl("ts", "-reply", "-in", openssl.file("r", api.timestamp_answer(b"junk")), "-text")
    assert "data submitted has the wrong format" in text
    with pytest.raises(Invalid):
        api.timestamp(b"short")


# The REST shape, mounted alone as the staff site mounts it.
def __getattr__(name: str) -> Any:
    if name != "urlpatterns":
        raise AttributeError(name)
    from tongban.site import rest
    from tongban.trust.identity.api import public
    from tongban.trust.keys.rest import router

    sign_in = public(lambda request: None)
    return [rest.mounted("staff", {"keys": router}), path("account/sign-in/", sign_in, name="account_login")]


def test_the_service_over_rest(world: SimpleNamespace, settings: Any) -> None:
    from tongban.trust.identity.models import Person

    settings.ROOT_URLCONF, settings.TONGBAN_SECOND_FACTOR = __name__, False
    client = Client()
    key = api.ensure_key("office", world.office)
    body = {"data": base64.b64encode(b"text").decode()}

    def post(verb: str, data: dict[str, str]) -> Any:
        return client.post(f"/api/keys/{verb}", data, content_type="application/json")

    assert post(f"{key.id}/sign", body).status_code in (401, 403)
    client.force_login(Person.objects.get(public_id=world.user.person.id))
    assert [one["id"] for one in client.get("/api/keys/").json()] == [key.id]
    made = post(f"{key.id}/sign", body).json()
    assert made["hash"] == "sha256"
    verdict = post(f"{key.id}/verify", {**body, "signature": made["signature"]})
    assert verdict.json() == {"valid": True}
    assert post(f"{key.id}/sign", {"data": "%%%"}).status_code == 422
    assert post(f"{key.id}/encrypt", body).status_code == 403
    assert post(f"{'0' * 26}/sign", body).status_code == 404
    client.force_login(Person.objects.get(public_id=world.registrar.person.id))
    assert post(f"{key.id}/sign", body).status_code == 404
