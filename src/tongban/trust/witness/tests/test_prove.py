"""Receipts, evidence packages and pages: what people and auditors take away, judged without us (TRUST-06; R6, T7)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, now
from tongban.base.ledger import api as ledger
from tongban.trust.identity import api as identity
from tongban.trust.witness import api as witness
from tongban.trust.witness.data import Period

from .conftest import PASSWORD, Superuser, Town, write

pytestmark = pytest.mark.django_db
REASON = "省纪委调取函〔2026〕12号"


@pytest.fixture
def case(people: SimpleNamespace, witnesses: Town) -> Ref:
    subject = write(4, "case1", by=people.clerk.by)
    write(3, "case2")
    witness.seal_leaves()
    witness.hand_over()
    witness.stamp_head()
    return subject


@pytest.fixture
def papers() -> Iterator[None]:
    """A room above that gives documents, one under an evil name."""

    def source(subject: Ref, period: Period) -> Iterable[tuple[str, bytes]]:
        yield "../../决定书.pdf", b"%PDF-1.7 " + subject.id.encode()

    known = dict(witness.evidence_sources._items)
    witness.evidence_sources._items = {"test": source}
    yield
    witness.evidence_sources._items = known


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        package.extractall(folder)
    return folder


def openssl(folder: Path) -> subprocess.CompletedProcess[str]:
    verify = "cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json -purpose any -out /dev/null"
    trust = ["-CAfile", "certificates/root.pem", "-certfile", "certificates/chain.pem"]
    return subprocess.run(["openssl", *verify.split(), *trust], cwd=folder, capture_output=True, text=True, check=False)


def script(folder: Path) -> subprocess.CompletedProcess[str]:
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    return subprocess.run(["sh", "verify.sh"], cwd=folder, env=path, capture_output=True, text=True, check=False)


def test_an_evidence_package_holds_and_openssl_says_so(
    people: SimpleNamespace, case: Ref, papers: None, tmp_path: Path
) -> None:
    made = witness.make_evidence(people.auditor, case, Period(), REASON)
    assert made.events == 4
    folder = unpacked(made.content, tmp_path / "package")
    assert openssl(folder).returncode == 0, openssl(folder).stderr
    done = script(folder)
    assert done.returncode == 0 and "all holds" in done.stdout, done.stdout + done.stderr
    assert (folder / "documents/test/决定书.pdf").read_bytes() == b"%PDF-1.7 case1"
    report = (folder / "report.html").read_text()
    assert REASON in report and "hall.case.decided" in report and "员工auditor" in report
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) >= {"events.jsonl", "proofs/head.json", "proofs/timestamp.tst", "report.html"}
    [leaf] = ledger.leaves(kind="witness.evidence.made")
    assert (leaf.subject, leaf.by, leaf.facts["reason"]) == (case, people.auditor.by, REASON)
    assert leaf.facts["sha256"] == made.digest


@pytest.mark.parametrize("name", ["events.jsonl", "report.html", "documents/test/决定书.pdf", "manifest.json"])
def test_a_changed_package_is_found(
    people: SimpleNamespace, case: Ref, papers: None, tmp_path: Path, name: str
) -> None:
    folder = unpacked(witness.make_evidence(people.auditor, case, Period(), REASON).content, tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert script(folder).returncode != 0


def test_a_person_s_package_holds_what_they_did_in_the_period(people: SimpleNamespace, case: Ref) -> None:
    clerk = people.clerk.person
    did = witness.make_evidence(people.auditor, clerk, Period(now() - timedelta(hours=1)), REASON)
    with zipfile.ZipFile(io.BytesIO(did.content)) as package:
        events = [json.loads(json.loads(line)["event"]) for line in package.read("events.jsonl").splitlines()]
    assert {event["kind"] for event in events} >= {"hall.case.decided"}
    assert all(str(clerk) in (event["by"], event["subject"]) for event in events)
    with pytest.raises(Invalid):
        witness.make_evidence(people.auditor, clerk, Period(now() + timedelta(days=1)), REASON)


def test_t7_only_who_may_and_only_with_a_reason(people: SimpleNamespace, case: Ref) -> None:
    with pytest.raises(Refused):
        witness.make_evidence(people.clerk, case, Period(), REASON)
    with pytest.raises(Invalid, match=r"needed for|用途"):
        witness.make_evidence(people.auditor, case, Period(), "  ")
    assert ledger.leaves(kind="witness.evidence.made") == []


def receipt_of(case: Ref) -> dict[str, Any]:
    made = witness.receipt(ledger.history(case)[0].seq)
    assert made is not None
    return witness.with_event(made)


def test_r6_a_receipt_is_judged_without_us(case: Ref, tmp_path: Path) -> None:
    (tmp_path / "verify.pyz").write_bytes(ledger.verifier())
    receipt = receipt_of(case)
    for change, status in (({}, 0), ({"event": receipt["event"].replace("decided", "refused")}, 1), ({"index": 2}, 1)):
        (tmp_path / "receipt.json").write_text(json.dumps({**receipt, **change}))
        command = [sys.executable, "-I", "verify.pyz", "receipt.json", "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout
    assert len(receipt["head"]["cosignatures"]) == 2


@pytest.fixture
def public_site(settings: Any) -> Client:
    settings.SITE, settings.ROOT_URLCONF = "public", "tongban.site.urls_public"
    return Client()


def test_anybody_sees_the_newest_head_and_tries_a_receipt(case: Ref, public_site: Client) -> None:
    told = public_site.get("/ledger/?format=json").json()
    assert json.loads(told["head"]["body"])["size"] == ledger.latest_head().size  # type: ignore[union-attr]

    def tried(content: bytes) -> tuple[int, str]:
        page = public_site.post("/ledger/", {"file": SimpleUploadedFile("r.json", content)})
        return page.status_code, page.content.decode()

    receipt = receipt_of(case)
    assert "凭证真实" in tried(json.dumps(receipt).encode())[1]
    assert "leaf.altered" in tried(json.dumps({**receipt, "event": "{}"}).encode())[1]
    strange = {**receipt, "keys": {key: [*chain[:-1]] for key, chain in receipt["keys"].items()}}
    assert "key.trust" in tried(json.dumps(strange).encode())[1]
    for broken in (b"", b"[]", b"{}", b"\xff", b"[" * 100_000):
        assert tried(broken)[0] == 422


def test_t13_a_proof_needs_the_leaf_s_own_hash(case: Ref, public_site: Client) -> None:
    entry = ledger.history(case)[0]
    address = f"/ledger/proof/{entry.seq}/{entry.leaf.hex()}/"
    page = public_site.get(address)
    assert page.status_code == 200 and "case1" not in page.content.decode()
    assert "event" not in public_site.get(address + "proof.json").json()
    other = ledger.history(case)[1]
    for wrong in (f"{entry.seq}/{other.leaf.hex()}", f"{entry.seq}/{'0' * 64}", f"{2**70}/{entry.leaf.hex()}"):
        assert public_site.get(f"/ledger/proof/{wrong}/").status_code == 404


def test_own_records_are_for_their_owner(case: Ref, people: SimpleNamespace, public_site: Client) -> None:
    wang = identity.create_citizen("王小明", phone="13800000001", password=PASSWORD, username="wang")

    def access(actor: Any, id_: str) -> str:
        if actor.person != wang.ref or id_ != "case1":
            raise NotFound
        return "案件 2026-1"

    known = dict(witness.record_access._items)
    witness.record_access._items = {"hall.case": access}
    try:
        assert public_site.get("/my/records/hall.case/case1/").status_code == 302
        _sign_in(public_site, "wang")
        page = public_site.get("/my/records/hall.case/case1/")
        assert "案件 2026-1" in page.content.decode()
        seq = ledger.history(case)[0].seq
        receipt = public_site.get(f"/my/records/hall.case/case1/{seq}/receipt.json").json()
        assert json.loads(receipt["event"])["subject"] == "hall.case:case1"
        assert public_site.get(receipt["address"]).status_code == 200
        for wrong in ("hall.case/case2/", "other/case1/", "hall.case/case1/999999/receipt.json"):
            assert public_site.get(f"/my/records/{wrong}").status_code == 404
    finally:
        witness.record_access._items = known


def _sign_in(browser: Client, username: str) -> None:
    browser.post("/account/sign-in/", {"login": username, "password": PASSWORD})


@pytest.fixture
def staff_site(settings: Any) -> Client:
    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.site.urls_staff"
    settings.TONGBAN_SECOND_FACTOR = False
    return Client()


def test_auditors_read_the_ledger_and_others_do_not(
    case: Ref, people: SimpleNamespace, staff_site: Client, superuser: Superuser
) -> None:
    seq = ledger.history(case)[0].seq
    pages = ["", "heads/", "leaves/", f"leaves/{seq}/", f"leaves/{seq}/receipt.json", "evidence/"]
    _sign_in(staff_site, "clerk")
    assert {staff_site.get(f"/ledger/{page}").status_code for page in pages} == {403}
    staff_site.cookies.clear()
    _sign_in(staff_site, "auditor")
    assert {staff_site.get(f"/ledger/{page}").status_code for page in pages} == {200}
    found = staff_site.get("/ledger/leaves/", {"subject": str(case), "by": "clerk", "kind": "hall.case.decided"})
    assert found.content.decode().count("/ledger/leaves/") >= 4
    assert staff_site.get("/ledger/leaves/", {"subject": "nonsense"}).status_code == 422
    assert staff_site.get("/ledger/leaves/", {"since": "2026-13-41", "by": "nobody"}).status_code == 422
    none = staff_site.get("/ledger/leaves/", {"subject": str(case), "until": "2020-01-01"})
    assert "没有符合条件的记录" in none.content.decode()
    assert staff_site.post("/ledger/evidence/", {"subject": str(case), "reason": ""}).status_code == 422
    package = staff_site.post("/ledger/evidence/", {"subject": str(case), "reason": REASON})
    assert zipfile.is_zipfile(io.BytesIO(package.content))
    superuser(f"UPDATE ledger_leaf SET kind = 'x' WHERE seq = {seq}")
    witness.check()
    assert "账本校验未通过" in staff_site.get("/ledger/").content.decode()
