"""The explanation of a date in words, Chinese or English, from its steps."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from .arithmetic import Step


class Catalog(Protocol):
    """What both Django's translation module and the standard library's catalogues offer."""

    def gettext(self, message: str, /) -> str: ...

    def pgettext(self, context: str, message: str, /) -> str: ...

    def ngettext(self, singular: str, plural: str, n: int, /) -> str: ...


def sentence(steps: Iterable[Step], catalog: Catalog | None = None) -> str:
    """All steps as one sentence. Without a catalogue, in the language that is active in Django."""
    if catalog is None:
        from django.utils import translation

        catalog = cast(Catalog, translation)
    words = _Words(catalog)
    return catalog.pgettext("clock", "; ").join(words.of(step) for step in steps)


class _Words:
    """One method per step code."""

    def __init__(self, catalog: Catalog) -> None:
        self._ = catalog.gettext
        self.n_ = catalog.ngettext
        self.p_ = catalog.pgettext

    def of(self, step: Step) -> str:
        method = getattr(self, f"_on_{step.code}")
        return str(method(cast(Mapping[str, Any], step.facts)))

    # -- parts

    def day(self, iso: str, weekday: bool = True) -> str:
        gettext, pgettext = self._, self.p_
        on = date.fromisoformat(iso)
        # xgettext:no-python-brace-format
        text = gettext("{day} {month_name} {year}")
        plain = text.format(day=on.day, month=on.month, month_name=month_name[on.month], year=on.year)
        if not weekday:
            return plain
        names = (
            pgettext("clock", "Mon"),
            pgettext("clock", "Tue"),
            pgettext("clock", "Wed"),
            pgettext("clock", "Thu"),
            pgettext("clock", "Fri"),
            pgettext("clock", "Sat"),
            pgettext("clock", "Sun"),
        )
        return gettext("{date} ({weekday})").format(date=plain, weekday=names[on.weekday()])

    def span(self, first: str, last: str) -> str:
        """Two days and those between them, saying month and year once."""
        gettext = self._
        a, b = date.fromisoformat(first), date.fromisoformat(last)
        if a == b:
            return self.day(first)
        if a.year != b.year:
            return gettext("{first} to {last}").format(first=self.day(first, False), last=self.day(last, False))
        # xgettext:no-python-brace-format
        text = gettext("{day1} {month_name1} to {day} {month_name} {year}")
        if a.month == b.month:
            # xgettext:no-python-brace-format
            text = gettext("{day1} to {day} {month_name} {year}")
        return text.format(
            day1=a.day, month1=a.month, month_name1=month_name[a.month],
            day=b.day, month=b.month, month_name=month_name[b.month], year=b.year,
        )  # fmt: skip

    def amount(self, n: int, unit: str) -> str:
        ngettext = self.n_
        if unit == "workday":
            return ngettext("{n} working day", "{n} working days", n).format(n=n)
        if unit == "day":
            return ngettext("{n} natural day", "{n} natural days", n).format(n=n)
        if unit == "month":
            return ngettext("{n} month", "{n} months", n).format(n=n)
        return ngettext("{n} year", "{n} years", n).format(n=n)

    def festival(self, name: str) -> str:
        pgettext = self.p_
        known = {
            "元旦": pgettext("clock", "New Year's Day"),
            "春节": pgettext("clock", "Spring Festival"),
            "清明节": pgettext("clock", "Tomb-Sweeping Day"),
            "劳动节": pgettext("clock", "Labour Day"),
            "端午节": pgettext("clock", "Dragon Boat Festival"),
            "国庆节": pgettext("clock", "National Day"),
            "中秋节": pgettext("clock", "Mid-Autumn Festival"),
            "抗战胜利纪念日": pgettext("clock", "Victory Day"),
        }
        return known.get(name, name)

    def reason(self, code: str) -> str:
        pgettext = self.p_
        known = {
            "hearing": pgettext("clock", "hearing"),
            "tender": pgettext("clock", "tender"),
            "auction": pgettext("clock", "auction"),
            "inspection": pgettext("clock", "inspection"),
            "test": pgettext("clock", "test"),
            "quarantine": pgettext("clock", "quarantine"),
            "appraisal": pgettext("clock", "appraisal"),
            "expert_review": pgettext("clock", "expert review"),
            "third_party": pgettext("clock", "consultation of third parties"),
            "other_organ": pgettext("clock", "consultation of another office"),
            "correction": pgettext("clock", "correction by the applicant"),
        }
        return known.get(code, code)

    def kind(self, code: str) -> str:
        pgettext = self.p_
        return {
            "workday": pgettext("clock", "working day"),
            "holiday": pgettext("clock", "holiday"),
            "makeup": pgettext("clock", "make-up working day"),
            "rest": pgettext("clock", "day of rest"),
        }[code]

    # -- steps

    def _on_received_late(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("received on {date} at {time}, after closing time ({closes}), counts as {counted}").format(
            date=self.day(f["date"]), time=f["time"], closes=f["closes"], counted=self.day(f["counted"])
        )

    def _on_received_off(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("received on {date} at {time}, a day off, counts as {counted}").format(
            date=self.day(f["date"]), time=f["time"], counted=self.day(f["counted"])
        )

    def _on_start(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        if f["n"] == 0:
            return gettext("to be done the same day, {date}").format(date=self.day(f["date"]))
        return gettext("{amount} counted from the day after {date}").format(
            date=self.day(f["date"]), amount=self.amount(f["n"], f["unit"])
        )

    def _on_between(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("from the day after {start} up to and including {end}: {amount}").format(
            start=self.day(f["start"]), end=self.day(f["end"]), amount=self.amount(f["n"], f["unit"])
        )

    def _on_extended(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("extended by {amount}").format(amount=self.amount(f["n"], f["unit"]))

    def _on_holiday(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("{span} skipped ({name} holiday)").format(
            span=self.span(f["from"], f["to"]), name=self.festival(f["name"])
        )

    def _on_makeup(self, f: Mapping[str, Any]) -> str:
        pgettext, ngettext = self.p_, self.n_
        dates = pgettext("clock", ", ").join(self.day(d) for d in f["dates"])
        return ngettext("{dates} is a make-up working day", "{dates} are make-up working days", len(f["dates"])).format(
            dates=dates
        )

    def _on_many(self, f: Mapping[str, Any]) -> str:
        ngettext = self.n_
        off = ngettext("{n} day of public holidays skipped", "{n} days of public holidays skipped", f["off"])
        if not f["makeup"]:
            return off.format(n=f["off"])
        makeup = ngettext("{n} make-up working day counted", "{n} make-up working days counted", f["makeup"])
        pgettext = self.p_
        return pgettext("clock", ", ").join((off.format(n=f["off"]), makeup.format(n=f["makeup"])))

    def _on_suspended(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        reason = self.reason(f["reason"])
        start = self.day(f["from"])
        if f["to"] is None:
            if reason:
                return gettext("suspended since {start} ({reason})").format(start=start, reason=reason)
            return gettext("suspended since {start}").format(start=start)
        if reason:
            return gettext("suspended from {start}, resumed on {end} ({reason})").format(
                start=start, end=self.day(f["to"]), reason=reason
            )
        return gettext("suspended from {start}, resumed on {end}").format(start=start, end=self.day(f["to"]))

    def _on_unknown(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("the due date is fixed when the work resumes, {amount} remain").format(
            amount=self.amount(f["n"], f["unit"])
        )

    def _on_rolled(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        if f["name"]:
            return gettext("the last day {date} is a day off ({name}), so the next working day counts").format(
                date=self.day(f["date"]), name=self.festival(f["name"])
            )
        return gettext("the last day {date} is a day off, so the next working day counts").format(
            date=self.day(f["date"])
        )

    def _on_unpublished(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        years = str(f["from"]) if f["from"] == f["to"] else f"{f['from']}–{f['to']}"
        return gettext("provisional: the days off of {years} are not published yet").format(years=years)

    def _on_before_calendar(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        years = str(f["from"]) if f["from"] == f["to"] else f"{f['from']}–{f['to']}"
        return gettext("provisional: the calendar has no days off of {years}").format(years=years)

    def _on_due(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("due on {date}").format(date=self.day(f["date"]))

    def _on_changed(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("calendar changed: {date} was {old}, is now {new}").format(
            date=self.day(f["date"]), old=self.kind(f["old"]), new=self.kind(f["new"])
        )

    def _on_changed_year(self, f: Mapping[str, Any]) -> str:
        gettext = self._
        return gettext("the days off of {year} were entered").format(year=f["year"])
