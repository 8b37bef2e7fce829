"""A line chart drawn by the server: SVG with a title and a description; the table beside it holds every figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from .data import Projected

WIDTH, HEIGHT = 720, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 40, 24, 48
_INKS = ("#16427f", "#8c3a00", "#17693f", "#5d2a63", "#0f6466")
_DASHES = ("none", "10 5", "3 4", "14 5 3 5", "6 3")
"""Lines differ by their dashes too, not by colour alone."""
Line = tuple[str, Sequence[tuple[str, Decimal | None]]]


def lines(
    found: Sequence[Line], title: str, description: str, *, ahead: Sequence[Projected] = (), name: str = "chart"
) -> SafeString:
    """Up to five lines over their periods; a missing figure leaves a gap.

    `ahead`: what is expected of the first line: dashed, with its interval behind it. `name`: where several charts stand
    on one page.
    """
    found = found[: len(_INKS)]
    axis = sorted({period for _name, points in found for period, _value in points} | {one.period for one in ahead})
    values = [float(value) for _name, points in found for _p, value in points if value is not None]
    values += [float(value) for one in ahead for value in (one.low, one.high)]
    if not axis or not values:
        return SafeString("")
    ticks = _ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    step = (WIDTH - _LEFT - _RIGHT) / max(len(axis) - 1, 1)
    x = {period: round(_LEFT + n * step, 1) for n, period in enumerate(axis)}

    def y(value: float) -> float:
        return round(_TOP + (high - value) / (high - low) * (HEIGHT - _TOP - _BOTTOM), 1)

    every = max(1, math.ceil(len(axis) / 6))
    parts = [
        format_html_join(
            "",
            '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}"></line>'
            '<text x="{}" y="{}" text-anchor="end" font-size="20" fill="#525e6b">{}</text>',
            (
                (_LEFT, y(t), WIDTH - _RIGHT, y(t), "#7c8896" if t == 0 else "#d6dce4", _LEFT - 10, y(t) + 6, _short(t))
                for t in ticks
            ),
        ),
        format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle" font-size="20" fill="#525e6b">{}</text>',
            ((x[period], HEIGHT - _BOTTOM + 30, period) for period in axis[::-1][::every]),
        ),
    ]
    parts.append(_expected(found[0][1], ahead, x, y))
    for number, (line, points) in enumerate(found):
        path = _path([(x[period], None if value is None else y(float(value))) for period, value in points])
        parts.append(
            format_html(
                '<path d="{}" fill="none" stroke="{}" stroke-width="3" stroke-dasharray="{}" stroke-linejoin="round">'
                "<title>{}</title></path>",
                path,
                _INKS[number],
                _DASHES[number],
                line,
            )
        )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" class="tb-chart img-fluid" role="img" '
        'aria-labelledby="{}_title {}_text"><title id="{}_title">{}</title><desc id="{}_text">{}</desc>{}</svg>',
        WIDTH,
        HEIGHT,
        WIDTH,
        name,
        name,
        name,
        title,
        name,
        description,
        SafeString("".join(parts)),
    )


def key(number: int) -> SafeString:
    """A short piece of the line with this number, for the legend."""
    return format_html(
        '<svg width="40" height="12" aria-hidden="true"><line x1="0" y1="6" x2="40" y2="6" stroke="{}" '
        'stroke-width="3" stroke-dasharray="{}"></line></svg>',
        _INKS[number % len(_INKS)],
        _DASHES[number % len(_INKS)],
    )


def _expected(
    points: Sequence[tuple[str, Decimal | None]],
    ahead: Sequence[Projected],
    x: Mapping[str, float],
    y: Callable[[float], float],
) -> SafeString:
    """The interval as an area, the expectation as a dashed line from the last figure on."""
    if not ahead:
        return SafeString("")
    last = next((period, float(value)) for period, value in reversed(points) if value is not None)
    start = (x[last[0]], y(last[1]))
    low = [(x[one.period], y(float(one.low))) for one in ahead]
    high = [(x[one.period], y(float(one.high))) for one in ahead]
    return format_html(
        '<path d="{}Z" fill="{}" fill-opacity="0.14"></path>'
        '<path d="{}" fill="none" stroke="{}" stroke-width="3" stroke-dasharray="5 5"></path>',
        _path([start, *high, *reversed(low)]),
        _INKS[0],
        _path([start, *((x[one.period], y(float(one.value))) for one in ahead)]),
        _INKS[0],
    )


def _path(points: Sequence[tuple[float, float | None]]) -> str:
    made, pen = [], False
    for x, y in points:
        if y is None:
            pen = False
            continue
        made.append(f"{'L' if pen else 'M'}{x} {y}")
        if not pen:
            made.append("h0.01")  # a figure alone between gaps still leaves a dot
        pen = True
    return "".join(made)


def _ticks(low: float, high: float) -> list[float]:
    """Five or so round numbers around the values; a scale that starts above half of the highest starts at nought."""
    if low >= 0 and low < high * 0.5:
        low = 0.0
    if low == high:
        low, high = (0.0, high) if high > 0 else (low, 0.0) if low < 0 else (0.0, 1.0)
    rough = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 10) for n in range(first, last + 1)]


def _short(value: float) -> str:
    """Figures on the axis: 2万亿, 350亿, 12万 keep it short."""
    for size, unit in ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
