"""Open data as strangers reach it: pages, files, REST and DCAT-AP, as the public process's database role."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from django.test import Client
from openpyxl import load_workbook
from pyshacl import validate
from rdflib import DCAT, DCTERMS, Graph, Namespace
from rdflib.namespace import RDF

from tongban.base.kernel.api import Ref, system
from tongban.data.catalogue import api
from tongban.data.catalogue.data import Category, Item, Level, Openness, Resource, Sharing, Zone
from tongban.data.catalogue.dcat import views
from tongban.data.catalogue.dcat.harvesting import harvest
from tongban.engine.registers import api as registers

from .conftest import ENTERPRISES

REGISTER = """
key: open_hall
title: {zh: 政务服务中心, en: Service centres}
owner: government_services
level: public
zone: outer
portal: true
natural_key: [code]
fields:
  - {name: code, title: {zh: 编号, en: Number}, type: text, required: true, disclosure: active}
  - {name: name, title: {zh: 名称, en: Name}, type: text, required: true, disclosure: active, search: words}
  - name: kind
    title: {zh: 类型, en: Kind}
    type: code
    index: true
    disclosure: active
    codes: {hall: {zh: 大厅, en: Hall}, desk: {zh: 服务站, en: Desk}, kiosk: {zh: 自助点, en: Kiosk}}
  - name: floor
    title: {zh: 楼层, en: Floor}
    type: code
    disclosure: active
    codes: {up: {zh: 楼上, en: Up}, down: {zh: 楼下, en: Down}}
  - {name: opened, title: {zh: 启用日期, en: Opened}, type: date, index: true, disclosure: active}
  - {name: caretaker, title: {zh: 值守人, en: Caretaker}, type: text, index: true, disclosure: none}
  - {name: internal_note, title: {zh: 备注, en: Note}, type: text, disclosure: active}
"""
HOSTILE = '=HYPERLINK("http://evil.example","go")'


@pytest.fixture
def hall(town: SimpleNamespace, published: Callable[..., Resource]) -> Iterator[Resource]:
    """An open resource over a register of 61 rows: one hostile name, one row that is internal."""
    registers.forget_definitions()
    registers.apply([registers.parse(REGISTER, "open_hall.yaml")])
    by = Ref("identity.person", "job")
    with system():
        for n in range(61):
            kind = "hall" if n < 40 else "desk" if n < 58 else "kiosk"
            name = HOSTILE if n == 7 else f"中心 {n:03}"
            values = {"code": f"{n:03}", "name": name, "kind": kind, "opened": "2024-05-01", "caretaker": f"人{n}"}
            values["floor"] = "up" if n % 10 < 3 else "down"
            registers.write("open_hall", values, by=by, reason="建库", source="test")
        registers.model("open_hall").objects.filter(code="060").update(level="internal")
    yield published(
        title="政务服务中心",
        summary="全省政务服务中心、服务站和自助点。",
        register="open_hall",
        items=(
            Item("code", "编号"),
            Item("name", "名称"),
            Item("kind", "类型"),
            Item("opened", "启用日期"),
            Item("floor", "楼层"),
            Item("caretaker", "值守人"),
        ),
        sharing=Sharing.UNCONDITIONAL,
        openness=Openness.OPEN,
        level=Level.PUBLIC,
        zone=Zone.PUBLIC,
        keywords=("政务服务",),
        owner="综合处处长",
        operator="信息中心",
    )
    registers.forget_definitions()


@pytest.fixture
def stranger(settings: Any) -> Iterator[Client]:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
    yield Client()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def content(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


def address(resource: Resource, rest: str = "") -> str:
    return f"/open/data/{resource.code.replace('/', '-')}/{rest}"


def test_t45_only_open_items_of_open_resources_are_seen(
    hall: Resource, published: Callable[..., Resource], town: SimpleNamespace, settings: Any
) -> None:
    closed = published()
    draft = api.compile(town.editor, replace(ENTERPRISES, title="草稿", openness=Openness.OPEN))
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
    client = Client()
    listed = client.get("/open/").content.decode()
    assert hall.title in listed
    assert closed.title not in listed and "草稿" not in listed
    for other in (closed, draft):
        assert client.get(address(other)).status_code == 404
        assert client.get(address(other, "data.csv")).status_code == 404
        assert client.get(f"/open/api/resources/{other.code.replace('/', '-')}/rows").status_code == 404
    page = client.get(address(hall)).content.decode()
    assert "中心 000" in page and "值守人" not in page
    assert "<svg" in page
    for form in ("csv", "json", "xlsx"):
        assert "值守".encode() not in content(client.get(address(hall, f"data.{form}")))
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_t28_files_hold_every_open_row_and_no_formula(hall: Resource, stranger: Client) -> None:
    response = stranger.get(address(hall, "data.csv"))
    assert response.streaming and "attachment" in response["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(content(response).decode("utf-8-sig"))))
    assert lines[0] == ["编号", "名称", "类型", "启用日期", "楼层"]
    assert len(lines) == 61  # 60 rows: the internal one is missing
    assert lines[8][1] == f"'{HOSTILE}"
    objects = json.loads(content(stranger.get(address(hall, "data.json"))))
    assert len(objects) == 60 and set(objects[0]) == {"code", "name", "kind", "opened", "floor"}
    sheet = load_workbook(io.BytesIO(content(stranger.get(address(hall, "data.xlsx"))))).active
    assert sheet.max_row == 61 and {cell.data_type for row in sheet for cell in row} == {"s"}
    filtered = content(stranger.get(address(hall, "data.csv") + "?kind=desk")).decode()
    assert filtered.count("服务站") == 18 and "大厅" not in filtered


def test_t32_rest_pages_by_key_and_takes_filters_from_a_list(hall: Resource, stranger: Client) -> None:
    where = f"/open/api/resources/{hall.code.replace('/', '-')}"
    about = stranger.get(where).json()
    assert about["filters"] == ["code", "kind", "opened"] and "caretaker" not in json.dumps(about)
    seen, after = [], ""
    while True:
        got = stranger.get(f"{where}/rows", {"after": after, "size": 15, "kind": "hall"}).json()
        seen += [row["code"] for row in got["rows"]]
        after = got["next"]
        if not after:
            break
    assert seen == [f"{n:03}" for n in range(40)]
    for wrong in (
        {"caretaker": "人1"},
        {"internal_note": "x"},
        {"order": "caretaker"},
        {"order": "code;DROP TABLE x"},
        {"kind__regex": ".*"},
        {"valid_to": ""},
        {"opened": "not a date"},
        {"after": "'--"},
    ):
        refused = stranger.get(f"{where}/rows", wrong)
        assert refused.status_code == 422, wrong
        assert refused.json()["fields"]
    assert stranger.get(f"{where}/rows", {"opened__from": "2025-01-01"}).json()["rows"] == []
    assert stranger.get("/open/api/openapi.json").json()["paths"]
    assert [one["code"] for one in stranger.get("/open/api/resources", {"q": "服务"}).json()["resources"]] == [
        about["code"]
    ]


def test_t42_counts_hide_the_few(hall: Resource, stranger: Client) -> None:
    counts = stranger.get(f"/open/api/resources/{hall.code.replace('/', '-')}/counts", {"by": "kind"}).json()
    shown = {cell["values"]["kind"]: cell["count"] for cell in counts["cells"]}
    assert shown == {"hall": 40, "desk": None, "kiosk": None}  # two kiosks, and what would give them away
    assert counts["total"] == 60
    page = stranger.get(address(hall)).content.decode()
    assert '<td class="tb-num">2</td>' not in page and '<td class="tb-num">18</td>' not in page
    refused = stranger.get(f"/open/api/resources/{hall.code.replace('/', '-')}/counts", {"by": "caretaker"})
    assert refused.status_code == 422


def test_t42_counts_by_two_items_cannot_be_subtracted(hall: Resource, stranger: Client) -> None:
    where = f"/open/api/resources/{hall.code.replace('/', '-')}/counts"
    told = stranger.get(where, {"by": "kind,floor"}).json()
    assert told["by"] == ["kind", "floor"] and told["total"] == 60
    cells = {(cell["values"]["kind"], cell["values"]["floor"]): cell["count"] for cell in told["cells"]}
    true = {("hall", "up"): 12, ("hall", "down"): 28, ("desk", "up"): 6, ("desk", "down"): 12, ("kiosk", "down"): 2}
    assert cells[("kiosk", "down")] is None
    assert all(count in (None, true.get(key, 0)) for key, count in cells.items())
    facts: dict[Any, int | None] = dict(cells)
    for at, by in enumerate(("kind", "floor")):
        alone = stranger.get(where, {"by": by}).json()["cells"]
        facts |= {(by, cell["values"][by]): cell["count"] for cell in alone}
        sums = [[(by, cell["values"][by]), [key for key in cells if key[at] == cell["values"][by]]] for cell in alone]
        for total, parts in [*sums, [None, [(by, cell["values"][by]) for cell in alone]]]:
            hidden = [part for part in (*parts, total) if part is not None and facts[part] is None]
            assert len(hidden) != 1, hidden  # whatever is hidden alone in a sum is the difference of the rest
    page = stranger.get(address(hall), {"by": "kind", "and": "floor"})
    assert page.status_code == 200 and "楼上" in page.content.decode()


def test_t45_the_public_role_itself_reads_nothing_that_is_closed(
    hall: Resource, published: Callable[..., Resource], town: SimpleNamespace
) -> None:
    """As the database role of the public process, by SQL: what pages do not show is not there either."""
    published(title="内网资源", openness=Openness.OPEN, level=Level.PUBLIC, zone=Zone.INNER, items=(Item("a", "甲"),))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        cursor.execute("SELECT title, content::text, words FROM catalogue_open")
        ((title, content_, words),) = cursor.fetchall()
        assert title == hall.title
        assert "综合处处长" not in content_ + words and "信息中心" not in content_ + words
        for table in ("resource", "edition", "item", "request", "grant", "feedback", "objection", "ticket", "rule"):
            cursor.execute("SAVEPOINT tried")
            with pytest.raises(ProgrammingError, match="permission denied"):
                cursor.execute(f"SELECT * FROM catalogue_{table}")
            cursor.execute("ROLLBACK TO SAVEPOINT tried")
        with pytest.raises(ProgrammingError):
            cursor.execute("UPDATE catalogue_open SET title = 'x'")


@pytest.mark.parametrize(("form", "kind"), [("ttl", "turtle"), ("jsonld", "json-ld"), ("rdf", "xml")])
def test_dcat_ap_out_is_valid_by_its_own_shapes(
    hall: Resource, stranger: Client, shapes: Graph, form: str, kind: str
) -> None:
    answer = stranger.get(f"/open/catalogue.{form}")
    assert answer.status_code == 200
    graph = Graph().parse(data=answer.content, format=kind)
    fine, _results, text = validate(graph, shacl_graph=shapes)
    assert fine, text
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert graph.value(dataset, DCTERMS.title).value == "政务服务中心"
    assert len(list(graph.objects(dataset, DCAT.distribution))) == 3
    report = harvest("own", lambda: answer.content)
    assert {e.status.value for e in (*report.catalogues, *report.entries)} == {"accepted"}


def test_dcat_ap_out_goes_by_pages(
    hall: Resource, published: Callable[..., Resource], stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    opened = {
        "openness": Openness.OPEN,
        "level": Level.PUBLIC,
        "category": Category.THEME,
        "sharing": Sharing.UNCONDITIONAL,
    }
    published(title="第二", items=(Item("name", "名称"),), **opened)
    monkeypatch.setattr(views, "SIZE", 1)
    titles, where = [], "/open/catalogue.ttl"
    while where:
        answer = stranger.get(where)
        graph = Graph().parse(data=answer.content, format="turtle")
        titles += [str(graph.value(one, DCTERMS.title)) for one in graph.subjects(RDF.type, DCAT.Dataset)]
        following = next(graph.objects(None, Namespace("http://www.w3.org/ns/hydra/core#").next), None)
        where = str(following).split("/", 3)[-1] if following else ""
        where = f"/{where}" if where else ""
    assert titles == ["第二", "政务服务中心"]
