"""Other ways in than a password: passkeys, certificates (TRUST-04)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import Ref, system, travelled
from tongban.trust.identity import api, models
from tongban.trust.identity.methods import SignInMethod, sign_in_methods

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/account/certificate/"


class Centre:
    """What the certification centre would answer: who signed which challenge, whose certificate it is."""

    def __init__(self) -> None:
        self.made = 0
        self.signers: dict[bytes, Ref] = {}

    def challenge(self) -> str:
        self.made += 1
        return f"challenge {self.made}"

    def answered(self, challenge: str, signature: bytes, certificate: bytes) -> Ref | None:
        word, _space, of = signature.partition(b"! of ")
        return self.signers.get(word) if of.decode() == challenge else None

    def presented(self, certificate: bytes) -> Ref | None:
        return self.signers.get(certificate)


@pytest.fixture
def centre(people: SimpleNamespace) -> Iterator[Centre]:
    centre = Centre()
    former = sign_in_methods._items.pop("certificate", None)
    sign_in_methods._items["certificate"] = SignInMethod(
        "Certificate", centre.challenge, centre.answered, centre.presented
    )
    centre.signers = {b"wang": people.citizen.ref, b"clerk": people.clerk.ref}
    yield centre
    del sign_in_methods._items["certificate"]
    if former:
        sign_in_methods._items["certificate"] = former


def _inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def _level(people: SimpleNamespace) -> int:
    with system():
        return api.person(people.citizen.ref).level


def test_a_signed_challenge_signs_in_and_proves_level_4(
    people: SimpleNamespace, centre: Centre, public_site: str
) -> None:
    client = Client()
    challenge = client.get(PAGE).context["challenge"]
    assert client.get(f"{PAGE}challenge/").content.decode() == challenge
    answer = client.post(PAGE, {"signature": f"wang! of {challenge}", "next": "/account/levels/"})
    assert answer["Location"] == "/account/levels/" and _inside(client)
    assert _level(people) == 4


def test_t31_a_challenge_is_good_for_one_answer_of_its_own_session(
    people: SimpleNamespace, centre: Centre, public_site: str
) -> None:
    client, other = Client(), Client()
    challenge = client.get(PAGE).context["challenge"]
    other.get(PAGE)
    assert other.post(PAGE, {"signature": f"wang! of {challenge}"}).status_code == 422  # signed for another session
    assert client.post(PAGE, {"signature": f"nobody! of {challenge}"}).status_code == 422
    assert client.post(PAGE, {"signature": f"wang! of {challenge}"}).status_code == 422  # it was answered before
    late = Client()
    challenge = late.get(PAGE).context["challenge"]
    with travelled(timedelta(minutes=6)):
        assert late.post(PAGE, {"signature": f"wang! of {challenge}"}).status_code == 422
    assert not _inside(client) and not _inside(other) and not _inside(late) and _level(people) == 2


def test_a_certificate_opens_its_own_site_only(people: SimpleNamespace, centre: Centre, public_site: str) -> None:
    client = Client()
    challenge = client.get(PAGE).context["challenge"]
    assert client.post(PAGE, {"signature": f"clerk! of {challenge}"}).status_code == 422 and not _inside(client)
    with system():
        api.disable(people.citizen.ref)
    challenge = client.get(PAGE).context["challenge"]
    assert client.post(PAGE, {"signature": f"wang! of {challenge}"}).status_code == 422 and not _inside(client)


TLS = {"HTTP_X_CLIENT_VERIFY": "SUCCESS", "HTTP_X_CLIENT_CERTIFICATE": "wang"}


@pytest.mark.parametrize(
    ("proxies", "headers", "works"),
    [
        (("127.0.0.1",), TLS, True),
        ((), TLS, False),  # not configured: the header is anybody's
        (("192.0.2.1",), TLS, False),  # not from the proxy
        (("127.0.0.1",), TLS | {"HTTP_X_CLIENT_VERIFY": "FAILED:expired"}, False),
        (("127.0.0.1",), {"HTTP_X_CLIENT_VERIFY": "SUCCESS"}, False),
        (("127.0.0.1",), {"HTTP_X_CLIENT_CERTIFICATE": "wang"}, False),
        (("192.0.2.1",), TLS | {"tongban.peer": "192.0.2.1"}, True),  # it connected, and told of somebody else
        (("127.0.0.1",), TLS | {"tongban.peer": "192.0.2.7"}, False),  # a stranger who claims to come from the proxy
    ],
)
def test_mutual_tls_is_believed_from_the_proxy_alone(
    people: SimpleNamespace,
    centre: Centre,
    public_site: str,
    settings: Any,
    proxies: tuple[str, ...],
    headers: dict[str, str],
    works: bool,
) -> None:
    settings.TONGBAN_TLS_PROXIES = proxies
    client = Client()
    answer = client.post(f"{PAGE}tls/", {}, **headers)
    assert answer.status_code == (302 if works else 403) and _inside(client) is works


def test_without_a_certification_centre_there_is_no_such_page(people: SimpleNamespace, public_site: str) -> None:
    if "certificate" not in sign_in_methods:
        assert Client().get(PAGE).status_code == 404


def test_factors_are_sealed_in_the_database(people: SimpleNamespace) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    with system():
        TOTP.activate(models.Person.objects.get(username="clerk"), "JBSWY3DPEHPK3PXP")
        kept = Authenticator.objects.get(user__username="clerk")
    assert "JBSWY3DPEHPK3PXP" not in str(kept.data)


def test_signing_in_remembers_nothing_beyond_the_browser(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("wang")
    cookies = {name: morsel for name, morsel in client.cookies.items() if "session" in name}
    assert cookies and all(not morsel["max-age"] and not morsel["expires"] for morsel in cookies.values())
    assert 'name="remember"' not in Client().get("/account/sign-in/").content.decode()
    assert PASSWORD not in str(client.cookies)
