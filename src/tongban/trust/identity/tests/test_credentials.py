"""Passwords, passkeys and apps that come and go leave a leaf each (TRUST-06)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tongban.base.kernel.api import Ref, system
from tongban.base.ledger.api import history
from tongban.trust.identity import models

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
OTHER = "Ling-Yi-Ge-Mi-Ma-2"


def _changes(person: Ref) -> list[str]:
    return [entry.facts["what"] for entry in history(person) if entry.kind == "identity.credential"]


def _row() -> models.Person:
    with system():
        return models.Person.objects.get(username="wang")


def test_a_passkey_taken_away_leaves_a_leaf(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("wang")
    with system():
        key = Authenticator.objects.create(
            user=_row(), type=Authenticator.Type.WEBAUTHN, data={"name": "手机", "credential": {}}
        )
    address = f"/account/passkeys/{key.pk}/remove/"
    client.post(address)
    assert Authenticator.objects.filter(pk=key.pk).exists() and _changes(people.citizen.ref) == []  # password first
    client.post("/account/again/", {"password": PASSWORD})
    assert client.post(address).status_code == 302
    assert not Authenticator.objects.filter(pk=key.pk).exists()
    assert _changes(people.citizen.ref) == ["webauthn_removed"]


def test_a_new_password_leaves_a_leaf(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("wang")
    asked = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    assert client.post("/account/password/", asked).status_code == 302
    assert _changes(people.citizen.ref) == ["password_changed"]
    assert sign_in("wang", OTHER).get("/account/").status_code == 200


def test_an_account_without_a_password_may_set_one(people: SimpleNamespace, public_site: str) -> None:
    """Opened with a code or at a window: the page of the password leads to the first one."""
    row = _row()
    row.set_unusable_password()
    with system():
        row.save(update_fields=["password"])
    client = Client()
    client.force_login(row)
    assert client.get("/account/password/", follow=True).status_code == 200
    assert client.post("/account/password/set/", {"password1": OTHER, "password2": OTHER}).status_code == 302
    assert _changes(people.citizen.ref) == ["password_set"]
