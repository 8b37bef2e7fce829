"""Pages of items: what the public reads, what the offices do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

from tongban.data.laws import api as laws
from tongban.engine.registers import api as registers
from tongban.work.hall.items import actions
from tongban.work.hall.items import api as items
from tongban.work.hall.items.data import ItemState
from tongban.work.hall.models import Item

Site = Callable[..., Any]


def words(response: Any) -> str:
    return " ".join(html.fromstring(response.content).text_content().split())


def test_the_guide_says_everything_to_everybody(hall: SimpleNamespace, site: Site) -> None:
    response = site("public").get("/items/residence_permit/")
    assert response.status_code == 200
    text = words(response)
    expected = [
        "居住证办理",
        "10 working days",
        "15 working days",
        "1 visit at most",
        "须现场采集照片",
        "Free of charge",
    ]
    expected += [
        "居住半年以上",
        "居民身份证",
        "授权委托书",
        "受理",
        "《居住证暂行条例》第九条",
        "0898-00000000",
        "示例清单",
    ]
    for part in expected:
        assert part in text, part
    assert "nothing to hand in" in text
    assert "Apply online" not in text


def test_the_legal_basis_leads_to_the_article_in_force(hall: SimpleNamespace, site: Site, tmp_path: Path) -> None:
    """What the register of laws has becomes a link, each article its own; the rest stays as it is written."""
    registers.forget_definitions()
    folder = Path(__file__).resolve().parents[6] / "packs/laws/registers"
    registers.apply([registers.parse(file.read_text("utf-8"), file.name) for file in sorted(folder.glob("*.yaml"))])
    text = "# 居住证暂行条例\n\n2015年11月26日 国务院令第663号公布\n\n<!-- INFO END -->\n\n"
    text += "".join(f"第{n}条 规定{n}。\n\n" for n in "一二三四五六七八九") + "第十条 本条例自2016年1月1日起施行。\n"
    (tmp_path / "居住证暂行条例(2015-11-26).md").write_text(text, "utf-8")
    laws.import_folder(tmp_path, by=None)
    basis = "依据《居住证暂行条例》第九条、第十条和第九十条\n《没有的条例》第一条"
    Item.objects.filter(key="residence_permit").update(by_law=basis)
    page = html.fromstring(site("public").get("/items/residence_permit/").content)
    links = [(a.text, unquote(a.get("href"))) for a in page.xpath("//section[@aria-labelledby='basis']//a")]
    assert links == [
        ("《居住证暂行条例》第九条", "/laws/居住证暂行条例/#a900"),
        ("第十条", "/laws/居住证暂行条例/#a1000"),
    ]
    assert "和第九十条" in page.text_content() and "《没有的条例》第一条" in page.text_content()
    assert site("public").get("/laws/居住证暂行条例/").status_code == 200
    registers.forget_definitions()


def test_the_situation_works_without_javascript(hall: SimpleNamespace, site: Site) -> None:
    client = site("public")
    page = html.fromstring(client.get("/items/residence_permit/?who=self").content)
    assert "授权委托书" not in page.text_content()
    assert page.xpath("//input[@name='who' and @checked]/@value") == ["self"]
    assert not page.xpath("//input[@name='paper']")
    page = html.fromstring(client.get("/items/residence_permit/?who=agent").content)
    assert "授权委托书" in page.text_content() and page.xpath("//input[@name='paper']")


def test_a_paused_item_says_why(hall: SimpleNamespace, site: Site) -> None:
    actions.set_state(Item.objects.get(key="residence_permit"), ItemState.PAUSED, "系统升级至月底", None)
    text = words(site("public").get("/items/residence_permit/"))
    assert "paused" in text and "系统升级至月底" in text


def test_an_unknown_item(hall: SimpleNamespace, site: Site) -> None:
    assert site("public").get("/items/no_such_item/").status_code == 404


def test_the_list_is_for_those_who_edit(hall: SimpleNamespace, site: Site) -> None:
    assert site("staff").get("/items/").status_code == 302
    assert site("staff", hall.stranger).get("/items/").status_code == 403
    response = site("staff", hall.editor).get("/items/?q=居住证")
    assert "居住证办理" in words(response) and "普通护照签发" not in words(response)


def test_the_item_shows_its_versions(hall: SimpleNamespace, site: Site) -> None:
    text = words(site("staff", hall.editor).get("/items/residence_permit/"))
    assert "Version 1" in text and "Pause" in text and "《居住证暂行条例》第九条" in text


def test_pausing_asks_for_a_reason(hall: SimpleNamespace, site: Site) -> None:
    client = site("staff", hall.editor)
    assert client.get("/items/residence_permit/state/pause/").status_code == 200
    assert client.post("/items/residence_permit/state/pause/", {"reason": ""}).status_code == 422
    assert client.get("/items/residence_permit/state/burn/").status_code == 404
    assert items.item("residence_permit").state is ItemState.IN_USE
    assert client.post("/items/residence_permit/state/pause/", {"reason": "系统维护"}).status_code == 302
    assert items.item("residence_permit").state is ItemState.IN_USE, "the legal review comes first"
    assert "Pause the item" in words(site("staff", hall.editor).get("/items/edits/"))


def test_a_list_is_checked_then_confirmed_once(hall: SimpleNamespace, site: Site) -> None:
    client = site("staff", hall.editor)
    assert client.get("/items/import/").status_code == 200
    assert client.post("/items/import/", {}).status_code == 422
    body = "事项名称,实施部门\n养犬登记,海口市公安局\n,海口市公安局\n".encode("gb18030")
    before = Item.objects.count()
    answer = client.post("/items/import/", {"file": SimpleUploadedFile("清单.csv", body), "attribution": "本局清单"})
    assert answer.status_code == 302
    text = words(client.get(answer.url))
    assert "name.missing" in text and "Publish 1 item" in text and "清单.csv" in text
    assert Item.objects.count() == before
    assert client.post(answer.url).status_code == 302
    assert Item.objects.count() == before + 1
    card = items.search_items("养犬登记").rows[0]
    assert card.department == "海口市公安局" and items.item(card.key).office == hall.office.ref
    assert client.post(answer.url).status_code == 404
    assert Item.objects.count() == before + 1


def test_a_report_belongs_to_who_asked_for_it(hall: SimpleNamespace, site: Site) -> None:
    answer = site("staff", hall.editor).post("/items/import/", {"file": SimpleUploadedFile("a.csv", b"not a list")})
    assert site("staff", hall.editor).get(answer.url).status_code == 200
    assert site("staff", hall.stranger).get(answer.url).status_code in (403, 404)
