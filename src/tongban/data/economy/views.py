"""Published figures for everybody: the indicators, one indicator with chart, table and comparisons, and as data."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from decimal import Decimal

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import SHANGHAI, Invalid, NotFound
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import public

from . import chart, periods, queries, wording
from . import forecast as projecting
from .data import INDICATOR, Comparison, Indicator, Point, Series, Vintage

_MOST_AREAS = 5


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The indicators, each with its newest figure."""
    text, topic = request.GET.get("q", "").strip()[:100], request.GET.get("topic", "")
    page = queries.indicators(text, topic, request.GET.get("after") or None)
    found = [queries.indicator_of(row) for row in page]
    newest = queries.latest([one.code for one in found])
    topics = {code: str(title) for code, title in registers.choices(INDICATOR, "topic").items()}
    bar = [
        {"name": "q", "label": _("Words"), "kind": "text", "value": text},
        {"name": "topic", "label": _("Topic"), "kind": "select", "value": topic, "options": list(topics.items())},
    ]
    rows = [
        {
            "one": one,
            "title": wording.title(one),
            "topic": topics.get(one.topic, ""),
            "newest": newest.get(one.code),
            "period": wording.period(newest[one.code]["period"]) if one.code in newest else "",
            "value": wording.figure(newest[one.code]["value"], one.places) if one.code in newest else "",
        }
        for one in found
    ]
    return render(request, "economy/index.html", {"filters": bar, "rows": rows, "page": page})


@public
@require_safe
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """One indicator: areas to choose, as known on a day, first or present figures, a comparison; chart and table."""
    one = queries.indicator(code)
    areas = queries.areas(code)
    chosen = [area for area, _name in areas if area in request.GET.getlist("area")][:_MOST_AREAS]
    chosen = chosen or [queries.latest([code])[code]["area"]] if areas else []
    day, kind, base = _day(request.GET.get("as_of", "")), request.GET.get("compare", ""), request.GET.get("base", "")
    vintage = Vintage.FIRST if request.GET.get("vintage") == "first" else Vintage.LAST
    found = [queries.series(code, area, as_of=_end_of(day), vintage=vintage) for area in chosen]
    if kind and kind not in {each.value for each in Comparison}:
        raise Invalid({"compare": _("There is no such comparison.")})
    error = ""
    shown: list[dict[str, Decimal | None]] = [{p.period: p.value for p in each.points} for each in found]
    if kind:
        try:
            shown = [dict(_compared(each, Comparison(kind), base, one)) for each in found]
        except Invalid as invalid:
            error = " ".join(str(text) for text in invalid.errors.values())
            kind = ""
    unit = one.unit if not kind else _("%(base)s = 100") % {"base": base} if kind == "index" else "%"
    axis = sorted({period for values in shown for period in values}, reverse=True)
    drawn = [(each.area_name, sorted(values.items())) for each, values in zip(found, shown, strict=True)]
    description = _("%(count)s periods from %(first)s to %(last)s; every figure is in the table.") % {
        "count": len(axis),
        "first": axis[-1] if axis else "",
        "last": axis[0] if axis else "",
    }
    places = one.places if not kind else 1
    context = {
        "one": one,
        "title": wording.title(one),
        "unit": unit,
        "areas": areas,
        "chosen": chosen,
        "series": [(chart.key(number), each) for number, each in enumerate(found)],
        "chart": chart.lines(drawn, f"{wording.title(one)} ({unit})", description),
        "rows": [
            (
                wording.period(period),
                [_cell(each, values.get(period), period, places) for each, values in zip(found, shown, strict=True)],
            )
            for period in axis
        ],
        "revisions": [(each.area_name, *_revised(points, one)) for each in found for points in _changed(each)],
        "asked": request.GET,
        "error": error,
        "comparisons": _comparisons(one),
        "frequency": registers.choices(INDICATOR, "frequency").get(one.frequency, ""),
        "day": day,
    }
    return render(request, "economy/indicator.html", context, status=422 if error else 200)


def _comparisons(one: Indicator) -> list[tuple[str, str]]:
    found = [("yoy", _("Change on the year before, %")), ("pop", _("Change on the period before, %"))]
    if one.frequency == "year":
        found = found[:1]
    if one.whole:
        found.append(("share", _("Share of the whole, %")))
    return [*found, ("index", _("Index, base period = 100"))]


def _compared(found: Series, kind: Comparison, base: str, one: Indicator) -> tuple[tuple[str, Decimal | None], ...]:
    whole = queries.series(one.whole, found.area, as_of=found.as_of) if one.whole and kind is Comparison.SHARE else None
    return queries.compare(found, kind, base=periods.read(base), whole=whole)


def _cell(found: Series, value: Decimal | None, period: str, places: int | None) -> dict[str, object]:
    point = next((each for each in found.points if each.period == period), None)
    return {
        "value": wording.figure(value, places) if value is not None else "",
        "revised": bool(point and point.revision > 1),
    }


def _changed(found: Series) -> tuple[tuple[Point, ...], ...]:
    return queries.revisions(found.indicator.code, found.area) if found.as_of is None else ()


def _revised(points: tuple[Point, ...], one: Indicator) -> tuple[str, list[tuple[str, datetime]]]:
    """A period, and its figures in turn with the moment each was published."""
    return wording.period(points[0].period), [
        (wording.figure(point.value, one.places), point.known) for point in points
    ]


@public
@require_safe
def forecast(request: HttpRequest, code: str) -> HttpResponse:
    """What the next periods may bring by the pattern of the past; how it was made and how often it was wrong."""
    one = queries.indicator(code)
    areas = queries.areas(code)
    default = queries.latest([code])[code]["area"] if areas else ""
    area = request.GET.get("area", "") if request.GET.get("area", "") in dict(areas) else default
    found = queries.series(code, area)
    made = projecting.forecast(found)
    title, places = wording.title(one), one.places
    context: dict[str, object] = {"one": one, "title": title, "areas": areas, "area": area, "made": made}
    if made:
        context |= wording.forecast(found, made)
        context["chart"] = chart.lines(
            [(found.area_name, [(point.period, point.value) for point in found.points])],
            f"{title} ({one.unit})",
            _("Figures to %(last)s, then what is expected, dashed; every value is in the table.")
            % {"last": wording.period(made.last)},
            ahead=made.points,
        )
        context["rows"] = [
            (wording.period(each.period), *(wording.figure(v, places) for v in (each.value, each.low, each.high)))
            for each in made.points
        ]
    return render(request, "economy/forecast.html", context)


@public
@require_safe
def data(request: HttpRequest, code: str, area: str, format: str) -> HttpResponse:
    """One series as JSON or CSV, `as_of` and `vintage` as on the page."""
    if format not in ("json", "csv"):
        raise NotFound
    vintage = Vintage.FIRST if request.GET.get("vintage") == "first" else Vintage.LAST
    found = queries.series(code, area, as_of=_end_of(_day(request.GET.get("as_of", ""))), vintage=vintage)
    if not found.points:
        raise NotFound
    rows = [
        {
            "period": point.period,
            "value": f"{point.value:f}",
            "status": point.status,
            "published": point.known.isoformat(timespec="seconds"),
            "revision": point.revision,
        }
        for point in found.points
    ]
    if format == "csv":
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{found.indicator.code}-{found.area}.csv"'
        writer = csv.DictWriter(response, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return response
    one = found.indicator
    body = {"indicator": one.code, "title": one.title, "unit": one.unit, "area": found.area, "points": rows}
    return JsonResponse(body | {"area_name": found.area_name}, json_dumps_params={"ensure_ascii": False})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid({"as_of": _("This is no date.")}) from None


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time.max, SHANGHAI) if day else None
