"""The story goes on in the offices: what ends a case early, items that change, notices, days and packs.

The chapters follow those of `test_story.py` on the same installation.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .installation import Walk
from .steps import latin, press, said, waited

ITEM = "enterprise_registration"
NAMES = [f"海口{word}商贸有限公司" for word in ("晨星", "暮云", "南溟", "听涛")]


@pytest.fixture(scope="module")
def cases(walk: Walk) -> dict[str, str]:
    """Four applications: for another office, not to be accepted, refused by one office, moved by a working day."""
    return dict(zip(("decline", "refuse", "one_refuses", "moves"), walk.applications(*NAMES), strict=True))


@pytest.mark.parametrize(
    ("end", "opens", "button", "words"),
    [
        ("decline", "不属本机关", "发出不属本机关受理的告知书", "不属"),
        ("refuse", "不予受理", "不予受理", "不予受理"),
    ],
)
def test_the_clerk_declines_or_refuses_with_a_notice(
    walk: Walk, cases: dict[str, str], end: str, opens: str, button: str, words: str
) -> None:
    page = walk.person("clerk", f"/cases/{cases[end]}/")
    page.locator(".tb-case-act summary").filter(has_text=opens).first.click()
    box = page.locator("details[open] form")
    box.get_by_role("button").click()
    page.wait_for_load_state()
    assert page.locator(".tb-errors").is_visible(), "a reason is needed"
    box = page.locator("details[open] form")
    box.locator("[name=reason]").fill("申请事项依法应当向省级机关提出")
    if end == "decline":
        box.locator("[name=instead]").fill("海南省市场监督管理局")
    box.get_by_role("button", name=button).click()
    page.wait_for_load_state()
    page = walk.person("second_applicant", f"/my/cases/{cases[end]}/")
    assert words in said(page)
    link = waited(page, "main a[href*='/documents/']:not(:has-text('回执'))")
    pdf = page.request.get(walk.url("public", str(link.get_attribute("href"))))
    assert pdf.ok
    assert pdf.body().startswith(b"%PDF")
    walk.look(page, f"case-{end}")
    assert latin(page) == []


def test_a_colleague_is_away_and_the_clerk_takes_the_tasks(walk: Walk, cases: dict[str, str]) -> None:
    page = walk.person("absent", "/inbox/")
    for box in page.locator("tbody input[type=checkbox]").all():
        box.check()
    press(page, "认领所选任务")
    page = walk.person("clerk", "/inbox/")
    name = walk.accounts["absent"]["name"]
    option = page.locator("#who option").filter(has_text=name)
    page.select_option("#who", str(option.get_attribute("value")))
    press(page, "筛选")
    theirs = page.locator("tbody tr").count()
    assert theirs >= 2
    walk.look(page, "inbox-absent")
    for box in page.locator("tbody input[type=checkbox]").all():
        box.check()
    press(page, "认领所选任务")
    assert f"已变更{theirs}项任务" in said(page)
    for case in ("one_refuses", "moves"):
        page.goto(walk.url("staff", f"/cases/{cases[case]}/"))
        press(page, "予以受理")
        assert "已受理" in said(page)


def test_one_office_refuses_and_the_answer_is_one(walk: Walk, cases: dict[str, str]) -> None:
    decisions = (
        ("commerce", "grant", "同意。"),
        ("tax", "refuse", "住所资料不符合税务登记的要求。"),
        ("quality", "grant", "同意。"),
    )
    for who, outcome, opinion in decisions:
        page = walk.person(who, f"/cases/{cases['one_refuses']}/")
        page.locator(f"[name=outcome][value={outcome}]").check()
        page.fill("#id_opinion", opinion)
        press(page, "提交决定")
        assert "您的决定已记录" in said(page)
    page = walk.person("second_applicant", f"/my/cases/{cases['one_refuses']}/")
    assert "不予" in said(page)
    assert waited(page, "main a[href*='/documents/']:has-text('不予行政许可决定书')").is_visible()
    walk.look(page, "case-refused")
    assert latin(page) == []


def test_a_day_is_saved_and_the_deadline_moves(walk: Walk, cases: dict[str, str]) -> None:
    due, number = walk.installation.rows("select due, case_no from hall_case where public_id = %s", cases["moves"])[0]
    page = walk.person("system_admin", f"/calendar/day/{due}/")
    page.select_option("[name=kind]", "holiday")
    page.fill("[name=name]", "台风停工")
    press(page, "查看影响的期限")
    assert number in said(page)
    walk.look(page, "calendar-preview")
    press(page, "保存并调整期限")
    page.goto(walk.url("staff", "/calendar/moves/"))
    assert number in said(page)
    assert "海口市市场监督管理局" in said(page)
    walk.look(page, "calendar-moves")
    assert latin(page) == []
    page = walk.person("second_applicant", f"/my/cases/{cases['moves']}/")
    waited(page, "main :text('最初日期为')")
    walk.look(page, "case-moved")


def test_an_item_is_edited_reviewed_and_published(walk: Walk) -> None:
    page = walk.person("editor", f"/items/{ITEM}/")
    press(page, "编辑")
    page.fill("[name=promise_day]", "90")
    page.fill("[name=accept_condition]", "有符合规定的名称\n有经营场所")
    press(page, "保存并继续")
    page.locator(".item-entry summary").first.click()
    page.fill("[name=e-0-fill_explain]", "由全体股东签名")
    press(page, "保存")
    assert "草稿已保存" in said(page)
    edit = re.search(r"/edits/(\w+)/", page.url).group(1)  # type: ignore[union-attr]
    for part in ("fields", "materials"):
        page.goto(walk.url("staff", f"/items/edits/{edit}/{part}/"))
        walk.look(page, f"item-{part}")
        assert latin(page) == []
    page.goto(walk.url("staff", f"/items/edits/{edit}/"))
    page.fill("#id_reason", "缩短时限，明确条件")
    press(page, "提交法制审核")
    assert page.locator(".tb-errors").is_visible(), "a promise longer than the law allows is not sent"
    assert page.input_value("#id_reason") == "缩短时限，明确条件"
    page.goto(walk.url("staff", f"/items/edits/{edit}/fields/"))
    page.fill("[name=promise_day]", "2")
    press(page, "保存")
    page.goto(walk.url("staff", f"/items/edits/{edit}/"))
    page.fill("#id_reason", "缩短时限，明确条件")
    press(page, "提交法制审核")
    _reviewed(walk, edit)
    page.goto(walk.url("staff", f"/items/edits/{edit}/"))
    press(page, "发布")
    assert "已生效" in said(page)
    assert "2个工作日" in said(walk.anybody(f"/items/{ITEM}/"))


def _reviewed(walk: Walk, edit: str) -> None:
    page = walk.person("legal", "/messages/")
    assert "待法制审核" in said(page)
    page.goto(walk.url("staff", f"/items/edits/{edit}/"))
    walk.look(page, "item-review")
    assert latin(page) == []
    press(page, "退回并说明理由")
    assert page.locator(".tb-errors").is_visible()
    page.fill("#id_opinion", "同意。")
    press(page, "审核通过")
    assert "审核通过" in said(page)


def test_two_versions_stand_side_by_side(walk: Walk) -> None:
    page = walk.person("editor", f"/items/{ITEM}/versions/")
    assert page.locator("del").first.is_visible()
    assert page.locator("ins").first.is_visible()
    walk.look(page, "item-versions")
    assert latin(page, "enterprise_registration") == []


def test_pausing_goes_through_the_review_too(walk: Walk) -> None:
    page = walk.person("editor", f"/items/{ITEM}/state/pause/")
    walk.look(page, "item-pause")
    page.fill("#id_reason", "系统升级")
    press(page, "提交法制审核")
    assert "法制审核中" in said(page)
    press(page, "放弃本次变更")
    page.goto(walk.url("staff", "/items/edits/?over=1"))
    assert "已放弃" in said(page)
    walk.look(page, "item-changes")


def test_a_list_is_imported_after_reading_its_report(walk: Walk, tmp_path: Path) -> None:
    path = tmp_path / "事项清单.csv"
    path.write_bytes(
        "事项名称,实施部门,承诺办结时限\n养犬登记,海口市公安局,5个工作日\n,海口市公安局,3\n".encode("gb18030")
    )
    page = walk.person("system_admin", "/items/import/")
    walk.look(page, "item-import")
    page.set_input_files("#id_file", path)
    press(page, "检查清单")
    assert "不予导入\n1" in said(page)
    walk.look(page, "item-import-report")
    press(page, "发布 1 个事项")
    assert "新增" in said(page)
    assert "养犬登记" in said(walk.anybody("/services/?q=养犬登记"))


def test_a_pack_is_planned_and_installed(walk: Walk) -> None:
    walk.installation.rows("delete from hall_service where item = 'elder_card' returning item")
    assert walk.installation.rows("delete from packs_installed where key = 'elder_card' returning key")
    page = walk.person("system_admin", "/packs/elder_card/")
    walk.look(page, "pack")
    press(page, "查看安装会改变什么")
    page.get_by_role("link", name="安装", exact=True).wait_for()
    walk.look(page, "pack-plan")
    page.get_by_role("link", name="安装", exact=True).click()
    page.get_by_role("button", name="安装", exact=True).click()
    page.wait_for_load_state()
    page.get_by_text("已完成的变更").wait_for()
    walk.look(page, "pack-installed")


def test_a_notice_is_written_by_one_and_published_by_another(walk: Walk) -> None:
    page = walk.person("editor", "/notices/write/")
    page.fill("#id_title", "元旦期间值班安排")
    page.fill("#id_body", "1月1日至3日实行值班制。\n\n网上办事不受影响。")
    press(page, "预览")
    assert "网上办事不受影响" in page.locator("article").inner_text()
    walk.look(page, "notice-write")
    press(page, "保存并提交发布")
    page = walk.person("leader", "/notices/")
    page.get_by_role("link", name="元旦期间值班安排").click()
    walk.look(page, "notice-publish")
    assert latin(page) == []
    press(page, "在公众网站发布")
    walk.look(page, "notices")
    assert "元旦期间值班安排" in said(walk.anybody("/"))
