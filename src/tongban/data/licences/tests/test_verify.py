"""Anyone checks a licence: valid, revoked, expired, unknown; and sees nothing personal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tongban.base.kernel.api import Ref, travelled
from tongban.data.licences import api
from tongban.data.licences.data import Licence, Status
from tongban.engine.documents import api as documents
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow, Reach

from .conftest import PASSWORD, USCC


def test_by_token_number_and_identifier(issued: Licence) -> None:
    for key in (issued.token, USCC, USCC.lower(), issued.identifier, f" {USCC[:8]} {USCC[8:]} "):
        assert api.verify(key).status is Status.VALID


def test_every_verdict(card: Licence) -> None:
    assert api.verify(card.token).status is Status.VALID
    with travelled(timedelta(days=366 * 6)):
        assert api.verify(card.token).status is Status.EXPIRED
    api.revoke(card.identifier, "误发")
    assert api.verify(card.token).status is Status.REVOKED
    for key in (
        "",
        "0" * 26,
        "x",
        card.token[:-1] + ("0" if card.token[-1] != "0" else "1"),
        "' OR 1=1 --",
        "\x00" * 7,
    ):
        assert api.verify(key).status is Status.UNKNOWN


def test_t45_the_public_process_verifies_and_changes_nothing(issued: Licence) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        try:
            assert api.verify(issued.token).status is Status.VALID
            for change in ("DELETE FROM licences_token", "UPDATE licences_token SET number_index = '1'"):
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    cursor.execute(change)
        finally:
            cursor.execute("RESET ROLE")


def test_r4_a_person_s_licence_shows_nothing_personal(card: Licence) -> None:
    verdict = api.verify(card.token)
    assert verdict.holder_name == "王**" and verdict.face == ()
    assert "11010519491231002X" not in str(verdict) and "王小明" not in str(verdict)


def test_an_enterprise_s_licence_shows_its_face_without_telephones(issued: Licence) -> None:
    verdict = api.verify(issued.number)
    face = {line.label: line.value for line in verdict.face}
    assert face["统一社会信用代码"] == USCC and face["注册资本"] == "1000000元"
    assert face["联系电话"] == "138****0009"


def test_t14_an_unknown_number_costs_the_same_questions(issued: Licence) -> None:
    def questions(number: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            api.verify(number)
        return len(asked)

    assert abs(questions(USCC) - questions("91350100M000100Y4X")) <= 1


@pytest.fixture
def public(settings: Any) -> Client:
    settings.SITE = "public"
    settings.ROOT_URLCONF = "tongban.site.urls_public"
    return Client()


def test_the_page_of_the_qr_code(issued: Licence, public: Client) -> None:
    answer = public.get(f"/verify/{issued.token}/")
    page = answer.content.decode()
    assert answer.status_code == 200 and "该证照有效" in page and "张示范" in page
    assert "13800000009" not in page and "no-store" in answer["Cache-Control"]
    unknown = public.get(f"/verify/{'0' * 26}/")
    assert unknown.status_code == 200 and "未查询到该证照" in unknown.content.decode()


def test_the_form_for_a_number(issued: Licence, public: Client) -> None:
    assert public.get("/verify/").status_code == 200
    assert "该证照有效" in public.post("/verify/", {"number": USCC}).content.decode()
    assert public.post("/verify/", {"number": "12"}).status_code == 422
    assert "未查询到该证照" in public.post("/verify/", {"number": "<script>alert(1)</script>"}).content.decode()


def test_t14_guessing_is_stopped(issued: Licence, public: Client) -> None:
    codes = [public.post("/verify/", {"number": f"Z4601002026{n:08d}"}).status_code for n in range(31)]
    assert codes[:30] == [200] * 30 and codes[30] in (403, 429)


def test_t12_a_changed_file_is_found_out(with_pdf: Licence, public: Client) -> None:
    content = documents.pdf(with_pdf.document)

    def compare(data: bytes) -> str:
        file = SimpleUploadedFile("x.pdf", data, "application/pdf")
        return public.post(f"/verify/{with_pdf.token}/", {"file": file}).content.decode()

    assert "完全相同" in compare(content)
    for changed in (content + b"\n", content[:-1], content.replace(b"/Type", b"/Tipe", 1), b""):
        assert "完全相同" not in compare(changed)


def test_a_holder_downloads_the_licence_and_nobody_else(
    library: SimpleNamespace, card: Licence, public: Client, run_jobs: Callable[[], int]
) -> None:
    run_jobs()
    identity.create_citizen("李小红", phone="13800000002", password=PASSWORD, username="li")
    path = f"/licences/{card.identifier}/pdf/"
    assert public.get(path).status_code == 302
    public.post("/account/sign-in/", {"login": "wang", "password": PASSWORD})
    assert card.number in public.get("/licences/").content.decode()
    answer = public.get(path)
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    stranger = Client()
    stranger.post("/account/sign-in/", {"login": "li", "password": PASSWORD})
    assert stranger.get(path).status_code == 404
    assert card.number not in stranger.get("/licences/").content.decode()


@pytest.fixture
def staff_site(settings: Any, library: SimpleNamespace) -> Callable[[str, str], Client]:
    settings.SITE = "staff"
    settings.ROOT_URLCONF = "tongban.site.urls_staff"
    identity.define_role("keeper", "证照管理", ["licences.read", "licences.revoke", "register.read"])
    identity.define_role("reader", "查询", ["licences.read"])

    def enter(role: str, office: str) -> Client:
        person = identity.create_staff(f"{role}{office}", "陈管理", password=PASSWORD, second_factor=False)
        identity.assign_post(person.ref, identity.office_by_code(office).ref, "岗", [role])
        client = Client()
        client.post("/account/sign-in/", {"login": f"{role}{office}", "password": PASSWORD})
        return client

    return enter


def test_the_issuer_s_keeper_revokes(card: Licence, staff_site: Callable[[str, str], Client]) -> None:
    client = staff_site("keeper", "4601")
    assert card.number in client.get("/licences/", {"q": card.number}).content.decode()
    assert "王小明" not in client.get(f"/licences/{card.identifier}/").content.decode()
    assert client.post(f"/licences/{card.identifier}/revoke/", {"reason": ""}).status_code == 422
    assert client.post(f"/licences/{card.identifier}/revoke/", {"reason": "误发"}).status_code == 302
    assert api.verify(card.token).status is Status.REVOKED


@pytest.mark.parametrize(("role", "office", "status"), [("reader", "4601", 403), ("keeper", "46", 404)])
def test_others_do_not_revoke(
    card: Licence, staff_site: Callable[[str, str], Client], role: str, office: str, status: int
) -> None:
    client = staff_site(role, office)
    assert client.post(f"/licences/{card.identifier}/revoke/", {"reason": "误发"}).status_code == status
    assert api.verify(card.token).status is Status.VALID


@pytest.mark.parametrize(
    ("role", "office", "sees"),
    [
        ("reader", "4601", {"card"}),  # its own
        ("reader", "46", {"issued"}),  # its own, nothing below
        ("reader", "460106", {"county"}),  # nothing above
        ("head", "4601", {"card", "county"}),  # and below
        ("head", "4602", set()),  # a department beside
        ("head", "46", {"card", "county", "issued", "collected"}),  # the whole province
    ],
)
def test_t13_officers_look_up_the_licences_of_their_offices(
    card: Licence, issued: Licence, staff_site: Callable[[str, str], Client], role: str, office: str, sees: set[str]
) -> None:
    identity.load_offices(
        [
            OfficeRow("460106", "龙华区示范民政局", OfficeKind.COUNTY, "460106", "4601"),
            OfficeRow("4602", "三亚市示范民政局", OfficeKind.CITY, "460200", "46"),
        ]
    )
    identity.define_role("head", "负责人", ["licences.read"], reach=Reach.SUBTREE)
    face = {"姓名": "王大明", "公民身份号码": "110101195001010014"}
    district = identity.office_by_code("460106").ref
    other = api.issue("elder_card", Ref("identity.person", "elsewhere"), "王大明", "110101195001010014", face, district)
    row = registers.find("licence", identifier=card.identifier)
    assert row is not None
    values = row.values | {"identifier": "1.2.156.3005.2.COLLECTED", "number": "COLLECTED1"}
    registers.write("licence", values, by=None, reason="归集", source="collected")
    known = {"card": card, "issued": issued, "county": other, "collected": api.licence("1.2.156.3005.2.COLLECTED")}
    client = staff_site(role, office)
    for name, one in known.items():
        seen = name in sees
        for asked in ("", one.number, one.identifier, one.holder_name, one.holder_number):
            page = client.get("/licences/", {"q": asked}).content.decode()
            assert (f"/licences/{one.identifier}/" in page) is seen, (name, asked)
        assert client.get(f"/licences/{one.identifier}/").status_code == (200 if seen else 404), name


def test_a_list_goes_on_behind_its_last_line(
    library: SimpleNamespace, staff_site: Callable[[str, str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongban.data.licences.queries.SIZE", 2)
    faces = [{"姓名": f"人{n}", "公民身份号码": "11010519491231002X"} for n in range(3)]
    made = [
        api.issue("elder_card", Ref("identity.person", f"p{n}"), f"人{n}", f"H{n}", face, library.city).identifier
        for n, face in enumerate(faces)
    ]
    client = staff_site("reader", "4601")
    first = client.get("/licences/").content.decode()
    assert [f"/licences/{one}/" in first for one in sorted(made)] == [True, True, False]
    second = client.get("/licences/", {"after": sorted(made)[1]}).content.decode()
    assert [f"/licences/{one}/" in second for one in sorted(made)] == [False, False, True]


def test_t44_the_public_site_has_no_staff_address(card: Licence, public: Client) -> None:
    assert public.get(f"/licences/{card.identifier}/").status_code == 404
    assert public.post(f"/licences/{card.identifier}/revoke/", {"reason": "x"}).status_code == 404
