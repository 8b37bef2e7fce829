"""Several offices' extracts become one golden record, with the source of every value."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, credit_check, org_check, system
from tongban.data.linkage import api
from tongban.data.linkage.models import Cluster, Delivery, Difference, Review, Row

from .conftest import golden, insured, number, resident

pytestmark = pytest.mark.django_db


def test_two_offices_make_one_record_and_authority_wins(town: SimpleNamespace) -> None:
    card = number()
    old = card[:6] + card[8:17]  # the same number with 15 digits
    done = api.absorb("population", "police/residents", [resident("p1", "張偉國", card, 住址="海口市人民路1号")])
    assert done.counts["golden_new"] == 1
    api.absorb(
        "population", "insurance/persons", [insured("s1", "张伟国", old, 住址="海口市人民路9号", 电话="13812345678")]
    )
    row = golden(card)
    assert (row["name"], row["address"]["text"], row["phone"]) == ("張偉國", "海口市人民路1号", "13812345678")
    with system():
        cluster = Cluster.objects.get(registry="population", rows=2)
        sources = {item: Row.objects.get(pk=id).source.resource for item, id in cluster.lineage.items()}
        found = Difference.objects.get(closed_at=None)
    assert sources["address"] == "police/residents" and sources["phone"] == "insurance/persons"
    assert (found.item, found.theirs, found.ours, found.why) == (
        "address",
        "海口市人民路9号",
        "海口市人民路1号",
        "authority",
    )

    again = api.absorb(
        "population", "insurance/persons", [insured("s1", "张伟国", old, 住址="海口市人民路1号", 电话="13812345678")]
    )
    assert again.counts["closed"] == 1 and again.counts["changed"] == 1
    same = api.absorb(
        "population", "insurance/persons", [insured("s1", "张伟国", old, 住址="海口市人民路1号", 电话="13812345678")]
    )
    assert same.counts["same"] == 1 and same.counts["golden_changed"] == 0


def _invented(i: int) -> dict[str, str]:
    year, month, day = 1950 + i % 50, i % 9 + 1, 11 + i % 9
    name = f"{'王李张刘陈'[i % 5]}{'伟芳娜敏静丽强磊军洋'[i % 10]}{'国文海波丹'[i // 60 % 5]}"
    card = number(f"{year}{month:02}{day}", i)
    where = f"海口市龙华区人民路{i}号{i % 30}栋"
    return resident(f"p{i}", name, card, 出生日期=f"{year}-{month:02}-{day}", 住址=where)


def test_without_a_number_the_likely_are_asked_and_wait(town: SimpleNamespace) -> None:
    people = [_invented(i) for i in range(300)]
    api.absorb("population", "police/residents", people)
    copies = [
        insured(f"s{i}", p["姓名"], "", 出生日期=p["出生日期"], 住址=p["住址"]) for i, p in enumerate(people[:80])
    ]
    done = api.absorb("population", "insurance/persons", [*copies, insured("x", "欧阳修", "", 出生日期="2001-01-01")])
    assert done.counts["by_likeness"] + done.counts["waiting"] == 81 and done.counts["by_likeness"] > 60
    one = people[200]
    more = [insured("y", one["姓名"], "", 出生日期=one["出生日期"], 住址=one["住址"])]
    single = api.absorb("population", "insurance/persons", more, whole=False)
    assert single.counts["by_likeness"] + single.counts["waiting"] == 1, "one row alone is enough to be asked"
    with system():
        alone = Row.objects.get(key="x")
        assert alone.cluster is not None and alone.cluster.number == "" and not alone.cluster.written


def test_rows_without_a_number_in_one_delivery_are_compared_with_each_other(town: SimpleNamespace) -> None:
    api.absorb("population", "police/residents", [_invented(i) for i in range(120)])
    one = {"出生日期": "1988-11-02", "住址": "琼海市嘉积镇银海路77号6栋"}
    lines = [
        insured("a", "符海棠", "", 电话="13876543210", **one),
        insured("b", "符海棠", "", 电话="13876543210", **one),
        insured("c", "邢益民", "", 出生日期="1961-02-12", 住址="东方市八所镇港口路3号"),
    ]
    api.absorb("population", "insurance/persons", lines)
    with system():
        a, b, c = (Row.objects.get(key=key).cluster_id for key in "abc")
        asked = Review.objects.filter(left__in=(a, b), right__in=(a, b))
        assert c not in (a, b) and (a == b or asked.exists())


def test_contradictions_go_before_a_person(town: SimpleNamespace) -> None:
    card, other = number(), number(serial=7)
    api.absorb(
        "population",
        "police/residents",
        [
            resident("p1", "陈小明", card, 住址="海口市人民路1号", 出生日期="1990-03-07"),
            resident("p2", "陈小明", other, 住址="海口市人民路1号", 出生日期="1990-03-07"),
        ],
    )
    done = api.absorb("population", "insurance/persons", [insured("s1", "林大海", card)])
    assert done.counts["contradicted"] == 1
    with system():
        assert sorted(Review.objects.values_list("why", flat=True)) == ["one_number", "two_numbers"]
    assert golden(card)["name"] == "陈小明" and golden(other)["name"] == "陈小明"


def test_lives_become_events(town: SimpleNamespace) -> None:
    card = number()
    api.absorb("population", "police/residents", [resident("p1", "陈小明", card, 住址="海口市人民路1号")])
    api.absorb(
        "population", "police/residents", [resident("p1", "陈晓鸣", card, 住址="三亚市解放路2号", 曾用名="陈小明")]
    )
    api.absorb(
        "population",
        "police/residents",
        [resident("p1", "陈晓鸣", card, 住址="三亚市解放路2号", 状态="死亡", 曾用名="陈小明")],
    )
    kinds = [c.kind for c in api.changes("population")]
    assert kinds[0] == "created" and set(kinds[1:3]) == {"moved", "renamed"} and kinds[3:] == ["died"]
    assert [c.kind for c in api.changes("population", after=api.changes("population")[-2].id)] == ["died"]
    first = api.absorb("population", "insurance/persons", [insured("s1", "陈晓鸣", card, 现住址="海口市海秀路5号")])
    assert "moved" not in first.counts, "a residence that first comes is no move"


def _code(serial: str) -> str:
    organisation = serial + org_check(serial)
    return "91460100" + organisation + credit_check("91460100" + organisation)


def firm(id: str, code: str, name: str, **more: str) -> dict[str, str]:
    line = {"编号": id, "信用代码": code, "名称": name, "法定代表人": "林大海", "状态": "存续", "类型": "企业"}
    return line | {"住所": "", "成立日期": "2018-01-02", "注册号": "", "吸收方": "", **more}


def payer(id: str, code: str, name: str, **more: str) -> dict[str, str]:
    return {"编号": id, "代码": code, "名称": name, "负责人": "", "税务状态": "正常", "税号": "", **more}


def test_old_numbers_lead_to_the_credit_code(town: SimpleNamespace) -> None:
    code = _code("MA5RC0Q1")
    line = firm("f1", code, "海南椰风科技有限公司", 注册号="460100000123456")
    api.absorb("legal_entity", "market/firms", [line])
    done = api.absorb(
        "legal_entity", "tax/payers", [payer("t1", f"{code[8:16]}-{code[16]}", "海南椰风科技", 税号=code)]
    )
    assert done.counts["by_number"] == 1, "the organisation code stands inside the credit code"


def test_firms_are_renamed_merge_and_share_old_numbers(town: SimpleNamespace) -> None:
    one, other = _code("MA5RC0Q1"), _code("MA5RC0Q2")
    lines = [firm("f1", one, "海南椰风科技有限公司"), firm("f2", other, "三亚海韵商贸有限公司", 法定代表人="吴海燕")]
    api.absorb("legal_entity", "market/firms", lines)
    renamed = lines[0] | {"名称": "海南椰韵信息有限公司"}
    merged = lines[1] | {"状态": "注销", "吸收方": one}
    last = api.changes("legal_entity")[-1].id
    api.absorb("legal_entity", "market/firms", [renamed, merged])
    kinds = {(change.kind, change.number, change.other) for change in api.changes("legal_entity", after=last)}
    assert kinds == {("renamed", one, ""), ("merged", other, one), ("cancelled", other, one)}
    branch = firm("f3", _code("MA5RC0Q3"), "海南椰韵信息有限公司三亚分公司", 注册号="460100000123456")
    api.absorb("legal_entity", "market/firms", [renamed | {"注册号": "460100000123456"}, branch], whole=False)
    assert Review.objects.get().why == "two_numbers", "one old number, two credit codes: a question, not a merger"


def test_a_corrected_number_leaves_and_finds_its_own(town: SimpleNamespace) -> None:
    card, right = number(), number(serial=9)
    api.absorb("population", "police/residents", [resident("p1", "陈小明", card), resident("p2", "林大海", right)])
    api.absorb("population", "insurance/persons", [insured("s1", "林大海", card)])
    done = api.absorb("population", "insurance/persons", [insured("s1", "林大海", right)])
    assert done.counts["by_number"] == 1
    with system():
        assert Row.objects.get(key="s1").cluster == Row.objects.get(key="p2").cluster
        assert not Review.objects.filter(state="open").exists()


def test_a_changed_shape_is_refused_and_nothing_changes(town: SimpleNamespace) -> None:
    api.absorb("population", "police/residents", [resident("p1", "陈小明", number())])
    with pytest.raises(Invalid):
        api.absorb("population", "police/residents", [{"编号": "p1", "姓名": "陈小明"}])
    assert golden(number())["name"] == "陈小明"
    assert Delivery.objects.filter(step="failed").count() == 1
    with system():
        assert Row.objects.get().state == "linked"
