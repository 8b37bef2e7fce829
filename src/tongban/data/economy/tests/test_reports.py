"""DATA-22: the library of reports: written, reviewed by somebody else, published, corrected; who reads which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, travelled
from tongban.base.ledger import api as ledger
from tongban.data.economy import api
from tongban.data.economy.data import Audience, Content, Delivery, Figure, Stage
from tongban.data.economy.models import Report
from tongban.engine.registers import api as registers
from tongban.packs.data import SAMPLE_PDF
from tongban.trust.identity import api as identity

OUTLOOK = Content(
    title="前三季度经济形势判断",
    kind="judgement",
    subject="accounts",
    period="2026年第三季度",
    audience=Audience.PUBLIC,
    summary="经济运行总体平稳。",
    text="第一段。\n\n第二段<b>。",
    indicators=("gdp",),
    policies=("示范省稳增长若干措施",),
)
INSIDE = replace(OUTLOOK, title="内部研判", audience=Audience.INTERNAL, summary="内部口径。")


@pytest.fixture
def desk(people: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """An author, a reviewer, a leader who reads, a stranger; all at one office."""
    office = identity.office_by_code("46/statistics").ref
    rights = {"author": ["write"], "colleague": ["write"], "reviewer": ["review"], "leader": ["read"]}
    made: dict[str, Any] = {"stranger": people.stranger}
    for name, given in rights.items():
        identity.define_role(name, name, [f"reports.{each}" for each in given])
        made[name] = identity.create_staff(name, name, second_factor=False)
        identity.assign_post(made[name].ref, office, "科员", [name])
    values = tuple(Figure("gdp", "460000", "海南省", str(y), Decimal(y - 1900), "final") for y in range(2012, 2024))
    api.import_published(Delivery(values, (), len(values)), source="test")
    yield SimpleNamespace(people=made, **{name: identity.actor_for(each.ref) for name, each in made.items()})


def published(desk: SimpleNamespace, content: Content) -> str:
    id = api.write_report(desk.author, content).id
    api.hand_in_report(desk.author, id)
    return api.publish_report(desk.reviewer, id).id


def state() -> list[Any]:
    """Everything a refusal must leave as it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_leaf WHERE kind LIKE 'economy.%'")
        leaves = cursor.fetchone()[0]
    return [leaves, *Report.objects.order_by("id").values()]


def test_written_reviewed_by_somebody_else_and_published(desk: SimpleNamespace) -> None:
    one = api.write_report(desk.author, OUTLOOK)
    assert (one.stage, one.content.period, one.issuer) == (Stage.DRAFT, "2026Q3", "示范省统计局")
    with pytest.raises(NotFound):
        api.publish_report(desk.reviewer, one.id)  # not handed in
    api.hand_in_report(desk.author, one.id)
    api.send_back_report(desk.reviewer, one.id, "数据口径请核对")
    assert api.report(desk.author, one.id).remark == "数据口径请核对"
    api.change_report(desk.author, one.id, replace(OUTLOOK, summary="已核对。"))
    api.hand_in_report(desk.author, one.id)
    with pytest.raises(NotFound):
        api.change_report(desk.author, one.id, OUTLOOK)  # it lies with the reviewer
    done = api.publish_report(desk.reviewer, one.id)
    assert (done.stage, done.current, done.reviewed_by) == (Stage.PUBLISHED, True, desk.reviewer.person)
    assert [found.id for found in api.reports(identity.ANONYMOUS)[0]] == [one.id]
    kinds = [entry.kind for entry in ledger.history(Ref("economy.report", one.id))]
    assert kinds == [
        f"economy.report.{what}" for what in ("written", "handed_in", "returned", "handed_in", "published")
    ]
    row = registers.find("economic_report", number=one.id)
    assert row is not None
    assert (row["kind"], row["summary"]) == ("judgement", "已核对。")


def test_t4_nobody_reviews_what_they_wrote(desk: SimpleNamespace) -> None:
    identity.define_role("both", "both", ["reports.write", "reports.review"])
    person = identity.create_staff("both", "both", second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("46/statistics").ref, "科员", ["both"])
    both = identity.actor_for(person.ref)
    id = api.write_report(both, OUTLOOK).id
    api.hand_in_report(both, id)
    before = state()
    with pytest.raises(Refused):
        api.publish_report(both, id)
    with pytest.raises(Refused):
        api.publish_report(desk.author, id)  # no right to review
    assert state() == before
    for wrong in ({"reviewed_by": str(both.person)}, {"stage": "published"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Report.objects.filter(report=id).update(**wrong)


def test_t13_what_is_not_published_or_internal_is_not_there_for_others(
    desk: SimpleNamespace, client_of: Callable[[Any], Client], settings: Any
) -> None:
    inside = published(desk, INSIDE)
    waiting = api.write_report(desk.author, replace(OUTLOOK, title="未发布报告")).id
    api.hand_in_report(desk.author, waiting)
    draft = api.write_report(desk.author, replace(OUTLOOK, title="草稿报告")).id
    before = state()
    staff = {name: client_of(desk.people[name]) for name in ("author", "colleague", "reviewer", "leader", "stranger")}
    seen = {
        name: [client.get(f"/economy/reports/{id}/").status_code for id in (inside, waiting, draft)]
        for name, client in staff.items()
    }
    assert seen == {
        "author": [200, 200, 200],
        "colleague": [200, 404, 404],
        "reviewer": [200, 200, 404],
        "leader": [200, 404, 404],
        "stranger": [404, 404, 404],
    }
    titles = ("内部研判", "未发布报告", "草稿报告")
    lists = {name: client.get("/economy/reports/").content.decode() for name, client in staff.items()}
    assert {name: [title in page for title in titles] for name, page in lists.items()} == {
        "author": [True, True, True],
        "colleague": [True, False, False],
        "reviewer": [True, True, False],
        "leader": [True, False, False],
        "stranger": [False, False, False],
    }
    for do in ("hand_in", "publish", "send_back", "correct", "withdraw"):
        body = {"do": do, "version": "1", "remark": "改一改", "reason": "改一改", "withdrawal": "改一改"}
        for id in (inside, waiting, draft):
            assert staff["stranger"].post(f"/economy/reports/{id}/act/", body).status_code == 403
            assert staff["leader"].post(f"/economy/reports/{id}/act/", body).status_code == 403
        assert staff["colleague"].post(f"/economy/reports/{draft}/act/", body).status_code in (403, 404)
    assert staff["leader"].get("/economy/reports/new/").status_code == 403
    assert staff["colleague"].post(f"/economy/reports/{draft}/edit/", {"title": "别人的"}).status_code == 404
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    anybody = Client(raise_request_exception=False)
    for id in (inside, waiting, draft):
        for address in (f"/economy/reports/{id}/", f"/economy/reports/{id}/file/"):
            assert anybody.get(address).status_code == anybody.get("/economy/reports/nothing/").status_code == 404
    page = anybody.get("/economy/reports/", {"q": "报告"}).content.decode()
    assert not any(title in page for title in titles)
    assert registers.find("economic_report", number=inside) is None, "an internal one is in no register"
    assert state() == before


def test_t13_the_database_itself_keeps_drafts_and_internal_reports(desk: SimpleNamespace) -> None:
    """Row security, without any filter of the program's; by the roles of both sites."""
    published(desk, INSIDE)
    shown = published(desk, OUTLOOK)
    api.write_report(desk.author, replace(OUTLOOK, title="草稿报告"))

    def rows(role: str, actor: Any) -> list[str]:
        with transaction.atomic(), identity.acting(actor), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            cursor.execute("SELECT title FROM economy_report ORDER BY id")
            found = [row[0] for row in cursor.fetchall()]
            cursor.execute("RESET ROLE")
        return found

    assert rows("tongban_public", identity.ANONYMOUS) == [OUTLOOK.title]
    assert rows("tongban_app", desk.stranger) == [OUTLOOK.title]
    assert rows("tongban_app", desk.leader) == [INSIDE.title, OUTLOOK.title]
    assert rows("tongban_app", desk.author) == [INSIDE.title, OUTLOOK.title, "草稿报告"]
    assert api.report(identity.ANONYMOUS, shown).content.title == OUTLOOK.title


def test_a_correction_is_a_version_and_the_former_one_stays(desk: SimpleNamespace) -> None:
    id = published(desk, OUTLOOK)
    with pytest.raises(Invalid):
        api.correct_report(desk.colleague, id, "")
    api.correct_report(desk.colleague, id, "增速有误")
    with pytest.raises(Refused):
        api.correct_report(desk.author, id, "另一处")
    changed = replace(OUTLOOK, summary="更正后。", audience=Audience.INTERNAL)
    api.change_report(desk.colleague, id, changed)
    assert api.report(identity.ANONYMOUS, id).content.summary == OUTLOOK.summary, "until it is published"
    api.hand_in_report(desk.colleague, id)
    api.publish_report(desk.reviewer, id)
    now = api.report(identity.ANONYMOUS, id)
    assert (now.version, now.content.summary, now.reason) == (2, "更正后。", "增速有误")
    assert now.content.audience is Audience.PUBLIC, "what everybody has read stays for everybody"
    assert api.report(identity.ANONYMOUS, id, 1).content.summary == OUTLOOK.summary
    row = registers.find("economic_report", number=id)
    assert row is not None
    assert (row.version, row["summary"]) == (2, "更正后。")
    api.correct_report(desk.author, id, "再更正")
    before = state()
    with pytest.raises(Refused):
        api.withdraw_report(desk.colleague, id, 2, "撤回")
    assert state() == before
    api.withdraw_report(desk.reviewer, id, 2, "数据源撤销")
    with pytest.raises(NotFound):
        api.report(identity.ANONYMOUS, id)
    with pytest.raises(NotFound):
        api.hand_in_report(desk.author, id)  # the correction went with it
    assert (gone := registers.find("economic_report", number=id)) is None or gone.retired
    assert {one.stage for one in Report.objects.filter(report=id)} == {Stage.WITHDRAWN}


def test_the_list_is_filtered_and_searched(desk: SimpleNamespace) -> None:
    ids = []
    for day, (kind, subject, period) in enumerate(
        (("policy", "fiscal", "2025"), ("hotspot", "world", "2026Q1"), ("research", "industry", "2026-05"))
    ):
        with travelled(timedelta(minutes=day)):
            content = replace(
                OUTLOOK, title=f"报告{kind}", kind=kind, subject=subject, period=period, text=f"关键{day}"
            )
            ids.append(published(desk, content))
    who = identity.ANONYMOUS
    assert [one.id for one in api.reports(who)[0]] == ids[::-1]
    assert [one.id for one in api.reports(who, kind="policy")[0]] == ids[:1]
    assert [one.id for one in api.reports(who, subject="world")[0]] == ids[1:2]
    assert [one.id for one in api.reports(who, period="2026")[0]] == ids[:0:-1]
    assert [one.id for one in api.reports(who, text="关键2")[0]] == ids[2:]
    page, after = api.reports(who, size=2)
    assert [one.id for one in page] == ids[:0:-1]
    assert [one.id for one in api.reports(who, after=after)[0]] == ids[:1]
    for wrong in ({"kind": "novel"}, {"period": "不日"}, {"indicators": ("none",)}, {"text": ""}, {"title": "一"}):
        with pytest.raises(Invalid) as told:
            api.write_report(desk.author, replace(OUTLOOK, **wrong))  # type: ignore[arg-type]
        assert set(told.value.errors) == set(wrong)


def test_pages_from_writing_to_the_public(
    desk: SimpleNamespace, client_of: Callable[[Any], Client], settings: Any
) -> None:
    published(desk, replace(OUTLOOK, title=OUTLOOK.policies[0], kind="policy", policies=()))
    author, reviewer = client_of(desk.people["author"]), client_of(desk.people["reviewer"])
    body = {
        "title": "明年走势预测", "kind": "forecast", "subject": "accounts", "period": "2024", "audience": "public",
        "summary": "预计平稳增长。", "text": "第一段。\n\n第二段<b>。", "indicators": ["gdp"],
        "policies": OUTLOOK.policies[0] + "\n另一部规定",
    }  # fmt: skip
    assert author.post("/economy/reports/new/", {**body, "period": "x"}).status_code == 422
    upload = SimpleUploadedFile("图表.txt", b"text")
    assert author.post("/economy/reports/new/", {**body, "file": upload}).status_code == 422, "not a format for it"
    answer = author.post("/economy/reports/new/", body)
    assert answer.status_code == 302, answer.content.decode()[:400]
    address = answer["Location"].partition("?")[0]
    assert author.post(f"{address}act/", {"do": "hand_in"}).status_code == 302
    assert 'value="publish"' not in author.get(address).content.decode()
    assert 'value="publish"' in reviewer.get(address).content.decode()
    assert reviewer.post(f"{address}act/", {"do": "send_back", "remark": ""}).status_code == 422
    assert reviewer.post(f"{address}act/", {"do": "publish"}).status_code == 302
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    page = Client().get(address).content.decode()
    assert page.count("<svg xmlns") == 1
    assert 'stroke-dasharray="5 5"' in page, "the forecast of the indicator, dashed"
    assert "第二段&lt;b&gt;" in page
    assert "示范省稳增长若干措施</a>" in page
    assert "另一部规定</li>" in page
    assert "csrfmiddlewaretoken" not in page
    assert "author" not in page
    assert Client().get(address, {"version": "2"}).status_code == 404
    assert Client().get(address, {"version": "x"}).status_code == 404
    assert Client().get(f"{address}act/").status_code == 404, "no acts on the public site"


def test_the_file_is_for_who_may_read_the_report(
    desk: SimpleNamespace, client_of: Callable[[Any], Client], settings: Any
) -> None:
    author = client_of(desk.people["author"])
    sent = {name: getattr(OUTLOOK, name) for name in ("title", "kind", "subject", "period", "summary")}

    def published_file(audience: str) -> str:
        upload = SimpleUploadedFile("报告.pdf", SAMPLE_PDF)
        answer = author.post("/economy/reports/new/", sent | {"audience": audience, "file": upload})
        return answer["Location"].partition("?")[0]

    inside, shown = published_file("internal"), published_file("public")
    leader, stranger = client_of(desk.people["leader"]), client_of(desk.people["stranger"])
    assert b"".join(author.get(f"{inside}file/").streaming_content).startswith(b"%PDF")
    assert leader.get(f"{inside}file/").status_code == 404, "a draft"
    for address in (inside, shown):
        id = address.strip("/").rpartition("/")[2]
        api.hand_in_report(desk.author, id)
        api.publish_report(desk.reviewer, id)
    entry = ledger.history(Ref("economy.report", id))[-1]
    assert len(str(entry.facts["file"])) == 64, "the published file's digest is in the ledger"
    assert [leader.get(f"{each}file/").status_code for each in (inside, shown)] == [200, 200]
    assert [stranger.get(f"{each}file/").status_code for each in (inside, shown)] == [404, 200]
    with transaction.atomic(), identity.acting(identity.ANONYMOUS), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")  # row security, without any filter of the program's
        cursor.execute("SELECT public_id FROM files_file")
        assert cursor.fetchall() == [(api.report(identity.ANONYMOUS, id).file,)]
        cursor.execute("RESET ROLE")
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    assert [Client().get(f"{each}file/").status_code for each in (inside, shown)] == [404, 200]
