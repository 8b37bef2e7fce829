"""DATA-31: results are kept once, published masked within the rule, corrected, withheld, taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, system, today, travelled
from tongban.data.results import api, models, watching
from tongban.data.results.data import Kind, ResultDue
from tongban.engine.notify.models import Message
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

ROOT = Path(__file__).resolve().parents[5]
USCC, PERSON = "91350100M000100Y43", "11010519491231002X"
APPROVAL = {
    "document_number": "示许〔2026〕1号", "document_title": "准予许可决定书", "party_kind": "legal_entity",
    "party": "海口示范贸易有限公司", "party_code": USCC, "kind": "general", "content": "食品经营",
    "outcome": "approved",
    "decided": date(2026, 11, 20), "office": "示范市场监督管理局",
}  # fmt: skip
PENALTY = {
    "document_number": "示罚〔2026〕9号", "document_title": "行政处罚决定书", "party_kind": "person", "party": "王小明",
    "party_code": PERSON, "violation": "占道经营", "facts": "在人行道摆摊", "kind": "fine",
    "content": f"对身份号码{PERSON}罚款二百元", "decided": date(2026, 11, 20), "office": "示范综合行政执法局",
}  # fmt: skip


@pytest.fixture
def base(db: None, settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    registers.forget_definitions()
    folder = ROOT / "packs/results/registers"
    registers.apply([registers.parse(file.read_text("utf-8"), file.name) for file in sorted(folder.glob("*.yaml"))])
    yield
    registers.forget_definitions()


def record(kind: Kind, values: dict[str, Any], **other: Any) -> str:
    with system():
        return api.record(kind, values | other, by=Ref("identity.person", "job"), source="test")


def test_a_decision_is_kept_once_and_published(base: None) -> None:
    first = record(Kind.APPROVAL, APPROVAL)
    assert record(Kind.APPROVAL, APPROVAL) == first
    (one,) = api.published()
    assert (one.party, one.party_code, one.outcome) == ("海口示范贸易有限公司", USCC, "准予")
    assert one.due == calendars.due(date(2026, 11, 20), 7).date
    record(Kind.APPROVAL, APPROVAL, content="食品经营（含冷藏）")
    (corrected,) = api.published(text=USCC)
    assert corrected.content == "食品经营（含冷藏）"
    assert corrected.published_at == one.published_at


def test_t45_r4_a_person_is_masked_and_the_register_closed_to_the_public_role(base: None) -> None:
    record(Kind.PENALTY, PENALTY)
    page = Client().get("/results/", {"kind": "penalty"}).content.decode()
    (one,) = api.published()
    alone = Client().get(f"/results/{one.id}/").content.decode()
    for text in (page, alone):
        assert "王*" in text
        assert "王小明" not in text
        assert PERSON not in text
    assert api.published(text=PERSON).rows == ()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM results_publication p WHERE p::text LIKE %s", [f"%{PERSON}%"])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT has_table_privilege('tongban_public', 'registers.penalty_result', 'SELECT')")
        assert cursor.fetchone() == (False,)


def test_what_is_withheld_expired_or_taken_back_is_not_shown(base: None) -> None:
    record(Kind.APPROVAL, APPROVAL, withheld="涉及商业秘密")
    assert api.published().rows == ()
    record(Kind.PENALTY, PENALTY, public_until=date(2027, 1, 31))
    (one,) = api.published()
    with travelled(timedelta(days=120)):
        assert api.published().rows == ()
        with pytest.raises(NotFound):
            api.publication(one.id)
    stranger = identity.actor_for(identity.create_staff("stranger", "stranger", second_factor=False).ref)
    with pytest.raises(Refused):
        api.withdraw(stranger, one.id, "试试")
    assert api.published().rows == (one,)
    keeper = _keeper()
    with pytest.raises(Invalid):
        api.withdraw(keeper, one.id, " ")
    api.withdraw(keeper, one.id, "信用修复")
    record(Kind.PENALTY, PENALTY, content="罚款一百元")
    assert api.published().rows == ()
    assert models.Publication.objects.get().withdrawn_why == "信用修复"


def _keeper() -> Any:
    identity.load_offices([OfficeRow("46/enforcement", "示范综合行政执法局", OfficeKind.DEPARTMENT, "46")])
    identity.define_role("publisher", "公示人员", ["results.publish"])
    person = identity.create_staff("keeper", "keeper", second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("46/enforcement").ref, "科员", ["publisher"])
    return identity.actor_for(person.ref)


def test_the_seven_day_rule_is_shown_and_watched(base: None, run_jobs: Callable[[], int]) -> None:
    with travelled(timedelta(days=30)):
        record(Kind.APPROVAL, APPROVAL)
        (one,) = api.published(late=True)
        assert one.late
        assert "逾期公示" in Client().get(f"/results/{one.id}/").content.decode()
    with system():
        registers.write("penalty_result", PENALTY, by=None, reason="exchange", source="exchange")
        ((row, due),) = api.unpublished(Kind.PENALTY, date(2026, 11, 1))
        assert (row["document_number"], due) == (PENALTY["document_number"], one.due)
    run_jobs()
    assert [each.number for each in api.published(Kind.PENALTY)] == [PENALTY["document_number"]]
    with system():
        assert api.unpublished(Kind.PENALTY, date(2026, 11, 1)) == []


def test_the_office_is_told_before_the_last_day_and_after_it(base: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that nobody published: a message two working days before, an urgent one after, each once."""
    raised: list[ResultDue] = []
    monkeypatch.setattr(watching, "emit", raised.append)
    office = _keeper().offices[0]
    with system():
        registers.write("penalty_result", PENALTY, by=None, reason="exchange", source="exchange")

    def watched(day: date) -> int:
        with travelled(timedelta(days=(day - today()).days)), system():
            return api.watch()

    due = calendars.due(PENALTY["decided"], 7).date
    assert due and watched(due - timedelta(days=6)) == 0
    assert [watched(day) for day in (due, due, due + timedelta(days=1), due + timedelta(days=2))] == [1, 0, 1, 0]
    assert [(event.number, event.due, event.overdue) for event in raised] == [
        (PENALTY["document_number"], due, False),
        (PENALTY["document_number"], due, True),
    ]
    with system():
        told = [
            (each.kind, each.facts) for each in Message.objects.filter(recipient_id=office.id).order_by("created_at")
        ]
    facts = {"number": PENALTY["document_number"], "due": due.isoformat()}
    assert told == [("results.due", facts), ("results.overdue", facts)]
    assert PERSON not in str(told)
    record(Kind.PENALTY, PENALTY)
    assert watched(due + timedelta(days=3)) == 0


def test_an_import_names_each_wrong_row(base: None) -> None:
    heading = "决定文书号,决定文书名称,行政相对人类别,行政相对人名称,行政相对人代码,许可类别,许可内容,"
    heading += "结果,决定日期,决定机关\n"
    good = "示许〔2026〕{},决定书,法人及非法人组织,示范公司{},91350100M000100Y43,普通,经营,准予,2026-11-{:02},示范局\n"
    text = heading + "".join(good.format(n, n, n) for n in range(1, 6))
    text += "示许〔2026〕6,决定书,外星人,示范公司,X,普通,经营,准予,2026-11-40,示范局\n,,,,,,,,,\n"
    with system():
        report = api.import_rows(Kind.APPROVAL, text.splitlines(keepends=True), by=None, source="示范局")
        again = api.import_rows(Kind.APPROVAL, text.splitlines(keepends=True), by=None, source="示范局")
        with pytest.raises(Invalid):
            api.import_rows(Kind.APPROVAL, ["a,b\n"], by=None, source="示范局")
    assert (report.received, report.stored, report.refused) == (6, 5, 1)
    assert {(row, field) for row, field, _text in report.findings} == {(7, "party_kind"), (7, "decided")}
    assert again.stored == 5
    seen: list[str] = []
    after = ""
    while True:
        page = api.published(after=after, size=2)
        seen += [one.party for one in page]
        after = page.after
        if not after:
            break
    assert seen == [f"示范公司{n}" for n in (5, 4, 3, 2, 1)]


def test_staff_take_back_on_the_page_and_the_public_site_has_no_such_address(base: None, settings: Any) -> None:
    record(Kind.APPROVAL, APPROVAL)
    (one,) = api.published()
    assert Client().post(f"/results/{one.id}/withdraw/", {"reason": "试试"}).status_code == 404
    _keeper()
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_staff", "staff"
    client = Client()
    client.force_login(
        get_user_model().objects.get(username="keeper"), backend="tongban.trust.identity.signin.SignInBackend"
    )
    assert client.post(f"/results/{one.id}/withdraw/", {"reason": ""}).status_code == 422
    assert client.post(f"/results/{one.id}/withdraw/", {"reason": "撤销决定"}).status_code == 302
    assert api.published().rows == ()
