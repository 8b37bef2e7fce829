"""The staff pages, over HTTP: the life cycle by clicking, and who is kept out (T13)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from PIL import Image

from tongban.base.files import api as files
from tongban.base.kernel.api import today
from tongban.data.catalogue import api
from tongban.data.catalogue.data import Item, Level, Openness, Resource, Sharing, State

from .conftest import ENTERPRISES
from .test_harvest import CATALOGUE as HARVESTED
from .test_import import FIRST, HEAD, REST, WRONG


@pytest.fixture
def site(town: SimpleNamespace, settings: object) -> Callable[[str], Client]:
    settings.ROOT_URLCONF = "tongban.site.urls_staff"  # type: ignore[attr-defined]

    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.get(username=name))
        return client

    return sign_in


FORM = {
    "provider": "46.ic", "title": "抽查计划", "summary": "年度计划", "category": "3", "project": "07", "subject": "003",
    "format": "database", "cycle": "yearly", "sharing": "unconditional", "modes": ["batch"], "openness": "closed",
    "level": "internal", "zone": "outer", "system": "监管系统", "owner": "处长", "operator": "中心", "revision": "0",
    "items-TOTAL_FORMS": "2", "items-INITIAL_FORMS": "0", "items-0-name": "plan", "items-0-title": "计划名称",
    "items-0-type": "C", "items-0-length": "100", "items-1-type": "C",
}  # fmt: skip


def test_scn_23_by_clicking(town: SimpleNamespace, site: Callable[[str], Client]) -> None:
    editor = site("editor")
    wrong = editor.post("/catalogue/new/", FORM | {"project": "x"})
    assert wrong.status_code == 422 and not api.resources(state=State.DRAFT).rows
    made = editor.post("/catalogue/new/", FORM | {"act": "submit"})
    assert made.status_code == 302
    (one,) = api.resources(state=State.UNIT_REVIEW)
    page = f"/catalogue/{one.id}/review/"
    for name, typed in (
        ("chief", {"act": "review", "passed": "yes", "revision": 2}),
        ("secrecy", {"act": "secrecy", "passed": "yes", "filing_number": "密审1号", "revision": 3}),
        ("authority", {"act": "authority", "passed": "yes", "revision": 4}),
        ("authority", {"act": "publish", "revision": 5}),
    ):
        client = site(name)
        assert client.get(page).status_code == 200
        assert client.post(page, typed).status_code == 302, name
    user = site("user")
    assert "抽查计划" in user.get("/catalogue/?q=抽查&office=示范省市场").content.decode()
    wish = {
        "office": town.tax.id, "items": ["plan"], "basis": "条例", "purpose": "安排联合抽查", "system": "s",
        "mode": "batch",         "frequency": "每年", "until": (today() + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    answer = user.post(f"/catalogue/{one.id}/request/", wish)
    (asked,) = api.requests()
    assert answer.headers["Location"] == f"/catalogue/requests/{asked.id}/" and asked.grant
    grant = f"/catalogue/grants/{asked.grant}/"
    wrong = user.post(grant, {"act": "feedback", "effect": "", "cases": "x", "score": "9"})
    assert wrong.status_code == 422 and api.feedback(asked.grant) == []
    said = {"act": "feedback", "effect": "联合抽查少跑一次", "cases": "12", "score": "4"}
    assert user.post(grant, said).status_code == 302
    assert "联合抽查少跑一次" in site("chief").get(grant).content.decode()
    assert site("chief").post(grant, {"act": "supply"}).status_code == 302 and api.grant(asked.grant).supplied_at
    for name, paths in {
        "user": (
            "",
            "requests/",
            f"requests/{asked.id}/",
            f"grants/{asked.grant}/",
            "objections/",
            f"{one.id}/object/",
        ),
        "chief": ("requests/decide/", f"requests/{asked.id}/", "objections/", f"{one.id}/", "reviews/"),
        "authority": ("figures/", "quality/", f"{one.id}/quality/", f"{one.id}/retire/", f"{one.id}/"),
        "editor": ("new/", "registers/", "import/", "import/template.xlsx", f"{one.id}/edit/", f"{one.id}/quality/"),
    }.items():
        client = site(name)
        for path in paths:
            assert client.get(f"/catalogue/{path}").status_code == 200, (name, path)


def test_t13_others_offices_get_nothing(town: SimpleNamespace, site: Callable[[str], Client]) -> None:
    draft = api.compile(town.editor, ENTERPRISES)
    user, stranger = site("user"), site("stranger")
    for path in ("", "edit/", "review/", "quality/", "compare/?old=1&new=1"):
        assert user.get(f"/catalogue/{draft.id}/{path}").status_code in (403, 404), path
    assert stranger.get("/catalogue/requests/decide/").status_code == 403
    assert user.post(f"/catalogue/{draft.id}/review/", {"act": "publish", "revision": 1}).status_code in (403, 404)
    assert api.resource(draft.id).state is State.DRAFT


def test_a_value_is_doubted_and_answered_under_the_site_s_own_role(
    town: SimpleNamespace, site: Callable[[str], Client], published: Callable[..., Resource]
) -> None:
    one = published()
    typed = {
        "office": town.tax.id, "item": "name", "key": "91350100M000100Y43", "wrong": "甲", "right": "乙",
        "reason": "执照不同",         "evidence": SimpleUploadedFile("说明.txt", "营业执照载明的名称".encode()),
    }  # fmt: skip
    refused = site("user").post(f"/catalogue/{one.id}/object/", typed)
    assert refused.status_code == 422 and api.objections() == []  # evidence is a document or a picture
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(picture, "PNG")
    typed["evidence"] = SimpleUploadedFile("执照.png", picture.getvalue())
    made = site("user").post(f"/catalogue/{one.id}/object/", typed)
    page = made.headers["Location"]
    chief = site("chief")
    shown = chief.get(page).content.decode()
    assert "91350100M000100Y43" in shown and "执照.png" in shown
    (file,) = files.files_of(api.objections()[0].ref)
    assert chief.get(f"{page}evidence/{file.id}/").status_code == 200
    for path in (page, f"{page}evidence/{file.id}/"):
        assert site("tax_chief").get(path).status_code == 200 and site("stranger").get(path).status_code == 404
    assert chief.post(page, {"corrected": "yes", "answer": "录入错误", "version": 1}).status_code == 302
    assert api.objections()[0].value == "乙"


def test_t45_the_public_process_sees_open_entries_only(
    town: SimpleNamespace, published: Callable[..., Resource]
) -> None:
    items = (Item("plan", "计划", length=9),)
    shown = published(
        title="公共停车场", items=items, sharing=Sharing.UNCONDITIONAL, openness=Openness.OPEN, level=Level.PUBLIC
    )
    published(title="内部计划", items=items)
    api.compile(town.editor, ENTERPRISES)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        assert (
            [one.code for one in api.open_resources("停车")]
            == [shown.code]
            == [one.code for one in api.open_resources()]
        )
        for table in ("resource", "edition", "item", "request", "grant", "objection"):
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(f"SELECT 1 FROM catalogue_{table}")
        cursor.execute("RESET ROLE")


def test_another_catalogue_is_judged_and_kept_as_drafts(town: SimpleNamespace, site: Callable[[str], Client]) -> None:
    editor = site("editor")
    for act, kept in (("judge", 0), ("keep", 3), ("keep", 3)):
        file = SimpleUploadedFile("c.ttl", HARVESTED.encode())
        page = editor.post("/catalogue/harvest/", {"act": act, "office": "46.ic", "file": file}, follow=True)
        told = page.content.decode()
        assert page.status_code == 200 and "学校" in told and "dct:title" in told
        assert len(api.resources(state=State.DRAFT)) == kept
    (one,) = [row for row in api.resources(state=State.DRAFT) if row.title == "学校"]
    assert (one.provider, one.openness, one.level) == ("46.ic", Openness.CLOSED, Level.INTERNAL)
    broken = editor.post("/catalogue/harvest/", {"act": "keep", "file": SimpleUploadedFile("x", b"<html>")})
    assert broken.status_code == 200 and "web_page" in broken.content.decode()
    assert editor.post("/catalogue/harvest/", {"act": "keep"}).status_code == 422
    assert site("user").get("/catalogue/harvest/").status_code == 403
    assert len(api.resources(state=State.DRAFT)) == 3


def test_entries_come_by_file_and_their_quality_by_rules(
    town: SimpleNamespace, site: Callable[[str], Client], run_jobs: Callable[[], int]
) -> None:
    editor = site("editor")
    content = "\n".join((HEAD, FIRST, REST, WRONG)).encode("utf-8-sig")
    for act, kept in (("try", 0), ("take", 1)):
        answer = editor.post("/catalogue/import/", {"act": act, "file": SimpleUploadedFile("目录.csv", content)})
        page = answer["Location"]
        waits = editor.get(page, headers={"HX-Request": "true"}).content.decode()
        assert "every 1s" in waits and not waits.lstrip().startswith("<!DOCTYPE")
        run_jobs()
        ended = editor.get(page).content.decode()
        assert "抽查结果" in ended and "every 1s" not in ended
        assert site("tax_editor").get(page).status_code == 404
        assert len(api.resources(state=State.DRAFT)) == kept
    assert editor.post("/catalogue/import/", {"act": "take"}).status_code == 422
    (one,) = api.resources(state=State.DRAFT)
    rules = {"rules-TOTAL_FORMS": "2", "rules-INITIAL_FORMS": "0", "rules-0-kind": "range", "rules-0-item": "staff"}
    page = f"/catalogue/{one.id}/quality/"
    assert editor.post(page, rules | {"rules-0-setting": "many"}).status_code == 422
    assert editor.post(page, rules | {"rules-0-setting": "0..1000000"}).status_code == 302
    assert [rule.setting for rule in api.rules(one.id)] == ["0..1000000"]
    assert site("authority").post(f"/catalogue/{one.id}/retire/", {"reason": "x"}).status_code == 403


def test_data_09_items_are_picked_from_the_data_elements(town: SimpleNamespace, site: Callable[[str], Client]) -> None:
    sheet = "标识,中文名称,数据类型,数据长度,来源标准\nlegal_entity.uscc,统一社会信用代码,C,18,GB 32100-2015".encode()
    page = "/catalogue/elements/"
    assert site("editor").post(page, {"file": SimpleUploadedFile("a.csv", sheet)}).status_code == 403
    assert api.elements() == []
    told = site("authority").post(page, {"file": SimpleUploadedFile("a.csv", sheet)}).content.decode()
    assert "GB 32100-2015" in told and "新增数据元1个" in told
    editor = site("editor")
    assert "没有找到数据元" in editor.get(page, {"q": "姓名"}).content.decode()
    typed = {
        "act": "pick",
        "pick": "统一社会信用代码",
        "title": "甲",
        "items-TOTAL_FORMS": "1",
        "items-INITIAL_FORMS": "0",
    }
    shown = editor.post("/catalogue/new/", typed | {"items-0-title": "乙", "items-0-name": "b"})
    text = shown.content.decode()
    assert shown.status_code == 200 and all(f'value="{one}"' in text for one in ("甲", "乙", "b", "uscc", "18"))
    assert not api.resources(state=State.DRAFT)
