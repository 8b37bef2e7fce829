"""Two client libraries that know nothing of us sign a person in, over HTTP on this machine (TRUST-04)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from jwcrypto import jwk, jwt

from tongban.base.kernel.api import system
from tongban.trust.openid import connections
from tongban.trust.openid.models import Connection

from .conftest import CALLBACK, PASSWORD, system_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served(live_server: Any, world: SimpleNamespace, settings: Any) -> str:
    """The public site at an address of this machine, as its issuer."""
    settings.TONGBAN_ISSUERS = {"public": live_server.url, "staff": "http://staff.testserver"}
    return str(live_server.url)


def _signs_in(issuer: str, address: str) -> str:
    """A person's browser: sign in, agree, and stop where it would leave for the system."""
    browser = requests.Session()
    page = browser.get(address)
    form = {"login": "wang", "password": PASSWORD, "next": address.removeprefix(issuer)}
    page = browser.post(page.url.split("?")[0], form | _token(page), headers={"Referer": page.url})
    assert "办理个人所得税申报" in page.text
    left = browser.post(page.url, {"answer": "yes"} | _token(page), headers={"Referer": page.url})
    return left.headers["Refresh"].removeprefix("0;url=")


def _token(page: requests.Response) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found
    return {"csrfmiddlewaretoken": found[1]}


def test_authlib_signs_a_person_in(world: SimpleNamespace, served: str) -> None:
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt as jose
    from joserfc.jwk import KeySet

    known = requests.get(f"{served}/.well-known/openid-configuration").json()
    session = OAuth2Session(
        world.system.client.client_id,
        world.system.secret,
        scope="openid profile",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )
    verifier = "v" * 64
    address, state = session.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, nonce="the-nonce"
    )
    back = _signs_in(served, address)
    tokens = session.fetch_token(
        known["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
    )
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"]).json())
    decoded = jose.decode(tokens["id_token"], keys, algorithms=["RS256"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"value": served}, "aud": {"value": world.system.client.client_id}},
        {"nonce": "the-nonce", "client_id": world.system.client.client_id, "access_token": tokens["access_token"]},
    )
    claims.validate()
    assert session.get(known["userinfo_endpoint"]).json()["name"] == "王小明"
    first = tokens["refresh_token"]
    assert session.refresh_token(known["token_endpoint"], refresh_token=first)["refresh_token"] != first


def test_simple_openid_connect_signs_a_person_in(world: SimpleNamespace, served: str) -> None:
    library = pytest.importorskip("simple_openid_connect.client", reason="simple-openid-connect is not installed")
    client = library.OpenidClient.from_issuer_url(
        served,
        authentication_redirect_uri=CALLBACK,
        client_id=world.system.client.client_id,
        client_secret=world.system.secret,
        scope="openid profile",
    )
    pkce = {"code_challenge": world.system.challenge, "code_challenge_method": "S256"}
    address = client.authorization_code_flow.start_authentication(state="s", nonce="the-nonce", **pkce)
    back = _signs_in(served, address)
    tokens = client.authorization_code_flow.handle_authentication_result(
        current_url=back, state="s", code_verifier=world.system.verifier, **pkce
    )
    claims = client.decode_id_token(tokens.id_token, nonce="the-nonce")
    assert claims.iss == served and claims.acr == "urn:tongban:level:2"
    assert client.fetch_userinfo(tokens.access_token).sub == claims.sub
    fresh = client.exchange_refresh_token(tokens.refresh_token)
    assert fresh.access_token != tokens.access_token


def test_t31_of_eight_at_once_one_gets_tokens_and_then_nobody(world: SimpleNamespace, served: str) -> None:
    """A code that is brought in parallel was stolen: one exchange wins the race, and what it gave ends."""
    asked = urlencode(world.system.asks())
    back = parse_qs(urlsplit(_signs_in(served, f"{served}/openid/authorize/?{asked}")).query)
    body = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": CALLBACK}
    body |= {"code_verifier": world.system.verifier}
    account = (world.system.client.client_id, world.system.secret)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: requests.post(f"{served}/openid/token/", body, auth=account), range(8)))
    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(given) == 1 and {answer.status_code for answer in answers} == {200, 400}
    bearer = {"Authorization": f"Bearer {given[0]['access_token']}"}
    assert requests.get(f"{served}/openid/userinfo/", headers=bearer).status_code == 401
    with system():
        assert Connection.objects.get().ended_for == "code_replayed"


class Listener(BaseHTTPRequestHandler):
    """A system's address for sign-outs."""

    heard: list[dict[str, list[str]]]
    answer = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).heard.append(parse_qs(body))
        self.send_response(type(self).answer)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[tuple[str, type[Listener]]]:
    Listener.heard, Listener.answer = [], 204
    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/signed-out", Listener
    server.shutdown()
    server.server_close()


def test_a_system_is_told_of_a_sign_out(
    world: SimpleNamespace, listener: tuple[str, type[Listener]], run_jobs: Any, settings: Any
) -> None:
    from django.test import Client as Browser

    from .conftest import agree

    address, heard = listener
    told = system_of(world, title="社保系统", sign_out_url=address)
    browser = Browser()
    browser.post("/account/sign-in/", {"login": "wang", "password": PASSWORD})
    tokens = told.exchange(agree(browser, told.asks())["code"]).json()
    browser.post("/account/sign-out/")
    run_jobs()
    assert told.userinfo(tokens["access_token"]).status_code == 401
    (posted,) = heard.heard
    token = jwt.JWT(jwt=posted["logout_token"][0])
    header = json.loads(token.token.objects["protected"])
    keys = {key["kid"]: key for key in browser.get("/openid/keys/").json()["keys"]}
    claims = json.loads(
        jwt.JWT(key=jwk.JWK(**keys[header["kid"]]), jwt=posted["logout_token"][0], algs=["RS256"]).claims
    )
    assert header["typ"] == "logout+jwt" and "nonce" not in claims and claims["aud"] == told.client.client_id
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    with system():
        ended = Connection.objects.get(client__public_id=told.client.ref.id)
    assert claims["sid"] == ended.public_id and ended.ended_for == "signed_out"


def test_t29_a_system_cannot_send_us_elsewhere(
    world: SimpleNamespace, listener: tuple[str, type[Listener]], settings: Any
) -> None:
    from tongban.base.kernel.egress import EgressRefused
    from tongban.trust.openid import sign_out

    address, heard = listener
    heard.answer = 302
    with pytest.raises(EgressRefused):
        sign_out._post(address, "token")
    assert len(heard.heard) == 1
    settings.PRODUCTION = True
    for inside in (address, "http://localhost:1/", "http://169.254.169.254/", "http://0.0.0.0/", "http://[::1]/"):
        with pytest.raises(EgressRefused):
            sign_out._post(inside, "token")
    assert len(heard.heard) == 1 and connections.forget_old() == 0
