"""From the rows of a file to figures, with a finding for each row that does not fit.

Two layouts are known: one figure a row (indicator, area, period, value), and the yearbook's: indicators down, periods
across. Title rows above the heading, notes below the table and merged cells are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid
from tongban.engine.registers import api as registers

from . import periods
from .data import INDICATOR, Delivery, Figure, Finding
from .sheets import FORMULA, Row

_NAMES = {
    "indicator": ("indicator", "指标代码", "指标"),
    "area": ("area", "地区代码", "区划代码", "country code"),
    "area_name": ("area_name", "地区", "地区名称", "country name"),
    "period": ("period", "时期", "年份", "年度", "月份", "时间", "year"),
    "value": ("value", "数值", "数据", "值"),
    "status": ("status", "状态", "数据状态"),
}
_STATUS = {"": "final", "初步数": "preliminary", "初步核算数": "preliminary", "修订数": "revised", "最终数": "final"}
_NOTHING = ("", "-", "--", "—", "…", "...", "n.a.", "na", "null")
_HEADING_WITHIN = 30
_MOST_FINDINGS = 1000


def read(rows: Iterable[tuple[int, Row]], *, indicator: str = "", area: str = "", area_name: str = "") -> Delivery:
    """The figures of a file. `indicator`, `area`: for files that do not name them in each row.

    A figure of an unknown indicator, in no period, of another frequency, that is no number, that is a formula, or that
    comes twice stays out, with its row. `Invalid` when no heading is found at all.
    """
    return _Reader(indicator, area, area_name).read(rows)


class _Reader:
    def __init__(self, indicator: str, area: str, area_name: str) -> None:
        self.indicator, self.area, self.area_name = indicator, area, area_name
        model = registers.model(INDICATOR).objects.filter(valid_to=None)
        known = list(model.values_list("code", "title", "unit", "frequency"))
        self.frequency = {code: frequency for code, _title, _unit, frequency in known}
        self.named: dict[tuple[str, str], str] = {}
        for code, title, unit, frequency in known:
            for written in (code, title, f"{title}({unit})"):
                self.named.setdefault((_plain(written), frequency), code)
                self.named.setdefault((_plain(written), ""), code)
        self.figures: dict[tuple[str, str, str], tuple[int, Figure]] = {}
        self.findings: list[Finding] = []
        self.count = 0

    def read(self, rows: Iterable[tuple[int, Row]]) -> Delivery:
        lines = iter(rows)
        for number, row in lines:
            if long := _long_heading(row, bool(self.indicator)):
                self._long(lines, long)
                break
            if wide := _wide_heading(row):
                self._wide(lines, wide)
                break
            self._note(row)
            if number > _HEADING_WITHIN:
                break
        else:
            number = 0
        if not self.count:
            message = _("No heading was found: a row with indicator, area, period and value, or periods side by side.")
            raise Invalid({"file": message})
        return Delivery(tuple(f for _n, f in self.figures.values()), tuple(self.findings[:_MOST_FINDINGS]), self.count)

    def _note(self, row: Row) -> None:
        """地区：广州 above the heading names the area of the whole file."""
        text = str(row[0] or "").replace(":", "：")
        if text.startswith("地区：") and not self.area_name:
            self.area_name = text.removeprefix("地区：").strip()

    def _long(self, rows: Iterator[tuple[int, Row]], columns: Mapping[str, int]) -> None:
        for number, row in rows:
            self.count += 1
            cells = {name: row[place] if place < len(row) else None for name, place in columns.items()}
            period = periods.read(cells["period"] if cells["period"] is not None else "")
            name = str(cells.get("indicator") or self.indicator)
            place = str(cells.get("area") or self.area).strip(), str(cells.get("area_name") or self.area_name).strip()
            status = str(cells.get("status") or "").strip()
            self._figure(number, name, place, period, cells["value"], status, str(cells["period"]))

    def _wide(self, rows: Iterator[tuple[int, Row]], columns: Mapping[int, str]) -> None:
        for number, row in rows:
            name = str(row[0] or "").strip()
            values = {place: row[place] for place in columns if place < len(row) and row[place] not in (None, "")}
            if not values:  # a note, or an indicator without any figure
                continue
            self.count += 1
            if self._indicator(name, periods.frequency(next(iter(columns.values())))) is None:
                self._wrong(number, "indicator", _("There is no indicator %(name)s.") % {"name": name})
                continue
            for place, value in values.items():
                where = self.area, self.area_name
                self._figure(number, name, where, columns[place], value, "", columns[place])

    def _indicator(self, name: str, frequency: str) -> str | None:
        if name in self.frequency:
            return name
        return self.named.get((_plain(name), frequency)) or self.named.get((_plain(name), ""))

    def _figure(
        self, number: int, name: str, place: tuple[str, str], period: str, value: Any, status: str, written: str
    ) -> None:
        if value is not FORMULA and str(value if value is not None else "").strip().lower() in _NOTHING:
            return None
        if not period:
            return self._wrong(number, "period", _("%(text)s is no period.") % {"text": written[:30]})
        code = self._indicator(name, periods.frequency(period))
        if code is None:
            return self._wrong(number, "indicator", _("There is no indicator %(name)s.") % {"name": name[:60]})
        if self.frequency[code] != periods.frequency(period):
            return self._wrong(
                number, "frequency", _("%(period)s is not how often this indicator is measured.") % {"period": period}
            )
        if not place[0] or len(place[0]) > 12:
            return self._wrong(number, "area", _("The area is missing or too long."))
        if value is FORMULA:
            return self._wrong(number, "formula", _("A formula stands where a figure is expected."))
        made = _number(value)
        if made is None:
            return self._wrong(number, "value", _("%(text)s is no number.") % {"text": str(value)[:30]})
        status = _STATUS.get(status, status)
        if status not in ("preliminary", "revised", "final"):
            return self._wrong(number, "status", _("%(text)s is no state of a figure.") % {"text": status[:30]})
        figure = Figure(code, place[0], place[1][:80], period, made, status)
        before = self.figures.get((code, place[0], period))
        if before and before[1].value != made:
            self._wrong(number, "twice", _("Row %(row)s has another figure for the same.") % {"row": before[0]})
        elif not before:
            self.figures[code, place[0], period] = number, figure
        return None

    def _wrong(self, row: int, code: str, message: str) -> None:
        self.findings.append(Finding(row, "error", code, message))


def _plain(text: str) -> str:
    return "".join(str(text).split()).replace("（", "(").replace("）", ")").lower()


def _long_heading(row: Row, one_indicator: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        text = str(cell or "").strip().lstrip("\ufeff").lower()
        for name, written in _NAMES.items():
            if text in written and name not in found:
                found[name] = place
    needed = {"period", "value"} | (set() if one_indicator else {"indicator"})
    return found if needed <= set(found) else {}


def _wide_heading(row: Row) -> dict[int, str]:
    if str(row[0] or "").strip() not in ("指标", "指标名称", "indicator", "项目"):
        return {}
    found = {place: periods.read(cell) for place, cell in enumerate(row[1:], 1) if cell not in (None, "")}
    return {place: period for place, period in found.items() if period}


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        made = Decimal(str(value).strip().replace(",", "").replace("，", ""))
    except InvalidOperation:
        return None
    return made if made.is_finite() and abs(made) < Decimal(10) ** 24 else None
