"""The story of the main job, as its people see it in a browser, on both sites, desktop and phone (SCN-01).

The chapters follow each other on one installation with the demo province: each goes on from what the former left.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tongban.packs.data import SAMPLE_PDF
from tongban.site.demo.persons import default_region, generate_persons

from .conftest import PHONE
from .installation import Walk
from .steps import fill, latin, press, said, waited

ITEM = "enterprise_registration"


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The articles of association, as a file to hand in."""
    path = tmp_path_factory.mktemp("papers") / "公司章程.pdf"
    path.write_bytes(SAMPLE_PDF)
    return path


def test_everyday_words_find_the_item(walk: Walk) -> None:
    page = walk.anybody()
    walk.look(page, "home")
    assert latin(page) == []
    for words in ("开公司", "开饭馆", "办营业执照"):
        page.goto(walk.url("public", f"/services/?q={words}"))
        assert "企业设立登记" in said(page), words
    page.goto(walk.url("public", "/services/?q=老年证"))
    assert "老年人优待证" in said(page)
    walk.look(page, "search")
    assert latin(page) == []


def test_the_guide_leaves_only_the_materials_that_apply(walk: Walk) -> None:
    page = walk.anybody(f"/items/{ITEM}/")
    assert "房屋租赁合同" in page.inner_text("section:has(> #materials)")
    page.check("input[name=premises][value=owned]")
    page.check("input[name=special_trade][value=no]")
    press(page, "查看我需要的材料")
    listed = page.locator("section[aria-labelledby=materials]").inner_text()
    assert "房屋产权证明" in listed
    assert "房屋租赁合同" not in listed
    walk.look(page, "guide")
    assert latin(page) == []
    walk.known["guide"] = page.url


def test_the_form_is_filled_from_the_registers_and_names_its_sources(walk: Walk) -> None:
    page = walk.person("founder", "/items/" + walk.known["guide"].partition("/items/")[2])
    page.get_by_role("link", name="在线办理").first.click()
    walk.known["draft"] = re.search(r"/drafts/(\w+)/", page.url).group(1)  # type: ignore[union-attr]
    press(page, "保存并继续")
    press(page, "保存并继续")
    assert page.locator(".tb-errors a").count() >= 3
    walk.look(page, "form-errors")
    page.locator(".tb-errors a").first.click()
    taken = walk.installation.rows("select name from registers.legal_entity where right(name, 2) = '公司' limit 1")[0][
        0
    ]
    fill(page, name=taken, capital="1000000", scope="日用百货批发、零售", industry="F51")
    assert "人口" in said(page)
    walk.look(page, "form-enterprise")
    assert latin(page) == []
    walk.known["taken"] = taken
    press(page, "保存并继续")


def test_half_of_the_fields_come_from_the_registers(walk: Walk) -> None:
    draft, fields, filled = walk.known["draft"], 0, 0
    for step in ("enterprise", "people", "employment"):
        page = walk.person("founder", f"/drafts/{draft}/{step}/")
        fields += page.locator("#form-page > .tb-field").count()
        filled += page.locator("#form-page > .tb-field .tb-source").count()
        if step == "people":
            walk.look(page, "form")
        page.close()
    assert filled * 2 >= fields, (filled, fields)


def test_a_wrong_value_is_reported_to_its_source(walk: Walk) -> None:
    page = walk.person("founder", f"/drafts/{walk.known['draft']}/people/")
    page.locator(".tb-source a").first.click()
    walk.look(page, "report")
    page.fill("#id_right", "应为另一个字")
    press(page, "提交纠错")
    assert "已提交纠错" in said(page)


def test_another_device_goes_on_with_the_draft(walk: Walk, paper: Path, tmp_path: Path) -> None:
    page = walk.person("founder", "/my/", PHONE)
    assert "未提交的草稿" in said(page)
    walk.look(page, "mine-draft")
    page.goto(walk.url("public", f"/drafts/{walk.known['draft']}/people/"))
    person = {name: page.input_value(f'[name="{name}"]') for name in ("representative_name", "representative_id")}
    first = [page.input_value(f'[name="shareholders.0.{name}"]') for name in ("holder", "id_number")]
    assert first == list(person.values()), "the founder is known: the first shareholder is filled in"
    fill(page, shareholders__0__amount="1000000")
    walk.look(page, "form-people")
    press(page, "保存并继续")
    fill(page, staff="5")
    press(page, "保存并继续")
    _materials(walk, page, paper, tmp_path)


def _materials(walk: Walk, page: Page, paper: Path, tmp_path: Path) -> None:
    assert "居民身份证" in said(page), "the licence of the library replaces the upload"
    wrong, large, disguised = (tmp_path / name for name in ("章程.exe", "很大.pdf", "伪装.pdf"))
    wrong.write_bytes(b"MZ")
    large.write_bytes(b"%PDF-1.4\n" + b"0" * 11_000_000)
    disguised.write_bytes(b"MZ\x90\x00" * 400)
    slot = page.locator("#slot_articles")
    for file in (wrong, large):
        page.set_input_files("#id_articles", file)
        expect(slot.locator("[data-file-problem]")).to_contain_text(file.name)
    page.set_input_files("#id_articles", disguised)
    press(page, "上传所选文件")
    assert page.locator("#id_articles_error, .tb-errors").first.is_visible()
    walk.look(page, "materials-refused")
    for name in ("articles", "ownership"):
        page.set_input_files(f"#id_{name}", paper)
    press(page, "上传所选文件")
    assert page.locator(".tb-file li").count() >= 2
    walk.look(page, "materials")
    press(page, "保存并继续")


def test_a_name_that_exists_is_refused_and_nothing_typed_is_lost(walk: Walk) -> None:
    page = walk.person("founder", f"/drafts/{walk.known['draft']}/review/")
    press(page, "提交申请")
    assert "已被登记使用" in said(page)
    walk.look(page, "review-clash")
    page.goto(walk.url("public", f"/drafts/{walk.known['draft']}/enterprise/"))
    assert page.input_value('[name="scope"]') == "日用百货批发、零售"
    fill(page, name="海口拾光行贸易有限公司")
    press(page, "保存并继续")


def test_handing_in_gives_the_numbers_at_once_and_a_receipt_that_prints(walk: Walk) -> None:
    page = walk.person("founder", f"/drafts/{walk.known['draft']}/review/")
    walk.look(page, "review")
    assert latin(page) == []
    page.locator("main").get_by_role("button", name="提交申请").dblclick()
    page.wait_for_url(re.compile("/receipt/"))
    number, code = (each.inner_text() for each in page.locator(".tb-receipt-number").all())
    walk.known |= {"number": number, "code": code, "case": re.search(r"/cases/(\w+)/", page.url).group(1)}  # type: ignore[union-attr]
    assert walk.installation.rows("select count(*) from hall_case") == [(1,)]
    walk.look(page, "receipt")
    assert latin(page, code) == []
    page.emulate_media(media="print")
    assert page.locator("main .btn:visible").count() == 0
    assert page.locator(".tb-receipt").is_visible()


def test_anybody_with_both_numbers_follows_the_case(walk: Walk) -> None:
    page = walk.anybody("/progress/", PHONE)
    walk.look(page, "progress")
    assert latin(page) == []
    messages = []
    for number, code in ((walk.known["number"], "AAAAAAAA"), ("460100209901010000011", walk.known["code"])):
        page.fill("#case_no", number)
        page.fill("#code", code)
        press(page, "查询进度")
        messages.append(page.locator("[role=alert]").inner_text())
    assert messages[0] == messages[1]
    page.fill("#case_no", walk.known["number"])
    page.fill("#code", walk.known["code"])
    press(page, "查询进度")
    assert "受理审查" in said(page)
    assert "统一答复" in said(page)
    walk.look(page, "phone")


def test_the_clerk_finds_it_first_and_asks_once_for_a_correction(walk: Walk) -> None:
    page = walk.person("clerk", "/inbox/")
    walk.look(page, "inbox-clerk")
    assert latin(page) == []
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("tbody input").first.is_checked()
    press(page, "认领所选任务")
    assert "已变更1项任务" in said(page)
    page.locator("tbody a").first.click()
    walk.look(page, "desk-accept")
    assert latin(page) == []
    page.get_by_text("一次性告知补正").click()
    press(page, "发出补正通知")
    assert "请逐项列明" in said(page)
    page.locator("[name=what]").first.fill("公司章程（或合伙协议）")
    page.locator("[name=problem]").first.fill("缺少全体股东签名")
    page.locator("[name=need]").first.fill("由全体股东签名后重新上传")
    press(page, "发出补正通知")
    assert "待申请人补正" in said(page)


def test_the_founder_corrects_with_everything_kept(walk: Walk, paper: Path) -> None:
    page = walk.person("founder", f"/my/cases/{walk.known['case']}/")
    assert "缺少全体股东签名" in said(page)
    walk.look(page, "case-correction")
    assert latin(page) == []
    page.get_by_role("link", name="补正申请").click()
    draft = re.search(r"/drafts/(\w+)/", page.url).group(1)  # type: ignore[union-attr]
    page.goto(walk.url("public", f"/drafts/{draft}/enterprise/"))
    assert page.input_value('[name="name"]') == "海口拾光行贸易有限公司"
    page.goto(walk.url("public", f"/drafts/{draft}/review/"))
    page.locator("main").get_by_role("button", name="提交申请").dblclick()
    page.wait_for_url(re.compile("/my/cases/"))
    assert "补正材料已提交" in said(page)
    page.goto(walk.url("public", f"/drafts/{draft}/review/"))
    assert walk.known["case"] in page.url, "the draft is gone; its case is shown"


def test_accepting_starts_the_clock_and_explains_the_date(walk: Walk) -> None:
    page = walk.person("clerk", f"/cases/{walk.known['case']}/")
    press(page, "予以受理")
    assert "已受理" in said(page)
    page = walk.person("founder", f"/my/cases/{walk.known['case']}/")
    page.get_by_text("日期说明").last.click()
    page.get_by_text("查看计时日历").click()
    assert page.locator(".tb-days-table .counted").count() >= 1
    assert page.locator(".tb-days-table .due").count() == 1
    walk.look(page, "case")
    assert latin(page) == []


def test_the_approver_decides_with_a_template_and_sees_the_steps_lit(walk: Walk) -> None:
    page = walk.person("commerce", "/inbox/")
    walk.look(page, "inbox")
    page.locator("tbody a").first.click()
    page.wait_for_selector(".tb-bpmn .tb-lit")
    press(page, "提交决定")
    assert "请选择同意或者不同意" in said(page)
    page.goto(walk.url("staff", f"/cases/{walk.known['case']}/"))
    page.get_by_text("常用意见").click()
    page.get_by_role("button", name="经审查，申请符合法定条件，同意。").click()
    assert page.input_value("#id_opinion") == "经审查，申请符合法定条件，同意。"
    page.locator("[name=outcome][value=grant]").check()
    walk.look(page, "desk")
    assert latin(page) == []
    press(page, "提交决定")
    assert "您的决定已记录" in said(page)


def test_a_special_procedure_stops_the_clock_and_an_extension_moves_it(walk: Walk) -> None:
    page = walk.person("tax", f"/cases/{walk.known['case']}/")
    page.get_by_text("启动特别程序，中止计时").first.click()
    page.select_option("#id_procedure", "expert_review")
    page.fill("#suspend_reason", "需组织专家评审")
    press(page, "中止计时")
    assert "中止计时" in said(page)
    walk.look(page, "desk-suspended")
    page.fill("#id_result", "评审通过")
    press(page, "恢复计时")
    assert "新的办结日期" in said(page)
    page.get_by_text("延长时限").first.click()
    page.fill("#id_days", "99")
    page.fill("#extend_reason", "情况复杂")
    press(page, "延长时限")
    assert "1至10个工作日" in said(page)
    page.fill("#id_days", "2")
    press(page, "延长时限")
    assert "已延长时限" in said(page)


def test_a_working_day_changes_and_the_deadlines_move(walk: Walk) -> None:
    page = walk.person("system_admin", "/")
    listed = {link.inner_text().strip(): link.get_attribute("href") for link in page.locator("nav a").all()}
    for title, address in listed.items():
        page.goto(walk.url("staff", str(address)))
        walk.look(page, f"admin-{str(address).strip('/').replace('/', '-')}")
        assert latin(page) == [], title


def test_the_first_handler_sees_who_has_it(walk: Walk) -> None:
    page = walk.person("first_handler", "/cases/")
    assert walk.known["number"] in said(page)
    assert "税务局" in said(page)
    walk.look(page, "cases")
    assert latin(page) == []


def test_one_answer_when_the_last_office_has_decided(walk: Walk) -> None:
    for who in ("tax", "quality"):
        page = walk.person(who, f"/cases/{walk.known['case']}/")
        page.locator("[name=outcome][value=grant]").check()
        page.fill("#id_opinion", "同意。")
        press(page, "提交决定")
    page = walk.person("founder", f"/my/cases/{walk.known['case']}/")
    assert "您的申请已准予" in said(page)
    press(page, "确认领取结果")
    page.get_by_label("非常满意", exact=True).check()
    press(page, "提交评价")
    assert "您已评价本次服务" in said(page)
    walk.look(page, "case-granted")
    assert latin(page) == []
    walk.known["licence"] = page.locator(".alert-success .tb-mono").inner_text()


def test_the_licence_is_in_the_founders_hands_and_anybody_verifies_it(walk: Walk) -> None:
    page = walk.person("founder", "/licences/")
    assert "营业执照" in said(page)
    walk.look(page, "licences")
    page = walk.anybody("/verify/")
    walk.look(page, "verify")
    page.locator("main input[type=text], main input[type=search]").first.fill(walk.known["licence"])
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert "有效" in said(page)
    walk.look(page, "verify-valid")


def test_a_question_is_asked_and_answered_for_everybody(walk: Walk) -> None:
    page = walk.person("founder", f"/items/{ITEM}/ask/")
    page.fill("#id_text", "住所可以登记在家里吗？")
    press(page, "提交咨询")
    assert "住所可以登记在家里吗" in said(page)
    walk.look(page, "my-questions")
    page = walk.person("clerk", "/questions/")
    walk.look(page, "questions")
    page.locator("textarea").first.fill("可以，依照住所登记的规定提交材料即可。")
    page.locator("[name=public]").first.check()
    press(page, "提交答复")
    page = walk.person("second_applicant", f"/items/{ITEM}/ask/")
    assert "依照住所登记的规定" in said(page)


def test_the_window_files_for_a_visitor_with_the_same_form(walk: Walk) -> None:
    page = walk.person("clerk", "/counter/")
    walk.look(page, "counter")
    assert latin(page) == []
    residents = generate_persons(20_000, region=default_region())  # as the register has them, whose numbers are sealed
    page.fill("#id_name", residents["name"][3000])
    page.fill("#id_id_number", residents["id_number"][3000])
    page.fill("#id_phone", "13800138077")
    page.locator("[name=item][value=elder_card]").check()
    press(page, "打开申请表")
    assert "/drafts/" in page.url
    walk.look(page, "counter-form")


def test_a_card_that_needs_nobody_is_granted_by_the_rules(walk: Walk) -> None:
    page = walk.person("elder", "/items/elder_card/")
    page.get_by_role("link", name="在线办理").first.click()
    walk.look(page, "elder-form")
    assert latin(page) == []
    if page.locator("[name=residence]").count():
        page.locator("[name=residence]").first.check()
    while "/review/" not in page.url:
        before = page.url
        press(page, "保存并继续")
        assert page.url != before, said(page)
    press(page, "提交申请")
    page.goto(page.url.replace("receipt/", ""))
    waited(page, "main :text('您的申请已准予')")


@pytest.mark.parametrize("path", ["/", f"/items/{ITEM}/", "/progress/", "/services/?q=card"])
def test_english_and_elder_mode_have_no_faults(walk: Walk, path: str) -> None:
    name = re.sub(r"\W+", "-", path).strip("-") or "home"
    walk.look(walk.anybody(path, language="en"), f"en-{name}")
    walk.look(walk.anybody(path, PHONE, elder=True), f"elder-{name}")
