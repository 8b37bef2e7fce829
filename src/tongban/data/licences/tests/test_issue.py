"""A licence is issued once, into the register, with a number, an identifier, a token and a PDF."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pypdf
import pytest
from django.db import transaction

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, today, travelled
from tongban.base.ledger import api as ledger
from tongban.data.licences import api
from tongban.data.licences.data import Licence, Status
from tongban.data.licences.models import Token
from tongban.engine.documents import api as documents
from tongban.engine.registers import api as registers
from tongban.trust.seals import api as seals
from tongban.trust.seals.data import Verdict

from .conftest import FACE, FIRM, USCC


def test_a_business_licence_has_the_credit_code_as_its_number(issued: Licence) -> None:
    assert (issued.number, issued.status, issued.expires) == (USCC, Status.VALID, None)
    assert issued.identifier.startswith("1.2.156.3005.2.11100000MB0143028R001.11370800MB28559184.2026")
    assert api.identifier_holds(issued.identifier)
    assert len(issued.token) == 26
    assert [line.label for line in issued.face] == list(FACE)
    row = registers.find("licence", identifier=issued.identifier)
    assert row is not None and row["holder_name"] == "海口示范贸易有限公司"


def test_a_card_gets_a_number_of_its_own_and_ends(card: Licence) -> None:
    assert card.number.startswith("Z4601002026") and card.number != card.holder_number
    assert ".460100.2026" in card.identifier
    assert card.expires == date(today().year + 5, today().month, today().day) - timedelta(days=1)


@pytest.mark.parametrize(
    "identifier",
    [
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
        "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    ],
)
def test_identifiers_as_in_the_standard(identifier: str) -> None:
    assert api.identifier_holds(identifier)
    assert not api.identifier_holds(identifier[:-1] + ("A" if identifier[-1] != "A" else "B"))
    assert not api.identifier_holds(identifier.replace("001", "00l"))
    assert not api.identifier_holds("1.2.3")


def test_the_same_case_gets_one_licence(library: SimpleNamespace, issued: Licence) -> None:
    again = api.issue("business_licence", FIRM, "x", USCC, {}, library.issuer, subject=issued.subject)
    assert again == issued
    assert Token.objects.count() == 1
    assert api.of_subject(issued.subject) == [issued]  # type: ignore[arg-type]


def test_the_pdf_follows_and_its_digest_is_kept(with_pdf: Licence) -> None:
    content = documents.pdf(with_pdf.document)
    text = "".join(pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
    assert with_pdf.identifier in text and "张示范" in text and "2026年11月21日" in text
    assert text.count(USCC) == 1  # above, and not once more among the lines
    assert with_pdf.file_digest == documents.document(with_pdf.document).digest


def test_data_30_the_pdf_bears_the_seal_of_the_office_that_issues(
    library: SimpleNamespace, run_jobs: Callable[[], int]
) -> None:
    seals.make_demo_seal(library.issuer, library.citizen.ref, "证照专用章")
    made = api.issue("business_licence", FIRM, "海口示范贸易有限公司", USCC, FACE, library.issuer)
    run_jobs()
    report = seals.verify_file(documents.pdf(api.licence(made.identifier).document))
    assert report.verdict is Verdict.VALID, report
    assert [one.signer for one in report.signatures if one.kind == "seal"] == ["示范省市场监督管理局证照专用章"]


def test_nothing_is_left_of_a_rolled_back_issue(library: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        api.issue("business_licence", FIRM, "x", USCC, {}, library.issuer)
        raise ZeroDivisionError
    assert Token.objects.count() == 0 and run_jobs() == 0


def test_what_the_register_refuses_is_not_issued(library: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        api.issue("business_licence", FIRM, "x" * 300, USCC, {}, library.issuer)
    with pytest.raises(NotFound):
        api.issue("driving", FIRM, "x", USCC, {}, library.issuer)
    assert Token.objects.count() == 0


def test_licences_of_a_holder(library: SimpleNamespace, issued: Licence, card: Licence) -> None:
    assert api.of_holder(FIRM) == [issued]
    assert api.of_holder(library.citizen.ref, type="elder_card") == [card]
    assert api.of_holder(library.citizen.ref, type="business_licence") == []
    assert api.of_holder(number="11010519491231002X") == [card]
    assert api.of_holder(number=USCC, type="elder_card") == []
    with travelled(timedelta(days=366 * 6)):
        assert api.of_holder(library.citizen.ref) == []


def test_data_40_reuse_is_counted_once(card: Licence) -> None:
    case = Ref("hall.case", "c")
    api.reuse(card.identifier, case, "identity")
    api.reuse(card.identifier, case, "identity")
    assert api.avoided_uploads() == 1
    assert "licences.licence.reused" in [entry.kind for entry in ledger.history(card.ref)]


def test_only_a_valid_licence_replaces_an_upload(card: Licence) -> None:
    with travelled(timedelta(days=366 * 6)), pytest.raises(Refused):
        api.reuse(card.identifier, Ref("hall.case", "c"), "identity")
    api.revoke(card.identifier, "误发")
    with pytest.raises(Refused):
        api.reuse(card.identifier, Ref("hall.case", "c"), "identity")
    assert api.avoided_uploads() == 0


def test_revoking_needs_a_reason_and_happens_once(card: Licence) -> None:
    with pytest.raises(Invalid):
        api.revoke(card.identifier, "  ")
    assert api.licence(card.identifier).status is Status.VALID
    assert api.revoke(card.identifier, "误发").status is Status.REVOKED
    with pytest.raises(Refused):
        api.revoke(card.identifier, "又一次")
