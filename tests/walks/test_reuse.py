"""DATA-40: what was handed in for an earlier case is offered again, to its applicant alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from tests.conftest import ANSWERS, Town
from tongban.base.files import api as files
from tongban.base.kernel.api import Refused, now, travelled
from tongban.base.ledger import api as ledger
from tongban.packs.data import SAMPLE_PDF
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor
from tongban.work.hall import api as hall
from tongban.work.hall.data import Outcome, Submitted
from tongban.work.hall.models import Draft, Paper

pytestmark = pytest.mark.django_db
ITEM = "enterprise_registration"
SLOTS = ("articles", "identity", "ownership")
Visit = Callable[[str, Actor], Client]


@pytest.fixture
def visit(settings: Any) -> Visit:
    def opened(site: str, who: Actor) -> Client:
        settings.ROOT_URLCONF, settings.SITE = f"tongban.site.urls_{site}", site
        client = Client(raise_request_exception=False)
        client.force_login(get_user_model().objects.get(public_id=who.person.id))
        return client

    return opened


def handed_in(actor: Actor, name: str) -> tuple[Submitted, dict[str, str]]:
    """A case with a file of its own for each material, and those files."""
    slot = files.Slot(("pdf",))
    held = {each: files.receive(io.BytesIO(SAMPLE_PDF), f"{each}.pdf", slot, actor.person).id for each in SLOTS}
    papers = {each: [{"file": file, "name": f"{each}.pdf"}] for each, file in held.items()}
    answers = {**ANSWERS, "name": name}
    return hall.submit(actor, ITEM, hall.applicant_of(actor), answers, papers, nonce=name), held


def accepted(town: Town, actor: Actor, name: str = "海口先办贸易有限公司") -> tuple[Submitted, dict[str, str]]:
    done, held = handed_in(actor, name)
    hall.accept(town.clerk, hall.open_work(done.case)[0][0])
    return done, held


def drafted(actor: Actor) -> Draft:
    draft = hall.open_draft(actor, ITEM)
    return hall.save_draft(actor, draft.public_id, {**ANSWERS, "name": "海口后办贸易有限公司"})


def offered(actor: Actor) -> dict[str, list[str]]:
    return {slot: [one.file for one in found] for slot, found in hall.earlier_papers(actor, drafted(actor)).items()}


def test_one_button_takes_the_earlier_file_and_the_new_case_refers_to_it(town: Town, visit: Visit) -> None:
    first, held = accepted(town, town.founder)
    draft = drafted(town.founder)
    kept = files.files_by_id(list(held.values()))
    client, page = visit("public", town.founder), f"/drafts/{draft.public_id}/materials/"
    assert f'value="articles:{held["articles"]}"' in client.get(page).content.decode()
    assert first.case_no in client.get(page).content.decode()
    for slot in SLOTS:
        assert client.post(page, {"_earlier": f"{slot}:{held[slot]}"}).status_code == 302
    shown = client.get(page).content.decode()
    assert "_earlier" not in shown, "what was chosen is not offered once more"
    assert client.get(f"/drafts/{draft.public_id}/papers/articles/0/").status_code == 200
    done = hall.submit_draft(town.founder, draft.public_id)
    papers = Paper.objects.filter(case__public_id=done.case.id)
    assert {paper.slot: paper.file for paper in papers} == held
    assert files.files_by_id(list(held.values())) == kept, "the same files, not one of them touched or copied"
    leaves = [each for each in ledger.history(done.case) if each.kind == "hall.paper.reused"]
    assert {(leaf.facts["slot"], leaf.facts["file"]) for leaf in leaves} == set(held.items())
    assert {leaf.facts["earlier"] for leaf in leaves} == {str(first.case)}
    assert {leaf.facts["sha256"] for leaf in leaves} == {file.sha256 for file in kept.values()}
    assert hall.papers_reused() == 3
    desk = visit("staff", town.clerk)
    assert desk.get(f"/cases/{done.case.id}/").content.decode().count("申请人以往办件") == 3
    assert desk.get(f"/cases/{done.case.id}/papers/{papers[0].pk}/").status_code == 200


def test_only_what_an_office_found_in_order_and_not_too_long_ago_is_offered(town: Town) -> None:
    done, held = handed_in(town.founder, "海口先办贸易有限公司")
    assert offered(town.founder) == {}, "nobody has checked it yet"
    hall.accept(town.clerk, hall.open_work(done.case)[0][0])
    assert offered(town.founder) == {slot: [file] for slot, file in held.items()}
    with travelled(timedelta(days=366)):
        assert offered(town.founder) == {}
        draft = drafted(town.founder)
        with pytest.raises(Refused):
            hall.use_earlier(town.founder, draft.public_id, "articles", held["articles"])
    files.remove(held["articles"], town.founder.person)
    assert set(offered(town.founder)) == {"identity", "ownership"}
    for role in ("commerce", "tax", "quality"):
        work = next(work for work, office, _kind in hall.open_work(done.case) if office == town.office(role))
        hall.decide(town.approvers[role], work, Outcome.REFUSE if role == "tax" else Outcome.GRANT, "材料不实。")
    assert offered(town.founder) == {}, "the case was refused"


def test_t13_somebody_elses_upload_is_refused_and_nothing_changes(town: Town, visit: Visit) -> None:
    done, held = accepted(town, town.founder)
    accepted(town, town.second, "海口别家贸易有限公司")
    draft = drafted(town.second)
    page = f"/drafts/{draft.public_id}/materials/"
    client = visit("public", town.second)
    assert held["articles"] not in client.get(page).content.decode()
    assert done.case_no not in client.get(page).content.decode()
    before = state(draft)
    attempts = (f"articles:{held['articles']}", f"articles:{'0' * 26}", "articles:", "articles")
    assert {client.post(page, {"_earlier": each}).status_code for each in attempts} == {403}
    assert client.post(page, {"_earlier": f"novel:{held['articles']}"}).status_code == 404
    assert state(draft) == before
    own = drafted(town.founder)
    before = state(own)
    with pytest.raises(Refused):  # one's own, of another material
        hall.use_earlier(town.founder, own.public_id, "articles", held["identity"])
    clerk = hall.open_draft(town.clerk, ITEM, visitor=town.founder.person)
    assert hall.earlier_papers(town.clerk, clerk) == {}, "a clerk at the window is offered nothing"
    with pytest.raises(Refused):
        hall.use_earlier(town.clerk, clerk.public_id, "articles", held["articles"])
    assert state(own) == before


def test_t37_an_agent_reuses_within_the_authorisation_only(town: Town) -> None:
    _done, held = accepted(town, town.founder)
    own, until = town.founder.person, now() + timedelta(days=9)
    agent = replace(town.second, acting_for=own)
    assert offered(agent) == {}, "no authorisation"
    identity.authorise_agent(own, town.second.person, until=until, by=own, scopes=("elder_card",))
    assert offered(agent) == {}
    with pytest.raises(Refused):
        hall.use_earlier(agent, drafted(agent).public_id, "articles", held["articles"])
    wide = identity.authorise_agent(own, town.second.person, until=until, by=own, scopes=(ITEM,))
    assert offered(agent) == {slot: [file] for slot, file in held.items()}
    assert offered(town.second) == {}, "in their own name the agent has handed in nothing"
    draft = drafted(agent)
    assert hall.use_earlier(agent, draft.public_id, "articles", held["articles"]).papers["articles"]
    identity.revoke_agent(wide.ref, own)
    with pytest.raises(Refused):
        hall.use_earlier(agent, draft.public_id, "identity", held["identity"])
    assert set(Draft.objects.get(pk=draft.pk).papers) == {"articles"}


def state(draft: Draft) -> list[Any]:
    """What a refusal must leave as it was: the draft, all papers, the files, the ledger but for refusals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_leaf WHERE kind <> 'site.refused'")
        leaves = cursor.fetchone()[0]
        cursor.execute("SELECT public_id, owner, subject_id, state FROM files_file ORDER BY id")
        rows = cursor.fetchall()
    return [Draft.objects.filter(pk=draft.pk).values().get(), list(Paper.objects.values()), rows, leaves]
