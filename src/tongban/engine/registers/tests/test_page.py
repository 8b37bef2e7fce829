"""Lists: keyset paging, allow-lists (T32), search box, close names (SVC-13 name check)."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tongban.base.kernel.api import Invalid, Ref, credit_check
from tongban.engine.registers import api

COLUMNS = ["uscc", "name", "type", "status", "founded", "address", "industry"]


def code(number: int) -> str:
    first = f"91460100MA{number:07d}"
    return first + credit_check(first)


def firms(count: int) -> list[tuple[Any, ...]]:
    draw = random.Random(7)
    kinds = ["enterprise", "individual", "cooperative"]
    return [
        (
            code(i),
            f"海口第{i}号商贸有限公司",
            draw.choice(kinds),
            "active",
            f"20{i % 20 + 5:02d}-01-01",
            "海秀路",
            "F51",
        )
        for i in range(count)
    ]


def fill(rows: list[tuple[Any, ...]]) -> None:
    report = api.bulk("legal_entity", COLUMNS, rows, source="test")
    assert report.inserted == len(rows), report


def walk(**asked: Any) -> list[str]:
    seen: list[str] = []
    after = None
    while True:
        page = api.page("legal_entity", after=after, **asked)
        seen += [row["uscc"] for row in page]
        after = page.after
        if after is None:
            return seen


@pytest.mark.django_db
def test_keyset_pages_show_each_of_12000_rows_once(registers: None) -> None:
    rows = firms(12_000)
    fill(rows)
    assert walk() == sorted(row[0] for row in rows)


@pytest.mark.django_db
def test_filtered_and_ordered_lists_page_the_same_way(registers: None) -> None:
    rows = firms(700)
    fill(rows)
    kind = sorted(row[0] for row in rows if row[2] == "individual")
    assert walk(filters={"type": "individual"}) == kind
    down = walk(order="-type")
    assert len(down) == len(set(down)) == 700
    assert walk(order="type") == down[::-1]


@pytest.mark.django_db
def test_pages_stay_stable_while_rows_arrive(registers: None) -> None:
    rows = firms(200)
    fill(rows[::2])
    first = api.page("legal_entity", size=40)
    fill(rows[1::2])
    rest, after = [], first.after
    while after:
        page = api.page("legal_entity", after=after)
        rest += [row["uscc"] for row in page]
        after = page.after
    known = [row["uscc"] for row in first]
    assert not set(known) & set(rest)
    assert {row[0] for row in rows[::2]} <= set(known) | set(rest)


@pytest.mark.django_db
def test_no_list_counts_and_deep_pages_read_only_themselves(registers: None) -> None:
    fill(firms(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registers.legal_entity")
    after = base64.urlsafe_b64encode(json.dumps([code(2900)]).encode()).decode().rstrip("=")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = api.page("legal_entity", {"type": "individual"}, after)
    assert page.rows and not any("count(" in query["sql"].lower() for query in queries)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + queries[-1]["sql"])
        plan = json.dumps(cursor.fetchone()[0])
    assert "Seq Scan" not in plan, plan


INJECTIONS = [
    "name; DROP TABLE x",
    "name)--",
    "' OR 1=1",
    "pk",
    "id__in",
    "uscc__regex",
    "status__contains",
    "__",
    "type__from__to",
]


@pytest.mark.parametrize("name", INJECTIONS)
@pytest.mark.django_db
def test_t32_filters_and_orders_come_from_a_list(registers: None, name: str) -> None:
    fill(firms(3))
    for asked in ({"filters": {name: "1"}}, {"order": name}, {"order": f"-{name}"}):
        with pytest.raises(Invalid):
            api.page("legal_entity", **asked)  # type: ignore[arg-type]
    assert len(api.page("legal_entity")) == 3


@pytest.mark.parametrize(
    "after",
    [
        *("x", "!!!!", "A" * 5000),
        *(base64.b64encode(raw).decode() for raw in (b"[1,2,3]", b'{"a":1}', b"[" * 3000, b"[null]", b"[[]]")),
    ],
)
@pytest.mark.django_db
def test_t33_a_damaged_cursor_is_refused(registers: None, after: str) -> None:
    with pytest.raises(Invalid):
        api.page("legal_entity", after=after)


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE registers.legal_entity; --", "%", "_", "\\", "%%s", "a\0b", "🏮" * 200, "' OR '1'='1"],
)
@pytest.mark.django_db
def test_t32_the_search_box_takes_anything(registers: None, text: str) -> None:
    fill(firms(3))
    assert len(api.page("legal_entity", search=text)) == 0
    assert len(api.page("legal_entity")) == 3


@pytest.mark.django_db
def test_the_search_box_finds_words_inside_names(registers: None) -> None:
    names = [
        "海南椰风餐饮管理有限公司",
        "海口市美兰区老爸茶店",
        "海南信用体系建设研究院",
        "三亚蓝海旅业Ａ１有限公司",
    ]
    fill([(code(i), name, "enterprise", "active", None, "琼山区府城镇", None) for i, name in enumerate(names)])

    def found(text: str) -> list[str]:
        return [row["name"] for row in api.page("legal_entity", search=text)]

    assert found("餐饮") == [names[0]] and found("风餐饮管") == [names[0]]
    assert found("老爸茶") == [names[1]] and found("爸茶") == [names[1]]
    assert found("体系建") == [names[2]]
    assert found("a1") == [names[3]]
    assert found("饮餐") == []
    assert len(found("琼山区")) == 4
    assert found(code(2)) == [names[2]]
    assert len(found("海")) == 3  # one character: names that begin with it


@pytest.mark.django_db
def test_close_names_are_found(registers: None) -> None:
    names = ["海南椰风餐饮有限公司", "海南椰枫餐饮管理有限公司", "三亚蓝海旅业有限公司"]
    fill([(code(i), name, "enterprise", "active", None, "x", None) for i, name in enumerate(names)])
    clashes = api.similar("legal_entity", "name", "海南椰风餐饮股份有限公司")
    assert (clashes[0].value, clashes[0].score) == (names[0], 1.0)
    assert api.similar("legal_entity", "name", "海南 椰风（餐饮）有限公司")[0].score == 1.0
    assert names[2] not in [clash.value for clash in clashes]
    assert api.similar("legal_entity", "name", "完全不同的名称") == []
    assert [c.value for c in api.similar("legal_entity", "name", "海南椰风餐饮", floor=1.0)] == [names[0]]
    assert api.similar("legal_entity", "name", "\0%s'(){}") == api.similar("legal_entity", "name", "") == []
    api.retire("legal_entity", clashes[0].id, by=Ref("identity.person", "p"), reason="注销")
    assert names[0] not in [clash.value for clash in api.similar("legal_entity", "name", names[0])]


@pytest.mark.django_db
def test_the_list_page_keeps_filters_in_the_address(people: SimpleNamespace, client_of: Callable[[Any], Any]) -> None:
    fill(firms(120))
    client = client_of(people.reader)
    answer = client.get("/registers/legal_entity/", {"type": "enterprise", "founded__from": "2006-01-01"})
    text = answer.content.decode()
    assert answer.status_code == 200 and "法人单位基础信息库" in text
    assert text.count("/registers/legal_entity/") > 10
    down = client.get("/registers/legal_entity/", {"sort": "-uscc"}).content.decode()
    assert down.index(code(119)) < down.index(code(80)) and code(10) not in down
    assert client.get("/registers/legal_entity/", {"sort": "name; DROP"}).status_code == 422
    bad = client.get("/registers/legal_entity/", {"uscc__regex": "9"})
    assert bad.status_code == 422 and "第1号" not in bad.content.decode()
    assert client.get("/registers/nothing/").status_code == 404
    assert client.get("/registers/").status_code == 200


@pytest.mark.django_db
def test_a_record_page_shows_history(people: SimpleNamespace, client_of: Callable[[Any], Any]) -> None:
    fill(firms(1))
    row = api.find("legal_entity", uscc=code(0))
    assert row is not None
    api.change(
        "legal_entity",
        row.id,
        {"name": "海口新名商贸有限公司"},
        by=people.clerk.ref,
        reason="名称变更",
        source="x",
    )
    client = client_of(people.reader)
    assert "海口新名商贸有限公司" in client.get(f"/registers/legal_entity/{row.id}/").content.decode()
    text = client.get(f"/registers/legal_entity/{row.id}/history/").content.decode()
    assert "海口第0号商贸有限公司" in text and "名称变更" in text
    assert client.get("/registers/legal_entity/00000000000000000000000000/").status_code == 404


@pytest.mark.django_db
def test_rest_lists_reads_and_writes(people: SimpleNamespace, client_of: Callable[[Any], Any]) -> None:
    client = client_of(people.clerk)
    body = {
        "values": {
            "uscc": code(1),
            "name": "甲公司",
            "type": "enterprise",
            "status": "active",
            "capital": "12.50",
        },
        "reason": "设立登记",
    }
    made = client.post("/api/registers/legal_entity", body, content_type="application/json")
    assert made.status_code == 200, made.content
    again = client.post("/api/registers/legal_entity", body, content_type="application/json")
    assert again.json()["version"] == 1 and again.json()["id"] == made.json()["id"]
    page = client.get("/api/registers/legal_entity", {"type": "enterprise", "size": "10"}).json()
    assert [row["values"]["name"] for row in page["rows"]] == ["甲公司"] and page["after"] is None
    body["values"]["name"], body["version"] = "乙公司", 9
    assert client.post("/api/registers/legal_entity", body, content_type="application/json").status_code == 409
    body["values"]["uscc"] = "1"
    bad = client.post("/api/registers/legal_entity", body, content_type="application/json")
    assert bad.status_code == 422 and "uscc" in bad.json()["fields"]
    assert client.get(f"/api/registers/legal_entity/{made.json()['id']}").json()["values"]["capital"] == "12.50"
    assert client.get("/api/registers/legal_entity", {"order": "name; x"}).status_code == 422
