"""Reports for the library of the economy, generated from the demonstration's figures: written by one statistician,
reviewed and published by another; one is corrected, one still waits."""

from __future__ import annotations

from dataclasses import replace

from tongban.base.kernel.api import system
from tongban.data.economy import api as economy
from tongban.data.economy.data import Audience, Comparison, Content
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

_PUBLIC, _INTERNAL = Audience.PUBLIC, Audience.INTERNAL
_MEASURES = "示范省稳增长若干措施（演示）"
_GDP = ("demo_gdp_primary", "demo_gdp_secondary", "demo_gdp_tertiary")
_REPORTS: tuple[tuple[str, str, str, Audience, str, tuple[str, ...]], ...] = (
    # kind, subject, title, for whom, period, indicators
    ("policy", "consumption", _MEASURES, _PUBLIC, "2025", ("demo_retail", "demo_investment")),
    ("operation", "trade", "外贸运行情况（演示）", _PUBLIC, "2025", ("demo_trade",)),
    ("judgement", "accounts", "全省经济形势判断（演示）", _PUBLIC, "2025", ("demo_gdp", _GDP[2], "demo_cpi")),
    ("hotspot", "prices", "物价走势热点分析（演示）", _PUBLIC, "2025", ("demo_cpi", "demo_retail")),
    ("forecast", "fiscal", "财政与税收收入趋势预测（演示）", _PUBLIC, "2026", ("demo_revenue", "demo_tax")),
    ("research", "industry", "三次产业结构研究（演示）", _PUBLIC, "2025", _GDP),
    ("research", "region", "区域经济运行研究（演示）", _INTERNAL, "2025", ("demo_gdp", "demo_investment")),
    ("judgement", "world", "世界经济形势判断（演示）", _PUBLIC, "2025", ("wb_gdp",)),
    ("judgement", "accounts", "下一阶段经济形势内部研判（演示）", _INTERNAL, "2026", ("demo_gdp", "demo_revenue")),
)  # fmt: skip


def load_reports() -> int:
    """Write, review and publish them, once. Returns how many there are."""
    author, reviewer = (_officer(name) for name in ("statistics", "statistics2"))
    made = len(_REPORTS) + 1
    with identity.acting(author):
        if economy.reports(author, size=1)[0]:
            return made
    for kind, subject, title, audience, period, indicators in _REPORTS:
        content = Content(title, kind, subject, period, audience, _found(indicators), _text(indicators), indicators)
        if kind in ("judgement", "operation"):
            content = replace(content, policies=(_MEASURES,))
        _published(author, reviewer, content)
    _corrected(author, reviewer)
    with identity.acting(author):
        last = economy.write_report(author, replace(content, title="假日消费热点分析（演示，待审核）", kind="hotspot"))
        economy.hand_in_report(author, last.id)
    return made


def _officer(username: str) -> Actor:
    with system():
        return identity.actor_for(identity.person_by_username(username).ref)


def _published(author: Actor, reviewer: Actor, content: Content) -> None:
    with identity.acting(author):
        made = economy.write_report(author, content)
        economy.hand_in_report(author, made.id)
    with identity.acting(reviewer):
        economy.publish_report(reviewer, made.id)


def _corrected(author: Actor, reviewer: Actor) -> None:
    with identity.acting(author):
        (held,) = economy.reports(author, kind="hotspot")[0]
        economy.correct_report(author, held.id, "补充数据口径说明")
        whole = economy.report(author, held.id).content
        economy.change_report(author, held.id, replace(whole, text=whole.text + "\n\n口径说明：指数以上年同月为100。"))
        economy.hand_in_report(author, held.id)
    with identity.acting(reviewer):
        economy.publish_report(reviewer, held.id)


def _found(indicators: tuple[str, ...]) -> str:
    """The newest figure of each, and how it changed on the year before."""
    return "".join(_sentence(code) for code in indicators) + "以上为演示数据生成的文字。"


def _text(indicators: tuple[str, ...]) -> str:
    lines = (f"{place}、{_sentence(code)}" for place, code in zip("一二三四五六", indicators, strict=False))
    return "\n\n".join(["本报告由演示数据自动生成，不反映任何真实情况。", *lines, "建议继续跟踪各项指标的后续变化。"])


def _sentence(code: str) -> str:
    with system():
        newest = economy.latest([code])[code]
        found = economy.series(code, newest["area"])
        change = dict(economy.compare(found, Comparison.YEAR))[newest["period"]]
    title, value, unit = found.indicator.title.removesuffix("（演示）"), newest["value"], found.indicator.unit
    shown = f"{value:,.{found.indicator.places or 0}f}"
    said = "" if change is None else f"，比上年同期{'增长' if change >= 0 else '下降'}{abs(change):.1f}%"
    return f"{newest['area_name']}{economy.period_words(newest['period'])}{title}为{shown}（{unit}）{said}。"
