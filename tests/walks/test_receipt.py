"""The receipt an applicant downloads carries its proof: judged without us, and no byte of it can be changed (R6)."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import ANSWERS, PASSWORD, Town, papers
from tongban.base.ledger import api as ledger
from tongban.base.ledger.verify.document import SLOT
from tongban.base.ledger.verify.files import verify_file
from tongban.site.cli import main as tongban
from tongban.trust.witness import api as witness
from tongban.work.hall import api as hall

pytestmark = pytest.mark.django_db


def test_r6_the_receipt_s_pdf_carries_a_proof_and_a_changed_byte_is_found(
    town: Town, settings: Any, run_jobs: Callable[[], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SITE, settings.ROOT_URLCONF = "public", "tongban.site.urls_public"
    who = town.founder
    done = hall.submit(who, "enterprise_registration", hall.applicant_of(who), ANSWERS, papers(who), nonce="n")
    run_jobs()
    browser = Client()
    browser.post("/account/sign-in/", {"login": "founder", "password": PASSWORD})
    case = f"/my/cases/{done.case.id}/"
    [paper] = [each for each in hall.case_view_of(done.case).documents if each.kind == "receipt"]
    page, early = browser.get(case).content.decode(), browser.get(f"{case}documents/{paper.id}/").content
    assert "将在数秒后写入回执" in page and "将在数秒后写入回执" in browser.get(f"{case}receipt/").content.decode()
    assert early.count(b" " * SLOT) == 1

    witness.seal_leaves()
    assert "将在数秒后写入回执" not in browser.get(case).content.decode()
    whole = browser.get(f"{case}documents/{paper.id}/").content
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        attached = pdf.attachments["proof.json"].get_file().read_bytes()
        assert pdf.Root.AF[0].AFRelationship == "/Data"
    path, proof = tmp_path / "receipt.pdf", tmp_path / "proof.json"
    path.write_bytes(whole)
    proof.write_bytes(attached)
    (tmp_path / "verify.pyz").write_bytes(ledger.verifier())
    for name, kind in (("receipt.pdf", "document"), ("proof.json", "receipt")):
        command = [sys.executable, "-I", "verify.pyz", name, "--json"]
        told = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout)
        assert (told["valid"], told["kind"], told["leaves"]) == (True, kind, 2)
        kinds = [(entry["kind"], entry["subject"]) for entry in told["entries"]]
        assert kinds == [(k, str(done.case)) for k in ("hall.case.submitted", "documents.document.ready")]
    assert tongban(["ledger", "verify", str(path)]) == 0 and "all holds" in capsys.readouterr().out
    tried = browser.post("/ledger/", {"file": SimpleUploadedFile("r.pdf", whole)}).content.decode()
    assert "凭证真实" in tried and "hall.case.submitted" in tried

    def holds(content: bytes) -> bool:
        path.write_bytes(content)
        try:
            return verify_file(path).valid
        except ValueError:
            return False

    assert holds(whole) and not holds(early) and not holds(whole + b"\n") and not holds(whole[:-1])
    at, chance = whole.index(attached[:40]), random.Random(6)
    slot = [at + chance.randrange(len(attached.rstrip()) + 20) for _ in range(150)]
    passed = []
    for place in [*slot, *(chance.randrange(len(whole)) for _ in range(100))]:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        if holds(bytes(changed)):
            passed.append((place, whole[place - 20 : place + 20]))
    assert passed == []
