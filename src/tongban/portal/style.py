"""The style page: each component with much and with little, for those who design and build pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tongban.base.kernel.api import now, today
from tongban.trust.identity.api import staff

LONG = (
    "历史文化街区、名镇、名村核心保护范围内拆除历史建筑以外的建筑物、构筑物或者其他设施，"
    "历史建筑实施原址保护或者其外部修缮装饰、添加设施以及改变历史建筑的结构或者使用性质审批"
)
OFFICE = "某某省某某市某某区自然资源和规划局行政审批服务科（政务服务大厅综合窗口）"


class SampleForm(forms.Form):
    """A form with one of each kind of field."""

    name = forms.CharField(label="企业名称", help_text="由行政区划、字号、行业和组织形式依次组成。")
    scope = forms.CharField(label="经营范围", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    kind = forms.ChoiceField(label="企业类型", choices=[("", "请选择"), ("1", "有限责任公司"), ("2", "个人独资企业")])
    capital = forms.DecimalField(label="注册资本（万元）", min_value=0)
    since = forms.DateField(label="成立日期", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    way = forms.ChoiceField(
        label="领取方式", widget=forms.RadioSelect, choices=[("self", "大厅窗口领取"), ("post", "邮寄送达")]
    )
    agree = forms.BooleanField(label="本人承诺所填内容真实，并愿意承担相应责任")


@staff
def page(request: HttpRequest) -> HttpResponse:
    """Every component at work. `?frame=public` shows it in the public frame."""
    public = request.GET.get("frame") == "public"
    return render(
        request,
        "portal/style.html",
        {
            **samples(),
            "frame": "public" if public else "staff",
            "base": f"site/base_{'public' if public else 'staff'}.html",
        },
    )


def samples() -> dict[str, Any]:
    """Invented values; no person or enterprise is meant."""
    day, moment = today(), now()
    form = SampleForm({"name": "", "capital": "-3", "kind": "1", "way": "self", "agree": "on", "since": "2026-13-40"})
    form.is_valid()
    return {
        "form": form,
        "day": day,
        "moment": moment,
        "span": timedelta(days=3, hours=2),
        "long": LONG,
        "office": OFFICE,
        "dues": [
            {"due": day - timedelta(4), "left": -3},
            {"due": day, "left": 0},
            {"due": day + timedelta(2), "left": 2},
            {"due": day + timedelta(14), "left": 9},
            {"due": day + timedelta(400), "left": 270},
            {"due": day + timedelta(9), "left": 5, "state": "suspended"},
            {"due": day - timedelta(30), "state": "done"},
            {"due": None, "state": "none"},
        ],
        "facts": _facts(),
        "timeline": _timeline(moment),
        "pairs": _pairs(),
        "slots": _slots(),
        "columns": [
            {"key": "title", "title": "事项"},
            {"key": "number", "title": "办件编号", "kind": "code"},
            {"key": "applicant", "title": "申请人", "kind": "masked"},
            {"key": "at", "title": "收件时间", "kind": "time", "sort": "at"},
            {"key": "due", "title": "期限", "kind": "due", "sort": "due"},
            {"key": "state", "title": "状态", "kind": "chip"},
            {"key": "fee", "title": "费用（元）", "kind": "number"},
        ],
        "rows": _rows(day, moment),
        "filters": _filters(),
        "saved": [{"title": "今日到期", "url": "?due=today"}, {"title": "我科室超期的", "url": "?due=late"}],
        "jobs": [
            {"title": "导入事项清单", "done": 312, "total": 421, "state": "running", "url": "#"},
            {"title": "导出办件台账", "state": "done", "url": "#"},
            {"title": "重算期限", "state": "failed", "url": "#"},
        ],
        "tones": ["neutral", "grey", "blue", "green", "amber", "alert", "red"],
        "steps": ["选择情形", "填写信息", "上传材料", "核对", "提交申请"],
        "done_ids": ["start", "accept"],
        "lit_ids": ["tax", "code"],
        "pagelike": type("Page", (), {"next": "k2"})(),
    }


def _facts() -> list[tuple[str, ...]]:
    return [
        ("法定时限", "20个工作日", "自受理之日起"),
        ("承诺时限", "5个工作日", "压缩75%"),
        ("到现场次数", "0次"),
        ("收费", "不收费"),
        ("网办深度", "全程网办"),
    ]


def _timeline(moment: datetime) -> list[dict[str, Any]]:
    due = moment + timedelta(days=7)
    return [
        {"title": "提交申请", "at": moment - timedelta(days=3), "note": "网上提交，材料6份。"},
        {
            "title": "受理",
            "at": moment - timedelta(days=2),
            "office": "某某市政务服务大厅综合窗口",
            "note": "材料齐全，符合法定形式。",
        },
        {"title": "企业登记", "at": moment - timedelta(days=1), "office": OFFICE, "note": LONG},
        {
            "title": "税务登记",
            "state": "current",
            "office": "某某市税务局第一税务分局",
            "until": due.date(),
            "why": "承诺5个工作日，自受理次日起算。\n期间含周末2天，不计入。\n专家评审3个工作日，期限顺延。",
        },
        {
            "title": "补正材料",
            "state": "waiting",
            "until": due.date(),
            "note": "请补交经营场所使用证明。",
            "url": "#",
        },
        {"title": "统一答复并发放证照", "state": "next", "office": "某某市政务服务大厅综合窗口"},
    ]


def _pairs() -> list[tuple[Any, ...]]:
    return [
        ("企业名称", "某某（海口）智能科技有限公司"),
        ("统一社会信用代码", "91 460100 MA5TABCD1 X"),
        ("法定代表人", "张*"),
        ("身份证号", "4601**********1234"),
        ("经营场所", "海南省海口市某某区某某街道某某路128号某某大厦A座2301室至2318室（集群注册）"),
        ("成立日期", ""),
        ("注册资本", "5,000,000.00元", "认缴"),
    ]


def _slots() -> list[dict[str, Any]]:
    return [
        {
            "name": "charter",
            "label": "公司章程",
            "formats": ["pdf", "jpg", "png"],
            "max_bytes": 20 * 2**20,
            "required": True,
            "hint": "全体股东签字，加盖骑缝章。",
            "sample_url": "#",
            "files": [
                {
                    "name": "公司章程（2026年修订版，含全部附件与签字页的扫描件，第三次上传）.pdf",
                    "size": 2_512_314,
                    "url": "#",
                    "state": "ok",
                    "remove_url": "#",
                },
                {"name": "签字页.jpg", "size": 812_314, "url": "#", "state": "checking", "remove_url": "#"},
                {
                    "name": "章程.exe",
                    "size": 12_314,
                    "state": "refused",
                    "message": "文件内容不是PDF或图片，请重新扫描后上传。",
                    "remove_url": "#",
                },
            ],
        },
        {
            "name": "place",
            "label": "经营场所使用证明",
            "formats": ["pdf"],
            "max_bytes": 10 * 2**20,
            "required": True,
            "error": "请上传经营场所使用证明。",
        },
        {
            "name": "idcard",
            "label": "法定代表人身份证明",
            "required": True,
            "licence": {"title": "居民身份证", "number": "4601**********1234"},
        },
    ]


def _rows(day: Any, moment: datetime) -> list[dict[str, Any]]:
    names = ["企业设立登记（一窗受理、并联审批）", LONG, "食品小经营店备案", "居民身份证办理（包括临时）"]
    states = [
        ("待受理", "blue"),
        ("办理中", "neutral"),
        ("已暂停", "grey"),
        ("黄牌", "amber"),
        ("红牌", "red"),
        ("准予许可", "green"),
    ]
    return [
        {
            "id": n,
            "url": "#",
            "title": names[n % 4],
            "number": f"46010020261121{n:06d}7",
            "applicant": ["张三丰", "欧阳明日", "某某有限公司"][n % 3],
            "at": moment - timedelta(hours=7 * n),
            "due": {"due": day + timedelta(n * 2 - 3), "left": n - 2} if n != 3 else {"due": day, "state": "suspended"},
            "state": states[n % 6],
            "fee": f"{n * 120:,}.00",
        }
        for n in range(8)
    ]


def _filters() -> list[dict[str, Any]]:
    return [
        {"name": "q", "label": "关键词", "kind": "text", "value": "", "placeholder": "办件编号或申请人"},
        {
            "name": "state",
            "label": "状态",
            "kind": "select",
            "value": "b",
            "options": [("a", "待受理", 12), ("b", "办理中", 48)],
        },
        {"name": "from", "label": "收件自", "kind": "date", "value": today()},
        {"name": "mine", "label": "只看我的", "kind": "check", "value": True},
    ]
