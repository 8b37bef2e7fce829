"""Chinese words inside text are found; everyday words are understood; nothing typed is an operator."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from django.db import connection

from tongban.base.kernel.api import Invalid, Ref
from tongban.engine.search import api

LAWS = Path(__file__).resolve().parents[6] / "shared" / "data" / "laws"
ITEMS = {
    "food": ("食品经营许可", "从事餐饮服务、食品销售的，应当依法取得食品经营许可证。", "commerce"),
    "company": ("有限责任公司设立登记", "在本市设立有限责任公司，申请名称、住所和注册资本登记。", "commerce"),
    "household": ("出生登记", "婴儿出生后一个月以内，由户主申报户口登记。", "police"),
    "share": ("政务信息资源共享申请", "推进政务信息资源目录和信用体系建设，实现部门间信息资源共享。", "data"),
    "tree": ("林木采伐许可证核发", "采伐林木必须申请采伐许可证。", "forestry"),
}


def ref(key: str) -> Ref:
    return Ref("hall.item", key)


@pytest.fixture
def items(db: None) -> None:
    for key, (title, text, department) in ITEMS.items():
        api.index(ref(key), title, text, {"department": department, "audience": ["person", "legal"]})


def found(text: str, **asked: object) -> list[str]:
    return [hit.subject.id for hit in api.query(text, **asked)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("餐饮", "food"),
        ("经营许可", "food"),
        ("政务信息资源", "share"),
        ("信用体系建设", "share"),
        ("息资源共", "share"),
        ("资源 目录", "share"),
        ("户口", "household"),
        ("采伐许可证", "tree"),
        ("有限责任公司", "company"),
        ("开饭馆", "food"),
        ("我想开饭馆，要什么手续？", "food"),
        ("开公司", "company"),
        ("生了孩子怎么上户口", "household"),
        ("砍树要办什么证", "tree"),
        ("ＳＨＩ", ""),
    ],
)
@pytest.mark.django_db
def test_words_inside_text_and_everyday_words(items: None, text: str, first: str) -> None:
    assert (found(text) or [""])[0] == first


@pytest.mark.django_db
def test_a_misspelt_title_is_found_by_its_parts(items: None) -> None:
    assert found("林木采阀许可证核发")[0] == "tree"


@pytest.mark.django_db
def test_hits_mark_what_was_found(items: None) -> None:
    hit = api.query("信用体系").hits[0]
    assert [f.text for f in hit.excerpt if f.hit] == ["信用体系"]
    assert hit.plain_title == "政务信息资源共享申请" and "department=data" in hit.facets
    assert "餐饮" in api.query("开饭馆").read_as
    api.index(ref("evil"), "<script>alert(1)</script>餐饮", "x")
    assert "".join(str(f) for f in api.query("script").hits[0].title) == "<script>alert(1)</script>餐饮"


@pytest.mark.django_db
def test_facets_kinds_and_audience_narrow(items: None) -> None:
    assert found("许可", facets={"department": "commerce"}) == ["food"]
    assert set(found("许可", facets={"department": ["commerce", "forestry"]})) == {"food", "tree"}
    assert found("许可", kinds=["hall.case"]) == []
    api.index(ref("inner"), "内部许可审查要点", "许可", audience="staff")
    assert "inner" not in found("审查要点")
    assert found("审查要点", audience=["public", "staff"]) == ["inner"]


@pytest.mark.django_db
def test_indexing_again_replaces_and_removing_removes(items: None) -> None:
    api.index(ref("food"), "小作坊登记", "豆腐")
    assert found("餐饮服务") == [] and found("豆腐") == ["food"]
    api.remove(ref("food"))
    assert found("豆腐") == []


@pytest.mark.django_db
def test_pages_show_each_hit_once(db: None) -> None:
    api.index_many(api.Document(ref(f"n{i}"), f"许可事项{i}", "统一许可") for i in range(95))
    seen: list[str] = []
    after = None
    while True:
        hits = api.query("许可", limit=20, after=after)
        seen += [hit.subject.id for hit in hits]
        after = hits.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 95
    assert len(api.query("许可", limit=10_000)) == 50
    assert len(api.query("许可", after="x; DROP TABLE")) == 20


HOSTILE = [
    *(
        "'",
        "\\",
        "&",
        "|",
        "!",
        ":*",
        "a:*",
        "' | '",
        "\\'",
        "<->",
        "(((",
        "%",
        "_",
        "a\0b",
        " ",
        "",
        "\ud7ff",
    ),
    *("😀" * 300, "'餐饮' & !'x'", "的", "怎么办理", "\ud800", "x" * 5000, "餐饮\\' OR 1=1 --"),
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.django_db
def test_t32_anything_may_be_typed(items: None, text: str) -> None:
    assert len(api.query(text)) <= 5
    api.index(ref("typed"), text, text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search_entry")
        assert cursor.fetchone()[0] == 6


@pytest.mark.django_db
def test_an_everyday_word_is_taught_and_forgotten(items: None) -> None:
    assert found("伐木头") != ["tree"]
    api.set_synonym("伐木头", ["林木采伐"])
    assert found("伐木头")[0] == "tree" and api.synonyms()["伐木头"] == ("林木采伐",)
    api.remove_synonym("伐木头")
    assert "伐木头" not in api.synonyms()
    for word, targets in (("x", ["y"]), ("xx", []), ("xx", [" "]), ("x" * 41, ["y"])):
        with pytest.raises(Invalid):
            api.set_synonym(word, targets)
    assert len(api.synonyms()) > 80


@pytest.mark.skipif(not LAWS.exists(), reason="the law texts are not part of the repository")
@pytest.mark.django_db
def test_recall_on_real_texts_is_that_of_reading_everything(db: None) -> None:
    """A word cut differently in document and query is still found: 120 strings taken out of real statutes."""
    draw = random.Random(3)
    texts = {path.stem: path.read_text("utf-8")[:20_000] for path in sorted(LAWS.glob("*/*.md"))[:25]}
    api.index_many(api.Document(Ref("law", name), name, text) for name, text in texts.items())
    runs = {name: re.findall(r"[\u4e00-\u9fff]{9,}", text) for name, text in texts.items()}
    missed = []
    for _case in range(120):
        run = draw.choice(draw.choice([found for found in runs.values() if found]))
        start, length = draw.randrange(len(run) - 6), draw.choice([2, 3, 4, 6])
        word = run[start : start + length]
        there = {name for name, body in texts.items() if word in body}
        hits, after = set(), None
        while True:
            page = api.query(word, kinds=["law"], limit=50, after=after)
            hits |= {hit.subject.id for hit in page}
            after = page.after
            if after is None:
                break
        if not there <= hits:
            missed.append((word, len(there - hits), len(there)))
    assert not missed, missed
