"""Files with a known truth, and the verdicts on them (T12)."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tongban.trust.seals.chains import Trust
from tongban.trust.seals.examining import examine
from tongban.trust.seals.guarded import Anchors, Examiner
from tongban.trust.seals.reasons import TEXTS, said
from tongban.trust.seals.verdicts import Verdict

from .corpus_cms import all_cms
from .corpus_pdf import all_pdf
from .makers import DAY, MOMENT, Case, World, document, seal


@pytest.fixture(scope="module")
def cases(world: World) -> list[Case]:
    return [*all_pdf(world), *all_cms(world)]


def _trust(world: World) -> Trust:
    return Trust(MOMENT, (world.root.asn1, *world.more_roots))


def test_t12_every_known_way_of_breaking_a_file_gets_its_verdict(world: World, cases: list[Case]) -> None:
    wrong = []
    for case in cases:
        report = examine(case.content, _trust(world), case.beside)
        assert said(report.reason) and all(said(one.reason) for one in report.signatures)
        if report.verdict != case.verdict or case.code not in ("", report.reason.code):
            wrong.append((case.name, case.verdict, case.code, report.verdict.value, report.reason))
    assert wrong == []
    assert len(cases) >= 200
    assert min(Counter(case.verdict for case in cases).values()) >= 5


def test_t12_no_changed_byte_of_what_was_sealed_is_ever_valid(world: World) -> None:
    chance = random.Random(20261122)
    sealed = seal(document(form=True), world.office.signer(), certify=True)
    twice = seal(sealed, world.second.signer(), "Seal2")
    for content in (sealed, twice):
        start = content.rfind(b"/Contents <") + len(b"/Contents <")
        end = content.index(b">", start)
        for _round in range(40):
            at = chance.choice([chance.randrange(start - 1), chance.randrange(end + 1, len(content) - 1)])
            changed = bytearray(content)
            changed[at] ^= 1 << chance.randrange(8)
            report = examine(bytes(changed), _trust(world))
            assert report.verdict not in (Verdict.VALID, Verdict.UNTRUSTED), (at, report)
            report = examine(content[:at], _trust(world))
            assert report.verdict is not Verdict.VALID or content[:at].rstrip().endswith(b"%%EOF"), (at, report)


def test_what_is_said_of_a_seal(world: World, cases: list[Case]) -> None:
    content = next(case.content for case in cases if case.name == "two-seals")
    first, second = examine(content, _trust(world)).signatures
    assert (first.signer, first.organisation, first.issuer) == ("省政务服务中心电子印章", "省政务服务中心", "测试签发")
    assert (first.time_source, first.coverage, first.algorithm) == ("claimed", "revision", "EC secp256r1 with SHA256")
    assert [(change.page, change.what.code, change.what.facts) for change in first.changes] == [
        (1, "seal_added", {"name": "Seal2"})
    ]
    assert (second.coverage, second.changes) == ("whole", ())
    stamped = examine(next(c.content for c in cases if c.name == "timestamp" and c.content[:1] == b"%"), _trust(world))
    assert (stamped.signatures[0].time, stamped.signatures[0].time_source) == (MOMENT - DAY, "timestamp")


def test_changes_are_told_page_by_page(world: World, cases: list[Case]) -> None:
    told = {
        name: [
            (change.page, change.what.code, change.allowed)
            for change in examine(next(c.content for c in cases if c.name == name), _trust(world)).signatures[0].changes
        ]
        for name in ("page-changed", "page-added", "note-after", "filled-after", "isa-stream", "catalog-changed")
    }
    assert told == {
        "page-changed": [(2, "page_content", False)],
        "page-added": [(3, "page_added", False)],
        "note-after": [(1, "annotation_added", False)],
        "filled-after": [(1, "field_filled", True)],
        "isa-stream": [(1, "page_content", False)],
        "catalog-changed": [(0, "document_changed", False)],
    }


def test_without_roots_nobody_is_trusted(world: World, cases: list[Case]) -> None:
    content = next(case.content for case in cases if case.name == "pades")
    report = examine(content, Trust(MOMENT))
    assert (report.verdict, report.reason.code) == (Verdict.UNTRUSTED, "no_roots")


def test_a_certificate_that_has_expired_since_needs_a_timestamp(world: World, cases: list[Case]) -> None:
    later = replace(_trust(world), moment=MOMENT + 500 * DAY)
    plain = next(case.content for case in cases if case.name == "pades")
    assert examine(plain, later).reason.code == "expired"


def test_t22_the_child_survives_what_its_files_do(world: World) -> None:
    """Endless work and endless memory end the work on one file, not on the next."""
    sealed = seal(document(), world.office.signer())
    roots = Anchors((world.root.der,))
    pages = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n<< /A %d 0 R >>\nendobj\n" % (n, n + 1) for n in range(1, 60_000))
    bomb = pages + b"trailer\n<< /Root 1 0 R /Size 9999999 >>\nstartxref\n9\n%%EOF\n"
    with Examiner(roots, MOMENT, seconds=5) as examiner:
        assert examiner.examine(sealed).verdict is Verdict.VALID
        assert examiner.examine(bomb).verdict is Verdict.UNREADABLE
        assert examiner.examine(b"").reason.code == "empty"
        assert examiner.examine(sealed).verdict is Verdict.VALID
    with Examiner(roots, MOMENT, seconds=5, memory=64 * 1024 * 1024) as examiner:
        assert examiner.examine(b"A" * 30_000_000).reason.code == "too_much_work"
    with Examiner(roots, MOMENT, seconds=0) as examiner:
        assert examiner.examine(sealed).reason.code == "too_much_work"


def test_the_report_survives_the_pipe(world: World, cases: list[Case]) -> None:
    case = next(case for case in cases if case.name == "archival")
    with Examiner(Anchors((world.root.der,)), MOMENT) as examiner:
        through = examiner.examine(case.content)
    assert through == examine(case.content, Trust(MOMENT, (world.root.asn1,)))
    assert len(through.signatures) == 2


def test_every_reason_has_its_facts() -> None:
    facts = dict.fromkeys(("signer", "detail", "limit", "name", "date", "kind"), "x")
    assert all(text % facts for text in TEXTS.values())
