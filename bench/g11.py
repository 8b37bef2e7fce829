"""G11: signing in with a password, the OpenID Connect code flow, and checking an access token; one process, one core.

Ours: sign-ins a second through the public site's front door, with Argon2id, limits, ledger and session. Limit: the goal
itself, ten a second. Floors: checking one password with Django's default PBKDF2, and with Argon2id alone.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from .installation import PASSWORD, ROOT, installation
from .measure import Result, say
from .town import CALLBACK

ROUNDS, TIMES = 5, 30
GOAL = 10.0


def main() -> int:
    os.environ["TONGBAN_SITE"] = "public"
    with installation() as _server:
        from django.contrib.auth.hashers import PBKDF2PasswordHasher

        from tongban.trust.identity.hashers import Argon2id

        system = _system()
        hashers = {"PBKDF2 alone": PBKDF2PasswordHasher(), "Argon2id alone": Argon2id()}
        encoded = {name: hasher.encode(PASSWORD, hasher.salt()) for name, hasher in hashers.items()}
        result = Result("g11", "sign-ins/s", "at least 10 sign-ins/s on one core")
        result.floor = {name: [] for name in hashers}
        flows, checks = [], []
        for number in range(ROUNDS):
            result.ours.append(_rate(_sign_in, TIMES))
            result.limit.append(GOAL)
            for name, hasher in hashers.items():
                result.floor[name].append(_rate(lambda h=hasher, n=name: h.verify(PASSWORD, encoded[n]), 5))  # type: ignore[misc]
            tokens: list[str] = []
            flows.append(_rate(lambda kept=tokens: kept.append(system.flow()), TIMES))
            checks.append(_rate(partial(system.check, tokens[-1]), TIMES * 4))
            say(f"g11 round {number + 1}: {result.ours[-1]:.0f} sign-ins/s, {flows[-1]:.0f} flows/s")
        result.extra = {"code flows/s": round(max(flows), 1), "token checks/s": round(max(checks), 1)}
        return 0 if result.finish(lambda ratio, _floor: ratio >= 1.0) else 1


def _rate(act: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        act()
    return times / (time.perf_counter() - start)


def _sign_in() -> None:
    from django.test import Client

    answer = Client().post("/account/sign-in/", {"login": "founder", "password": PASSWORD})
    if answer.status_code != 302:
        raise SystemExit(f"sign-in answered {answer.status_code}")


def _system() -> SimpleNamespace:
    """A department's system that is connected already, and its side of the flow."""
    from django.test import Client

    owner = {**os.environ, "TONGBAN_DATABASE_ROLE": "tongban_owner", "TONGBAN_SITE": "system"}
    made = subprocess.run(
        [sys.executable, "-m", "bench.town", "openid"], env=owner, check=True, cwd=ROOT, stdout=subprocess.PIPE
    )
    client = json.loads(made.stdout)
    browser, program = Client(), Client()
    browser.post("/account/sign-in/", {"login": "founder", "password": PASSWORD})
    basic = "Basic " + b64encode(f"{client['id']}:{client['secret']}".encode()).decode()

    def flow() -> str:
        verifier = secrets.token_urlsafe(48)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        question = {
            "response_type": "code", "client_id": client["id"], "redirect_uri": CALLBACK, "scope": "openid profile",
            "state": "s", "nonce": "n", "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        answer = browser.get("/openid/authorize/", question)
        if answer.status_code == 200:  # the first time the person is asked
            answer = browser.post(answer.wsgi_request.get_full_path(), {"answer": "yes", "tick": []})
        back = answer.headers.get("Location") or answer.headers["Refresh"].removeprefix("0;url=")
        code = parse_qs(urlsplit(back).query)["code"][0]
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
        return str(program.post("/openid/token/", body, HTTP_AUTHORIZATION=basic).json()["access_token"])

    def check(token: str) -> None:
        if program.get("/openid/userinfo/", HTTP_AUTHORIZATION=f"Bearer {token}").status_code != 200:
            raise SystemExit("the token was not good")

    return SimpleNamespace(flow=flow, check=check)


if __name__ == "__main__":
    sys.exit(main())
