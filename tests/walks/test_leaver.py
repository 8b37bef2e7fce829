"""A leaver: the account is dead at once, and what lay on the desk lies in the office's common inbox again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import ANSWERS, Town, papers
from tongban.base.kernel.api import NotFound, system
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import acting
from tongban.work.hall import api as hall
from tongban.work.hall.actions.claims import claim
from tongban.work.hall.models import Work

pytestmark = pytest.mark.django_db


def test_what_a_leaver_had_claimed_is_the_offices_again(town: Town, run_jobs: Callable[[], int]) -> None:
    with acting(town.founder):
        held, applicant = papers(town.founder), hall.applicant_of(town.founder)
        done = hall.submit(town.founder, "enterprise_registration", applicant, ANSWERS, held, nonce="1")
    with acting(town.clerk):
        claim(town.clerk, [hall.open_work(done.case)[0][0].id])
    with system():
        work = Work.objects.get(case__public_id=done.case.id)
        assert work.claimed_by == str(town.clerk.person)
        report = identity.import_people("账号,变动\nclerk,离职\n".encode())
    assert report.left == 1
    with pytest.raises(NotFound):
        identity.actor_for(town.clerk.person)
    run_jobs()
    with system():
        work.refresh_from_db()
        assert (work.claimed_by, work.open, work.office) == ("", True, town.office("commerce").id)
