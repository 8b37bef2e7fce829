"""What a document says, and what can never get into one."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pikepdf
import pypdf
import pytest
from django.utils.translation import gettext_lazy as later

from tongban.engine.documents import drawing
from tongban.engine.documents.kinds import kinds
from tongban.engine.documents.values import plain, restored

BASE: dict[str, Any] = {
    "issuer": "海口市示范市场监督管理局",
    "number": "海示许受〔2026〕12号",
    "date": date(2026, 11, 21),
    "addressee": "海南示范云帆科技有限公司",
    "item": "企业设立登记",
    "case_no": "460100202611210001",
    "submitted": datetime(2026, 11, 20, 1, 5, tzinfo=UTC),
    "accepted": date(2026, 11, 21),
    "due": date(2026, 12, 18),
    "limit": "20个工作日",
    "licensing": True,
    "query_code": "K7M4Q2X9",
    "lacks": [{"what": "章程", "problem": "缺签名", "need": "补签"}],
    "reason": "申请材料不实。",
    "reasons": ["名称重复。"],
    "procedure": "专家评审",
    "since": date(2026, 11, 25),
    "days": 10,
    "withdrawn": date(2026, 11, 22),
    "verify_url": "https://gov.example/verify/x",
    "title": "营业执照",
    "holder": "海南示范云帆科技有限公司",
    "identifier": "1.2.156.3005.2.X.1",
    "face": [{"label": "名称", "value": "海南示范云帆科技有限公司"}],
    "sections": [{"title": "人口信息库", "rows": [{"label": "姓名", "value": "测试甲"}]}],
}


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    # Some glyphs come back as the compatibility characters that share them; layout breaks are of no interest.
    return "".join("".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize("kind", sorted(kinds))
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_kind_becomes_pdf_a_3u_on_one_page(kind: str, language: str) -> None:
    content = drawing.render(kind, BASE, language)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        meta = pdf.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "U")
        assert len(pdf.pages) == 1
        fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
        assert all("/FontFile3" in d.FontDescriptor or "/FontFile2" in d.FontDescriptor
                   for font in fonts for d in font.DescendantFonts)  # fmt: skip
        assert "/JavaScript" not in pdf.Root.get("/Names", {})


def test_equal_facts_give_equal_bytes() -> None:
    assert drawing.render("acceptance", BASE) == drawing.render("acceptance", BASE)
    assert drawing.render("acceptance", BASE) != drawing.render("acceptance", {**BASE, "case_no": "other"})


def test_an_acceptance_says_what_the_law_wants() -> None:
    text = text_of(drawing.render("acceptance", BASE))
    for words in ("行政许可申请受理通知书", "2026年11月20日", "20个工作日", "2026年12月18日", "海示许受〔2026〕12号"):
        assert words in text
    assert "2026年11月21日" in text


def test_a_decline_names_the_office_that_is_responsible() -> None:
    text = text_of(drawing.render("decline", {**BASE, "instead": "三亚市示范民政局"}))
    assert "三亚市示范民政局" in text and "不属于本机关职权范围" in text


def test_a_public_service_is_not_called_a_licence() -> None:
    text = text_of(drawing.render("acceptance", {**BASE, "licensing": False}))
    assert "受理通知书" in text and "行政许可" not in text


def test_a_correction_lists_everything_and_may_run_over_pages() -> None:
    lacks = [{"what": f"材料{i}", "problem": "过期" * 20, "need": "更换"} for i in range(60)]
    content = drawing.render("correction", {**BASE, "lacks": lacks})
    text = text_of(content)
    assert len(pypdf.PdfReader(io.BytesIO(content)).pages) > 1
    assert all(f"材料{i}" in text for i in range(60))


def test_demonstrations_say_so(settings: Any) -> None:
    settings.TONGBAN_DEMO = True
    assert "示范文书" in text_of(drawing.render("acceptance", BASE))
    settings.TONGBAN_DEMO = False
    assert "示范文书" not in text_of(drawing.render("acceptance", BASE))


def test_a_missing_fact_is_named() -> None:
    with pytest.raises(KeyError, match="due"):
        drawing.render("acceptance", {key: value for key, value in BASE.items() if key != "due"})


HOSTILE = [
    "<script>x</script><b>bold</b>",
    "{{ settings.SECRET_KEY }}{% load static %}{{ x.__class__ }}",
    "</p><img src=file:///etc/passwd><link rel=stylesheet href=http://127.0.0.1:9/x>",
    "<style>@import url(http://127.0.0.1:9/y)</style>",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_t26_t29_facts_are_words_and_nothing_is_fetched(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(drawing._NoFetching, "fetch", lambda self, url, headers=None: asked.append(url))
    everywhere = {**BASE, "addressee": words, "item": words, "issuer": words[:30], "number": words[:30]}
    content = drawing.render("acceptance", everywhere)
    assert asked == []
    assert "".join(words.split())[:20] in text_of(content)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://127.0.0.1:9/", "data:text/css,*{}", "//host/x", "ftp://h/x"]
)
def test_t29_the_renderer_fetches_nothing_even_when_told_to(url: str) -> None:
    with pytest.raises(OSError, match="fetch nothing"):
        drawing._NoFetching().fetch(url)


class Reaching:
    delete = "called"


@pytest.mark.parametrize("value", [Reaching(), Reaching, [Reaching()], {"a": {"b": Reaching()}}, b"bytes", {1, 2}])
def test_t26_facts_are_plain_values_only(value: object) -> None:
    with pytest.raises(TypeError):
        plain({"fact": value})


def test_text_that_claims_to_be_safe_is_escaped_all_the_same() -> None:
    from django.utils.safestring import SafeString, mark_safe

    made = plain({"a": mark_safe("<b>"), "b": later("Yes")})
    assert type(made["a"]) is str and not isinstance(made["a"], SafeString)
    assert isinstance(made["b"], str)


def test_facts_come_back_from_storage_with_their_dates() -> None:
    stored = {"d": "2026-11-21", "m": "2026-11-20T01:05:00Z", "t": "2026-11-xx", "l": [{"d": "2026-01-02"}]}
    assert restored(stored) == {
        "d": date(2026, 11, 21),
        "m": datetime(2026, 11, 20, 1, 5, tzinfo=UTC),
        "t": "2026-11-xx",
        "l": [{"d": date(2026, 1, 2)}],
    }
