"""A case's way into an evidence package and into the applicant's own sealed record (TRUST-06, R6)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from tests.conftest import ANSWERS, Town
from tongban.base.kernel.api import NotFound
from tongban.trust.identity import api as identity
from tongban.trust.witness import api as witness
from tongban.trust.witness.data import Period
from tongban.work.hall import api as hall

from .test_main_job import submit, work_of

pytestmark = pytest.mark.django_db


def test_a_case_s_package_holds_answers_papers_and_documents(town: Town, run_jobs: Callable[[], int]) -> None:
    done = submit(town.founder)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    run_jobs()
    witness.seal_leaves()
    identity.define_role("auditor", "审计管理员", ["ledger.audit", "ledger.evidence"])
    person = identity.create_staff("an_auditor", "周审计", password="brave-Otter-31")
    identity.assign_post(person.ref, town.office("commerce"), "审计", ["auditor"])
    made = witness.make_evidence(identity.actor_for(person.ref), done.case, Period(), "审计通知书〔2026〕3号")
    with zipfile.ZipFile(io.BytesIO(made.content)) as package:
        names = package.namelist()
        case = json.loads(package.read("documents/hall/case.json"))
        kinds = [json.loads(json.loads(line)["event"])["kind"] for line in package.read("events.jsonl").splitlines()]
    assert case["rounds"][0]["answers"]["name"] == ANSWERS["name"]
    assert any(name.startswith("documents/hall/papers/1-") for name in names)
    assert any(name.endswith(".pdf") and name.startswith("documents/hall/documents/") for name in names)
    assert {"hall.case.submitted", "hall.case.accepted"} <= set(kinds)


def test_the_applicant_alone_reaches_the_record_of_a_case(town: Town) -> None:
    done = submit(town.founder)
    access = witness.record_access.get("hall.case")
    assert done.case_no in access(town.founder, done.case.id)
    for other in (town.clerk, town.approvers["tax"]):
        with pytest.raises(NotFound):
            access(other, done.case.id)
