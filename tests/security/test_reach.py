"""Who reaches what by address: T13, T18, T30, T32, T33, T44, R19, R20, R21."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from tongban.trust.identity.policies import walk

from .conftest import FORM, QUERY, Browse, Read, World, addresses, at, filled, patterns
from .owned import owned

pytestmark = pytest.mark.django_db
SITES = ("public", "staff")
# What an administrator reads by name.
KEPT = (
    "offices/", "openid/", "ca/", "keys/", "seals/", "items/edits/", "catalogue/", "exchange/", "registries/",
    "tax-governance/", "economy/releases/", "economy/reports/", "ferry/<",
)  # fmt: skip
INJECTIONS = [
    "'\"; DROP TABLE hall_case;--",
    "a\x00b",
    "9" * 400,
    "2026-13-45.9",
    "%_\\",
    "𠮷" * 50,
    "../../etc/passwd",
    "{{7*7}}",
    "1e999",
    "([*:.",
]
ALONE = (INJECTIONS[1], INJECTIONS[3], "9" * 19)
# Every parameter that a page of ours reads by name, and those that lists read in a loop.
PARAMETERS = sorted(
    {"view", "kind", "who", "late", "theme", "department", "audience", "page", "order", "back", "division"}
    | {
        name
        for path in (Path(__file__).parents[2] / "src").rglob("*.py")
        for name in re.findall(r"""GET(?:\.get(?:list)?\(|\[)["'](\w+)["']""", path.read_text())
    }
)


@pytest.mark.parametrize("site", SITES)
def test_t13_nobody_but_its_people_learns_of_an_object(world: World, browse: Browse, site: str, settings: Any) -> None:
    """Owner, another person and nobody, with every method: an object of somebody else answers like none at all."""
    town = world.town
    outsiders = [None, town.second] if site == "public" else [None, town.stranger]
    before = _leaves()
    for who in outsiders:
        client = browse(site, who)
        for _pattern, address, other in owned(world):
            for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"):
                here, there = client.generic(method, address), client.generic(method, other)
                assert here.status_code == there.status_code, (method, address, here.status_code, there.status_code)
                assert here.status_code not in (200, 201, 206, 500), (method, address, here.status_code)
                _tells_nothing(here, world, f"{method} {address}")
    assert _leaves() == before


def test_t13_the_owner_does_reach_them(world: World, browse: Browse) -> None:
    """The matrix would be worth nothing if it shut everybody out."""
    client = browse("public", world.town.founder)
    for path in (
        f"/my/cases/{world.running.case.id}/",
        f"/drafts/{world.draft}/review/",
        f"/api/cases/{world.running.case.id}",
    ):
        assert client.get(path).status_code == 200, path
    client = browse("staff", world.town.clerk)
    assert client.get(f"/cases/{world.running.case.id}/").status_code == 200


def test_t13_an_administrator_does_reach_what_is_to_be_hidden(world: World, browse: Browse) -> None:
    """The objects are there: where an administrator reads one, a name that stands for nothing is not found."""
    client, kept = browse("staff", world.manager), KEPT
    read = 0
    for pattern, address, other in owned(world):
        if pattern.startswith(kept) and client.get(address).status_code == 200:
            assert client.get(other).status_code == 404, pattern
            read += 1
    assert read >= 10


def test_t13_public_ids_do_not_count_up(world: World) -> None:
    for name in ("case_id", "document_id", "draft_id", "work_id", "question_id", "token"):
        assert len(world.places[name]) == 26, name


def _leaves() -> int:
    """Leaves, which every verb leaves behind, but of refusals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_leaf WHERE kind <> 'site.refused'")
        return int(cursor.fetchone()[0])


def _tells_nothing(answer: Any, world: World, what: str) -> None:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode(errors="replace")
    for planted in world.planted:
        assert planted not in text, f"{planted} in the answer to {what}"


PROGRAMS = ("/node/enrol/", "/scim/", "/openid/token/", "/openid/revoke/", "/openid/introspect/", "/openid/userinfo/")
# A question from programs that know no session (RFC 6960): it is answered, and nothing is written.
QUESTIONS = ("/ocsp/",)


@pytest.mark.parametrize("site", SITES)
def test_t18_every_address_refuses_a_post_without_its_token(world: World, browse: Browse, site: str) -> None:
    """Signed in as somebody who may: the missing token alone must stop it, before anything is done."""
    who = world.town.founder if site == "public" else world.manager
    client = browse(site, who, enforce_csrf_checks=True)
    before = _leaves()
    for pattern, address in addresses(world.places):
        answer = client.post(address, {"reason": "x"})
        # A program shows a token or its secret, never a cookie: a browser's session is nobody there.
        refusals = (
            (400, 401, 422) if address.startswith(PROGRAMS) else (200,) if address.startswith(QUESTIONS) else (403, 405)
        )
        assert answer.status_code in refusals, (pattern, answer.status_code)
    assert _leaves() == before


TARGETS = ("//evil.example/", "javascript:alert(1)")


def test_t30_no_page_sends_people_away(world: World, browse: Browse, read: Read) -> None:
    """Every address, with every parameter that could name a way back: no answer leads to another host."""
    for site, who in (("public", world.town.founder), ("staff", world.manager)):
        client = browse(site, who)
        for _pattern, address in addresses(world.places):
            if address.startswith("/account/sign-out"):
                continue  # it would end the walk; its way back is held in identity's own tests
            for method in (client.get, client.post):
                for target in TARGETS:
                    read.clear()
                    answer = method(address, {"next": target, "back": target, "url": target, "redirect": target})
                    assert answer.status_code < 500, (address, answer.status_code)
                    target_of = urlsplit(answer.headers.get("Location", ""))
                    assert (target_of.scheme, target_of.netloc) == ("", ""), address
                    if not read:
                        break  # nothing sent was looked at


# Who walks, where, and past which addresses: those that somebody else walks.
WALKERS = {"founder": ("public", ()), "manager": ("staff", ("public",)), "clerk": ("staff", ("public", "manager"))}


@pytest.mark.parametrize("who", WALKERS)
def test_t32_no_parameter_breaks_a_page(world: World, browse: Browse, read: Read, settings: Any, who: str) -> None:
    """Strings that break queries, in every parameter that any page knows, then in each one alone that this page looks
    at, so that none hides behind another that is refused first: an answer, never an error of ours."""
    site, past = WALKERS[who]
    at(settings, "public")
    others = {pattern for pattern, _view in patterns() if "public" in past}
    client = browse(site, world.manager if who == "manager" else getattr(world.town, who))
    if "manager" in past:
        rights = {right.permission for right in world.manager.rights}
        others |= {where for where, view in patterns() if rights & set(view.policy.permission.split("|"))}
    broken, alone = [], 0
    for pattern, address in addresses(world.places):
        if pattern in others:
            continue
        read.clear()
        if client.get(address).status_code in (403, 405) or QUERY not in read:
            continue  # refused before any parameter is read, or none is
        tries = [dict.fromkeys(PARAMETERS, text) for text in (INJECTIONS if "<" not in pattern else INJECTIONS[:2])]
        names = sorted(read - {QUERY, FORM}) or (PARAMETERS if "/api/" in address else [])
        tries += [{name: text} for name in names for text in ALONE]
        alone += len(names)
        for given in tries:
            if client.get(address, given).status_code >= 500:
                broken.append((address, next(iter(given.items()))))
    assert broken == []
    assert alone >= 5


def test_t32_strange_texts_in_the_address_itself(world: World, browse: Browse, undrawn: None) -> None:
    for site, who in (("public", world.town.founder), ("staff", world.manager)):
        client = browse(site, who)
        for text in ("%00", "..%2f%27", "a%0d%0aX-Evil:1", "9" * 60):
            strange = dict.fromkeys(world.places, text)
            for pattern, _view in patterns():
                if "<" in pattern and "<int:" not in pattern:
                    answer = client.get(filled(pattern, strange))
                    assert answer.status_code < 500, (filled(pattern, strange), answer.status_code)
                    assert "X-Evil" not in answer.headers


def test_t33_huge_and_deep_bodies_are_refused_quickly(world: World, browse: Browse) -> None:
    client = browse("public", world.town.founder)
    bodies = [
        ("application/json", "[" * 50_000),
        ("application/json", '{"answers":' * 5_000 + "1" + "}" * 5_000),
        ("application/json", '{"item":"x","answers":{"a":' + "9" * 200_000 + "}}"),
        ("application/json", b"\xff\xfe{}"),
        ("application/x-www-form-urlencoded", "&".join(f"a{n}=1" for n in range(20_000))),
        ("application/x-www-form-urlencoded", "a=" + "x" * 3_000_000),
        ("multipart/form-data; boundary=x", "--x\r\n" * 1000),
    ]
    for kind, body in bodies:
        for path in ("/api/applications", f"/drafts/{world.draft}/person/", "/progress/", "/account/sign-in/"):
            answer = client.post(path, body, content_type=kind)
            assert answer.status_code < 500, (path, kind, answer.status_code)


def test_t44_the_public_site_has_no_staff_address(world: World, browse: Browse, settings: Any) -> None:
    """Every address that only the staff site has, and the usual guesses: 404 on the public site, for everybody."""
    at(settings, "public")
    shared = {pattern for pattern, _view in patterns()}
    at(settings, "staff")
    staff_only = [filled(pattern, world.places) for pattern, _view in patterns() if pattern not in shared]
    guesses = [
        "/admin/",
        "/django-admin/",
        "/cms/",
        "/debug/",
        "/__debug__/",
        "/metrics",
        "/silk/",
        "/staff/",
        "/console/",
        "/api/docs",
        "/api/registers/legal_entity",
        "/server-status",
        "/.env",
        "/.git/config",
        "/wp-admin/",
    ]
    for who in (None, world.town.founder):
        client = browse("public", who)
        for address in [*staff_only, *guesses]:
            if _resolves(address):
                continue  # `/items/<key>/` exists on both sites under different patterns
            assert client.get(address).status_code == 404, address
            assert client.post(address).status_code == 404, address


def _resolves(address: str) -> bool:
    from django.urls import Resolver404, resolve

    try:
        found = resolve(address)
    except Resolver404:
        return False
    return found.func.policy.kind in ("public", "signed_in")


def test_r21_staff_cannot_sign_in_on_the_public_site_nor_citizens_on_the_staff_site(
    world: World, browse: Browse
) -> None:
    for site, login in (("public", "clerk"), ("staff", "founder")):
        client = browse(site)
        client.post("/account/sign-in/", {"login": login, "password": "Bu-Shi-Mi-Ma-1"})
        assert client.get("/account/").status_code == 302, (site, login)


@pytest.mark.parametrize("site", SITES)
def test_r20_every_address_declares_who_may(site: str) -> None:
    from importlib import import_module

    patterns = import_module(f"tongban.site.urls_{site}").urlpatterns
    assert [where for where, view in walk(patterns) if not hasattr(view, "policy")] == []


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
POLICY = ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'")

FILE_POLICY = "sandbox; default-src 'none'"  # of a file that somebody handed in: nothing at all


@pytest.mark.parametrize("site", SITES)
def test_r19_every_kind_of_page_has_the_headers(world: World, browse: Browse, site: str) -> None:
    who = world.town.founder if site == "public" else world.manager
    for client in (browse(site, who), browse(site)):
        pages = [client.get(address) for _pattern, address in addresses(world.places)]
        pages += [client.get("/no/such/page/"), client.post("/account/sign-in/", {"login": "x", "password": "y"})]
        for page in pages:
            where = page.request["PATH_INFO"]
            for name, value in HEADERS.items():
                assert page.headers.get(name) == value, (where, name)
            if page.headers.get("Content-Security-Policy") != FILE_POLICY:
                for part in POLICY:
                    assert part in page.headers.get("Content-Security-Policy", ""), (where, part)
            assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
            assert "unsafe-eval" not in page.headers["Content-Security-Policy"]
            assert "Permissions-Policy" in page.headers, where


def test_r19_personal_pages_are_not_stored(world: World, browse: Browse) -> None:
    client: Client = browse("public", world.town.founder)
    for path in ("/my/", f"/my/cases/{world.running.case.id}/", "/account/", f"/drafts/{world.draft}/review/"):
        assert "no-store" in client.get(path).headers["Cache-Control"], path


def test_t15_the_page_of_test_messages_is_gone_in_production(world: World, browse: Browse, settings: Any) -> None:
    """`/demo/phone/` shows one-time codes to everybody: only where the installation is a demonstration."""
    settings.TONGBAN_DEMO = False
    settings.PRODUCTION = True
    for site in SITES:
        assert browse(site).get("/demo/phone/").status_code == 404
