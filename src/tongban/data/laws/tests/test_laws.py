"""DATA-24: texts in, the text in force, articles, comparison, citations, search, pages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.test import Client

from tongban.base.kernel.api import NotFound
from tongban.data.laws import api
from tongban.data.laws.data import Status
from tongban.data.laws.parsing import number, numeral
from tongban.engine.registers import api as registers

from .conftest import FIRST, ROOT

NAME = "中华人民共和国示范法"
REAL = ROOT.parent / "shared/data/laws"


def test_numbers_are_read_as_they_are_written() -> None:
    assert [number(text) for text in ("十二", "二十", "一百零三", "一千二百六十", "12")] == [12, 20, 103, 1260, 12]
    assert all(number(numeral(value)) == value for value in range(1, 1300))


def test_importing_twice_changes_nothing_and_a_bad_file_does_not_stop_the_others(base: None, folder: Path) -> None:
    (folder / "坏.md").write_bytes("# 坏\n第一条 好".encode("gb18030"))
    (folder / "空法(2020-01-01).md").write_text("# 空法\n\n没有条文", "utf-8")
    first = api.import_folder(folder)
    assert (first.added, first.refused, first.articles) == (2, 2, 9)
    assert {(f.file, f.code) for f in first.findings if f.level == "error"} == {
        ("坏.md", "encoding"),
        ("空法(2020-01-01).md", "no_articles"),
    }
    again = api.import_folder(folder)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


def test_the_text_in_force_is_found_by_day(base: None, folder: Path) -> None:
    api.import_folder(folder)
    new, old = api.versions(NAME)
    assert (old.effective, old.stated) == (date(2010, 5, 1), True)
    assert (new.effective, new.stated) == (date(2020, 6, 1), False), (
        "the first text's day says nothing of the amendment"
    )
    assert api.in_force(NAME, date(2010, 4, 30)) is None
    assert api.in_force(NAME, date(2015, 1, 1)) == old
    assert api.in_force(NAME, date(2020, 6, 1)) == new
    api.repeal(NAME, date(2025, 1, 1), by=None, reason="废止决定")
    assert api.in_force(NAME, date(2025, 1, 1)) is None
    assert api.versions(NAME)[0].status(date(2025, 1, 1)) is Status.REPEALED
    api.import_folder(folder)
    assert api.versions(NAME)[0].repealed == date(2025, 1, 1), "importing again keeps the repeal"


def test_articles_are_addressable(base: None, folder: Path) -> None:
    api.import_folder(folder)
    new = api.versions(NAME)[0]
    assert api.article(new, "第二条") == api.article(new, 2)
    assert api.article(new, "第二条").heading == "第一章 总则"
    assert len(api.article(new, "第二条").paragraphs) == 4
    for wrong in ("第九条", "条", "第二条; DROP", ""):
        with pytest.raises(NotFound):
            api.article(new, wrong)


def test_a_comparison_follows_an_article_that_was_renumbered(base: None, folder: Path) -> None:
    api.import_folder(folder)
    new, old = api.versions(NAME)
    found = {(d.kind, d.old and d.old.label, d.new and d.new.label) for d in api.compare(old, new)}
    assert ("added", None, "第三条") in found
    assert ("changed", "第三条", "第四条") in found
    assert ("same", "第四条", "第五条") in found
    changed = next(d for d in api.compare(old, new) if d.kind == "changed")
    assert [text for text, state in changed.pieces if state == "old"] == ["三"]
    assert "".join(text for text, state in changed.pieces if state != "new") == changed.old.text  # type: ignore[union-attr]


def test_citations_resolve_to_the_article_in_force(base: None, folder: Path) -> None:
    api.import_folder(folder)
    text = "依据《示范法》第三条、第二条第二款，《中华人民共和国示范法》（2020年修正）第九条，"
    text += "《无名法》第一条，《示范法》。"
    now = api.resolve(text, date(2021, 1, 1))
    assert [(c.label, c.problem) for c in now] == [
        ("第三条", ""), ("第二条", ""), ("第九条", "no_article"), ("第一条", "unknown_law"), ("", ""),
    ]  # fmt: skip
    assert now[0].found and now[0].found.text == "示范应当真实。"
    assert now[1].paragraph == 2
    before = api.resolve("《示范法》第三条", date(2015, 1, 1))[0]
    assert before.found and before.found.text == "申请人应当提交三份材料。"
    assert api.resolve("《示范法》第三条", date(2000, 1, 1))[0].problem == "not_in_force"
    assert api.resolve("《示范法》第一条第七款", date(2021, 1, 1))[0].problem == "no_article"


@pytest.mark.urls("tongban.site.urls_public")
def test_anybody_reads_searches_and_compares(base: None, folder: Path) -> None:
    api.import_folder(folder)
    client = Client()
    assert NAME in client.get("/laws/").content.decode()
    found = client.get("/laws/", {"q": "两份材料"}).content.decode()
    assert f"/laws/{NAME}/#a400" in __import__("urllib.parse").parse.unquote(found)
    page = client.get(f"/laws/{NAME}/", {"on": "2015-01-01"}).content.decode()
    assert "三份材料" in page
    assert "两份材料" not in page
    assert "<del>三</del><ins>两</ins>" in client.get(f"/laws/{NAME}/compare/").content.decode()
    assert client.get("/laws/不存在法/").status_code == 404
    assert client.get(f"/laws/{NAME}/", {"version": "x' OR 1"}).status_code == 404
    assert client.get(f"/laws/{NAME}/", {"on": "never"}).status_code == 422


def test_markup_in_a_law_is_shown_as_text(base: None, tmp_path: Path) -> None:
    (tmp_path / "标记法(2010-03-01).md").write_text(FIRST.replace("为了示范", "<script>x</script>"), "utf-8")
    api.import_folder(tmp_path)
    page = Client().get(f"/laws/{NAME}/").content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.skipif(not REAL.is_dir(), reason="the real statutes lie beside the repository, not in it")
def test_the_real_statutes_are_read_whole(base: None) -> None:
    report = api.import_folder(REAL)
    assert (report.read, report.refused) == (86, 0)
    assert registers.find("law", short="立法法")
    found = api.resolve("《中华人民共和国立法法》第八十二条、《残疾人保障法》第五条", date(2024, 1, 1))
    assert [citation.problem for citation in found] == ["", ""]
    new, old = api.versions("中华人民共和国立法法")
    kinds = [difference.kind for difference in api.compare(old, new)]
    assert kinds.count("same") > 50
    assert kinds.count("changed") > 20
    assert kinds.count("added") > 5
