"""Keys in a device behind PKCS #11 (security T40), with SoftHSM."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Refused
from tongban.trust.keys import acts, api, authority, life, rows
from tongban.trust.keys.data import ActKind, Algorithm, KeyState
from tongban.trust.keys.providers import providers, token

from .conftest import OpenSSL

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="softhsm2 is not installed")


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    (folder / "pin").write_text("86423197\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        patch.setenv("TONGBAN_PKCS11_MODULE", str(MODULE))
        patch.setenv("TONGBAN_PKCS11_PIN_FILE", str(folder / "pin"))
        make = [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            "tongban",
            "--pin",
            "86423197",
            "--so-pin",
            "1234567",
        ]
        subprocess.run(make, check=True, capture_output=True)
        token._opened.cache_clear()
        yield
    token._opened.cache_clear()


def test_t40_an_authority_whose_keys_stay_in_the_device(world: SimpleNamespace, device: None, openssl: OpenSSL) -> None:
    made = authority.initialise(provider="pkcs11")
    assert made.key and made.key.handle == made.key_id and not bytes(made.key.private)
    key = api.ensure_key("ledger", provider="pkcs11")
    signature = api.sign(key.id, b"head")
    assert api.verify(key.public_key, b"head", signature.value)
    leaf, issuer, root = (openssl.pem(f"{i}.pem", der) for i, der in enumerate(api.signing_certificate(key.id)))
    assert "OK" in openssl("verify", "-x509_strict", "-CAfile", root, "-untrusted", issuer, leaf)


def test_t40_a_key_of_the_device_cannot_be_taken_out(world: SimpleNamespace, device: None) -> None:
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.exceptions import PKCS11Error

    key = api.ensure_key("publisher", provider="pkcs11", algorithm=Algorithm.RSA3072)
    value = api.sign(key.id, b"pack").value
    assert api.verify(key.public_key, b"pack", value)
    row = rows.find(key.id)
    with pytest.raises(Refused):
        providers.get("pkcs11").export(rows.stored(row))
    with token._session() as session:
        private = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=row.handle)
        assert private[Attribute.SENSITIVE] and not private[Attribute.EXTRACTABLE]
    with pytest.raises((Refused, PKCS11Error)), token._session() as session:
        session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=row.handle)[Attribute.PRIVATE_EXPONENT]
    life.retire(world.keeper, key.id, "到期")
    act = acts.ask(world.keeper, ActKind.DESTROY, key.id, "密钥到期销毁")
    acts.agree(world.second, act.id)
    assert rows.find(key.id).state == KeyState.DESTROYED
    with pytest.raises(Refused):
        providers.get("pkcs11").sign(rows.stored(row), b"x", "sha256", hashed=False)


def test_a_device_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGBAN_PKCS11_MODULE", "/nonexistent/module.so")
    assert providers.get("pkcs11").problem()
    monkeypatch.delenv("TONGBAN_PKCS11_MODULE")
    assert "TONGBAN_PKCS11_MODULE" in providers.get("pkcs11").problem()
