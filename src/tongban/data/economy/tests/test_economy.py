"""DATA-22: files in, vintages, comparisons, the embargo, pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from openpyxl import Workbook

from tongban.base.kernel.api import Invalid, Refused, local, now, travelled
from tongban.data.economy import api, models, periods
from tongban.data.economy.data import Comparison, Delivery, Figure, State, Vintage
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity

from .conftest import ROOT

REAL = ROOT.parent / "shared/data/macro"


def csv_of(text: str, encoding: str = "utf-8", **how: str) -> Delivery:
    return api.read(api.rows(io.BytesIO(text.encode(encoding)), "figures.csv"), **how)


def figures(**values: str) -> Delivery:
    """gdp of 460000 by year."""
    made = tuple(Figure("gdp", "460000", "海南省", y[1:], Decimal(v), "final") for y, v in values.items())
    return Delivery(made, (), len(made))


def test_periods_are_read_as_people_write_them() -> None:
    texts = [
        "2024",
        "2024年",
        "2024.0",
        "2024年第1季度",
        "2024Q1",
        "2024年一季度",
        "2024-3",
        "2024年3月",
        "202403",
        "2024.03",
    ]
    made = {text: periods.read(text) for text in (*texts, "最近20年", "1", "2024-13", "", "12345")}
    assert list(made.values()) == [
        "2024", "2024", "2024", "2024Q1", "2024Q1", "2024Q1", "2024-03", "2024-03", "2024-03", "2024-03",
        "", "", "", "", "",
    ]  # fmt: skip
    before = [periods.before(p) for p in ("2024", "2024Q1", "2024-01", "2024-10")]
    assert before == ["2023", "2023Q4", "2023-12", "2024-09"]


def test_each_wrong_row_is_named_and_the_others_go_in(base: None) -> None:
    text = (
        "某省主要指标\n指标代码,地区代码,地区,时期,数值,状态\n"
        'gdp,460000,海南省,2020,"5,532.39",最终数\n'
        "gdp,460000,海南省,2020,5000,\n"
        "gdp,460000,海南省,二〇二一,1,\ngdp,460000,海南省,2021,约六千,\ngdp,460000,海南省,2021-01,6,\n"
        "gnp,460000,海南省,2021,6,\ngdp,,海南省,2021,6,\ngdp,460000,海南省,2022,—,\ngdp,460000,海南省,2023,7551,猜测\n"
        "gdp,460000,海南省,2024,inf,\n"
    )
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        found = csv_of(text, encoding)
        assert [f.value for f in found.figures] == [Decimal("5532.39")]
        assert [(f.row, f.code) for f in found.findings] == [
            (4, "twice"), (5, "period"), (6, "value"), (7, "frequency"), (8, "indicator"), (9, "area"),
            (11, "status"), (12, "value"),
        ]  # fmt: skip
    for nothing in ("", "a,b,c\n1,2,3\n", "\x00\x01"):
        with pytest.raises(Invalid):
            csv_of(nothing)


def test_a_spreadsheet_with_merged_titles_and_a_formula(base: None) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["主要年度数据"],
        ["地区：海南"],
        ["指标", "2020年", "2021年"],
        ["地区生产总值（亿元）", 5532.39, "=B4*1.1"],
        ["第一产业增加值(亿元)", 1135.98, 1254.44],
        ["未知指标(亿元)", 1, 2],
        ["数据来源：示范统计局"],
    ):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    found = api.read(api.rows(file, "a.xlsx"), area="460000")
    assert [(f.indicator, f.period, f.area_name) for f in found.figures] == [
        ("gdp", "2020", "海南"), ("gdp1", "2020", "海南"), ("gdp1", "2021", "海南"),
    ]  # fmt: skip
    assert [(f.row, f.code) for f in found.findings] == [(4, "formula"), (6, "indicator")]
    with pytest.raises(Invalid):
        list(api.rows(io.BytesIO(b"PK\x03\x04broken"), "x.xlsx"))


def test_figures_are_known_as_of_a_day(base: None) -> None:
    api.import_published(figures(y2020="100", y2021="110"), source="test")
    first = now()
    with travelled(timedelta(days=30)):
        api.import_published(figures(y2021="115", y2022="120"), source="test")
    with travelled(timedelta(days=60)):
        api.import_published(figures(y2021="116"), source="test")
        present = api.series("gdp", "460000")
        assert [(p.period, p.value, p.revision) for p in present.points] == [
            ("2020", 100, 1),
            ("2021", 116, 3),
            ("2022", 120, 1),
        ]
        then = api.series("gdp", "460000", as_of=first)
        assert [(p.period, p.value) for p in then.points] == [("2020", 100), ("2021", 110)]
        between = api.series("gdp", "460000", as_of=first + timedelta(days=40))
        assert between.value("2021") == 115
        assert api.series("gdp", "460000", vintage=Vintage.FIRST).value("2021") == 110
        ((*figures_of_2021,),) = api.revisions("gdp", "460000")
        assert [(p.period, p.value) for p in figures_of_2021] == [("2021", 110), ("2021", 115), ("2021", 116)]


def test_comparisons_leave_out_what_cannot_be_said(base: None) -> None:
    api.import_published(figures(y2019="0", y2020="100", y2021="110", y2023="121"), source="test")
    part = Delivery((Figure("gdp1", "460000", "海南省", "2021", Decimal("22"), "final"),), (), 1)
    api.import_published(part, source="test")
    whole = api.series("gdp", "460000")
    assert dict(api.compare(whole, Comparison.YEAR)) == {
        "2019": None,
        "2020": None,
        "2021": Decimal("10.0"),
        "2023": None,
    }
    assert dict(api.compare(whole, Comparison.INDEX, base="2020"))["2023"] == Decimal("121.0")
    assert api.compare(api.series("gdp1", "460000"), Comparison.SHARE, whole=whole) == (("2021", Decimal("20.0")),)
    for base_period in ("2022", "2019", ""):
        with pytest.raises(Invalid):
            api.compare(whole, Comparison.INDEX, base=base_period)


def test_t20_nothing_is_known_before_its_hour(people: SimpleNamespace, settings: Any) -> None:
    """A minute before: in no register, page, file or role's reach. At its hour: public. The database holds both."""
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    first, second, stranger = (identity.actor_for(who.ref) for who in (people.first, people.second, people.stranger))
    hour = now() + timedelta(hours=2)
    made = api.prepare(first, "2025年度数据", figures(y2025="8888.88"), hour)
    with pytest.raises(Refused):
        api.approve(first, made.id)
    with pytest.raises(Refused):
        api.approve(stranger, made.id)
    with pytest.raises(Refused):
        api.releases(stranger)
    api.approve(second, made.id)
    with travelled(timedelta(hours=1, minutes=59)):
        assert api.release_due() == 0
        assert api.series("gdp", "460000").points == ()
        assert "8,888" not in Client().get("/economy/gdp/").content.decode()
        assert Client().get("/economy/gdp/460000.json").status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('tongban_public', 'economy_release', 'SELECT')")
        assert cursor.fetchone() == (False,)
        cursor.execute("SET LOCAL ROLE tongban_app")
        cursor.execute("SELECT count(*) FROM economy_release")
        assert cursor.fetchone() == (0,), "row security: nobody is at work here"
        cursor.execute("RESET ROLE")
    row = models.Release.objects.filter(public_id=made.id)
    early: list[dict[str, Any]] = [
        {"state": "released", "released_at": hour - timedelta(seconds=1)},
        {"approved_by": str(people.first.ref)},
        {"state": "released", "released_at": hour, "approved_by": ""},
        {"released_at": hour},
    ]
    for change in early:
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**change)
    with travelled(timedelta(hours=2, seconds=1)):
        assert api.release_due() == 1
        assert api.release_due() == 0
        assert api.release(first, made.id).state is State.RELEASED
        assert "8,888.88" in Client().get("/economy/gdp/").content.decode()
        assert Client().get("/economy/gdp/460000.json").json()["points"][0]["value"] == "8888.88"
    assert registers.find("observation", indicator="gdp", area="460000", period="2025")["release"] == made.id  # type: ignore[index]


def test_a_withdrawn_release_never_goes_out(people: SimpleNamespace) -> None:
    first, second = identity.actor_for(people.first.ref), identity.actor_for(people.second.ref)
    made = api.prepare(first, "误报", figures(y2025="1"), now() + timedelta(hours=1))
    api.approve(second, made.id)
    with pytest.raises(Invalid):
        api.withdraw(first, made.id, "")
    api.withdraw(first, made.id, "数据有误")
    with travelled(timedelta(days=1)):
        assert api.release_due() == 0
    assert api.series("gdp", "460000").points == ()
    for wrong in ({"title": ""}, {"release_at": now() - timedelta(days=1)}, {"delivery": Delivery((), (), 0)}):
        given: dict[str, Any] = {
            "title": "题目",
            "delivery": figures(y2025="1"),
            "release_at": now() + timedelta(hours=1),
        }
        with pytest.raises(Invalid):
            api.prepare(first, **(given | wrong))


def test_anybody_sees_chart_table_and_data(base: None, settings: Any) -> None:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    api.import_published(figures(y2020="100", y2021="110"), source="test")
    with travelled(timedelta(days=1)):
        api.import_published(figures(y2021="111"), source="test")
    assert "地区生产总值" in Client().get("/economy/", {"topic": "accounts"}).content.decode()
    page = Client().get("/economy/gdp/").content.decode()
    assert page.count("<svg xmlns") == 1
    revised = page[page.index('aria-labelledby="revised"') :]
    assert revised.index(">110") < revised.index(">111")
    assert 'id="chart_text"' in page
    assert Client().get("/economy/gdp/", {"compare": "yoy"}).content.decode().count("11.0") >= 1
    assert Client().get("/economy/gdp/", {"compare": "index"}).status_code == 422
    assert Client().get("/economy/gdp/", {"as_of": "x"}).status_code == 422
    assert Client().get("/economy/nothing/").status_code == 404
    text = Client().get("/economy/gdp/460000.csv").content.decode("utf-8-sig").splitlines()
    assert text[0].split(",")[:2] == ["period", "value"]
    assert text[2].startswith("2021,111,")
    first = Client().get("/economy/gdp/460000.json", {"vintage": "first"}).json()
    assert first["points"][1]["value"] == "110"


def test_officers_prepare_and_approve_on_their_pages(
    people: SimpleNamespace, client_of: Callable[[Any], Client]
) -> None:
    file = "indicator,area,period,value\ngdp,460000,2025,77\ngdp,460000,未来,1\n"
    at = (local(now()) + timedelta(days=2)).strftime("%Y-%m-%dT09:00")
    first, second = client_of(people.first), client_of(people.second)
    body = {"title": "年度数据", "release_at": at, "file": SimpleUploadedFile("f.csv", file.encode())}
    answer = first.post("/economy/releases/new/", body)
    assert answer.status_code == 302, answer.content.decode()[:500]
    page = first.get(answer["Location"]).content.decode()
    assert "77" in page
    assert "未来" in page
    assert 'value="approve"' not in page
    assert first.post(answer["Location"], {"do": "approve"}).status_code == 403
    assert second.post(answer["Location"], {"do": "approve"}).status_code == 302
    assert models.Release.objects.get().state == "approved"
    assert first.post("/economy/releases/new/", {"title": "x"}).status_code == 422
    assert client_of(people.stranger).get("/economy/releases/").status_code == 403


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files lie beside the repository, not in it")
def test_the_world_banks_file_is_read_whole(base: None) -> None:
    with (REAL / "worldbank-gdp.csv").open("rb") as file:
        found = api.read(api.rows(file, "worldbank-gdp.csv"), indicator="wb_gdp")
    assert len(found.figures) == found.rows > 13_000
    assert found.refused == 0
    report = api.import_published(found, source="worldbank")
    assert report.inserted == len(found.figures)
    china = api.series("wb_gdp", "CHN")
    assert china.area_name == "China"
    assert dict(api.compare(china, Comparison.YEAR))["2021"] == Decimal("21.3")
    assert api.import_published(found, source="worldbank").unchanged == report.inserted


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files lie beside the repository, not in it")
def test_the_yearbook_is_read_as_its_office_serves_it(base: None) -> None:
    pytest.importorskip("xlrd", reason="xlrd reads old .xls files")
    rows = [one | {"title": "国内生产总值"} if one["code"] == "gdp" else dict(one) for one in _indicators()]
    api.define_indicators(rows)
    with (REAL / "20_Guangzhou_All.xls").open("rb") as file:
        found = api.read(api.rows(file, "20_Guangzhou_All.xls"), area="440100")
    assert len(found.figures) == 17 + 11
    assert {f.area_name for f in found.figures} == {"广州"}
    assert [f.code for f in found.findings] == ["indicator", "indicator"], "two indicators of it are not defined here"


def _indicators() -> tuple[dict[str, str], ...]:
    from .conftest import INDICATORS

    return INDICATORS
