"""A small world with one of every object, and browsers for both sites: what the tests of this folder attack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.http import QueryDict
from django.template.base import Template
from django.test import Client
from django.test.utils import _TestState

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.base.kernel.api import new_id
from tongban.base.ledger import api as ledger
from tongban.data.licences import api as licences
from tongban.engine.documents import api as documents
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, Reach
from tongban.trust.identity.policies import walk
from tongban.work.hall import api as hall
from tongban.work.hall.data import Outcome, Submitted

from .objects import objects
from .objects_data import shared_objects

Browse = Callable[..., Client]
Read = set[str]
QUERY, FORM = "?", "="
PHONE, NUMBER = "13800138000", "11010519491231002X"


@dataclass
class World:
    """The town, what has happened in it, and which object stands for which name in an address."""

    town: Town
    running: Submitted
    granted: Submitted
    draft: str
    manager: Actor
    places: dict[str, str] = field(default_factory=dict)
    planted: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def _founded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The world, built once for a file of tests, in a transaction around theirs: each begins with it as it was."""
    from django.test.utils import override_settings

    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(SITE="public", ROOT_URLCONF="tongban.site.urls_public"):
            made = _found(tmp_path_factory.mktemp("world"))
        with django_db_blocker.block():
            yield made
        transaction.set_rollback(True)


@pytest.fixture
def world(_founded: World, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world; pages are made as in a site, not watched by Django's tests, which would take twice as long."""
    monkeypatch.setattr(Template, "_render", _TestState.saved_data.template_render)
    at(settings, "public")
    return _founded


def _found(folder: Path) -> World:
    town = build_town()
    running, granted = _case(town, "海口在办贸易有限公司"), _case(town, "海口办结贸易有限公司")
    for role in ("commerce", "quality", "tax"):
        hall.decide(town.approvers[role], _work(granted, town, role), Outcome.GRANT, "同意")
    draft = hall.open_draft(town.founder, "elder_card").public_id
    made = World(town, running, granted, draft, _manager(town))
    made.planted = (running.case_no, granted.case_no, PHONE, NUMBER, "海口在办贸易有限公司", "测试甲")
    made.places = {**_places(made), **shared_objects(town, made.manager, folder)}
    return made


def _case(town: Town, name: str) -> Submitted:
    answers = {**ANSWERS, "name": name, "phone": PHONE, "representative_id": NUMBER}
    who = town.founder
    done = hall.submit(who, "enterprise_registration", hall.applicant_of(who), answers, papers(who), nonce=name)
    hall.accept(town.clerk, _work(done, town, "commerce"))
    return done


def _work(done: Submitted, town: Town, role: str) -> Any:
    return next(work for work, office, _kind in hall.open_work(done.case) if office == town.office(role))


def _manager(town: Town) -> Actor:
    """Somebody who may do everything a system administrator may, and all else that needs no other of the three (R7)."""
    others = {key for key, kind in identity.administrative.items() if kind != "system"}
    every = [key for key, _title in identity.permissions.items() if not key.startswith("hall.") and key not in others]
    identity.define_role("everything", "管理员", every, reach=Reach.SUBTREE)
    person = identity.create_staff("manager", "管理员", password="Bu-Shi-Mi-Ma-1", second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("province").ref, "管理员", ["everything"])
    return identity.actor_for(person.ref)


def _places(world: World) -> dict[str, str]:
    """For each name in an address an object of the founder's, or of the staff's work with it."""
    case, town = world.running, world.town
    licence = hall.case_view_of(world.granted.case).licence
    document = documents.documents_of(case.case)[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM hall_paper WHERE file <> '' ORDER BY id LIMIT 1")
        paper = cursor.fetchone()[0]
        cursor.execute("SELECT identifier, token FROM licences_token LIMIT 1")
        identifier, token = cursor.fetchone()
        cursor.execute("SELECT id FROM notify_message WHERE recipient_id = %s LIMIT 1", [town.founder.person.id])
        message = cursor.fetchone()[0]
    assert licences.verify(licence).status == "valid"
    hall.ask(town.founder, "enterprise_registration", "要带什么材料？")
    with connection.cursor() as cursor:
        cursor.execute("SELECT public_id FROM hall_question LIMIT 1")
        question = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM registers.legal_entity LIMIT 1")
        row = cursor.fetchone()[0]
    record = ledger.history(case.case)[0]
    return {
        "case_id": case.case.id,
        "document_id": document.id,
        "draft_id": world.draft,
        "work_id": _work(case, town, "commerce").id,
        "paper_id": str(paper),
        "identifier": identifier,
        "token": token,
        "question_id": question,
        "messages id": message,
        "inbox id": message,
        "registers key": "legal_entity",
        "registers id": row,
        "registers format": "csv",
        "api id": row,
        "api key": "legal_entity",
        "people id_": town.clerk.person.id,
        "posts id_": town.clerk.posts[0].post.id,
        "offices id_": town.office("commerce").id,
        "notices id_": new_id(),
        **objects(town, world.manager),
        # Behind a personnel system's token alone, which nobody at a browser has.
        **{f"{noun} id_": new_id() for noun in ("Users", "Groups", "Schemas", "ResourceTypes")},
        "rest": "Me",
        "keys key": "signing",  # looked up only for a program of the office that owns it
        "question": "MEQ",  # any text is a question: the answer is signed or says that it cannot be read
        "runs id": new_id(),
        "packs key": "enterprise_registration",
        "key": "enterprise_registration",
        "item": "enterprise_registration",
        "step": "review",
        "slot": "identity",
        "place": "0",
        "verb": "accept",
        "upload": new_id(),
        "name": "fields",
        "number": "2026",
        "on": "2026-10-01",
        "code": "hall.step",
        "job": "1",
        "records kind": "hall.case",
        "records id": case.case.id,
        "seq": str(record.seq),
        "leaf": record.leaf.hex(),
    }


@pytest.fixture
def browse(settings: Any) -> Browse:
    """A browser on one site, signed in as somebody or as nobody."""

    def opened(site: str, who: Actor | None = None, **options: Any) -> Client:
        at(settings, site)
        client = Client(raise_request_exception=False, **options)
        if who is not None:
            client.force_login(get_user_model().objects.get(public_id=who.person.id))
        return client

    return opened


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are not drawn and refusals not written down: who gets a page is asked here, thousands of times; what stands
    on it, and what becomes of refusals, elsewhere."""
    monkeypatch.setattr("django.template.backends.django.Template.render", lambda *_given, **_more: "")
    monkeypatch.setattr("tongban.site.middleware._told", lambda *_given: None)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Names of the parameters that pages asked for since it was last cleared, and `QUERY` or `FORM` when one was looked
    at in any way: an answer for which it was not cannot depend on what it says."""
    seen: Read = set()

    class Watched(QueryDict):
        """As sent, and noting what is asked for."""

        def __getitem__(self, key: str) -> Any:
            seen.add(key)
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            seen.add(str(key))
            return super().__contains__(key)

        def getlist(self, key: str, default: Any = None) -> Any:
            seen.add(key)
            return super().getlist(key, default)

    def query(request: WSGIRequest) -> Any:
        seen.add(QUERY)
        if "query" not in request.__dict__:
            request.__dict__["query"] = parsed.func(request)
            request.__dict__["query"].__class__ = Watched
        return request.__dict__["query"]

    def form(request: WSGIRequest) -> Any:
        seen.add(FORM)
        return sent.fget(request)

    parsed, sent = WSGIRequest.__dict__["GET"], WSGIRequest.__dict__["POST"]
    monkeypatch.setattr(WSGIRequest, "GET", property(query))
    monkeypatch.setattr(WSGIRequest, "POST", property(form, sent.fset))
    return seen


def at(settings: Any, site: str) -> None:
    """From here on this process is the site named."""
    settings.SITE, settings.ROOT_URLCONF = site, f"tongban.site.urls_{site}"


def addresses(places: dict[str, str]) -> list[tuple[str, str]]:
    """Every address of the present site: its pattern, and itself with an object for each name in it."""
    return [(pattern, filled(pattern, places)) for pattern, _view in patterns()]


def patterns() -> list[tuple[str, Any]]:
    """Every address of the present site and its view; what is written as an expression, as the others are."""
    named = re.compile(r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)")
    return [(named.sub(r"\1", where).strip("^$").replace("\\.", "."), view) for where, view in walk()]


def filled(pattern: str, places: dict[str, str]) -> str:
    """The pattern with objects put in. The folder before a name tells which kind of `id` it is."""
    parts = []
    for part in pattern.split("/"):
        while "<" in part:
            name = part[part.index("<") + 1 : part.index(">")].rpartition(":")[2]
            kind = f"{next((p for p in reversed(parts) if p.isalpha()), pattern.split('/')[0])} {name}"
            first = pattern.split("/")[0]
            keys = (f"{first} {kind}", kind, f"{first} {name}", name)
            value = next((places[key] for key in keys if key in places), "")
            assert value, f"tests/security/conftest.py does not know what stands for <{name}> in {pattern}"
            part = part[: part.index("<")] + value + part[part.index(">") + 1 :]
        parts.append(part)
    return "/" + "/".join(parts)
