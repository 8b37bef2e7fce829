"""The seal, the QR code and the border of a licence, drawn by us as SVG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import cache
from html import escape

import segno

RED = "#c8102e"


def seal(office: str, caption: str = "", mark: str = "", fonts: str = "serif") -> str:
    """A plain round red seal of 42 mm with the office's name along its arc, as an SVG element.

    No emblem and no star: ``mark`` (示范, demo) stands in the middle of a demonstration's seal. It is a
    picture; what proves a document is its signature and the verification page."""
    glyphs = _arc(office)
    middle = (
        f'<text x="0" y="2.6" font-size="7.2" text-anchor="middle">{escape(mark)}</text>'
        if mark
        else '<circle r="3.2" fill="none" stroke-width="0.9"/>'
    )
    size = min(3.4, 25 / max(_width(caption), 1))
    below = f'<text x="0" y="13.6" font-size="{size}" text-anchor="middle">{escape(caption)}</text>' if caption else ""
    return (
        '<svg class="seal" xmlns="http://www.w3.org/2000/svg" viewBox="-21 -21 42 42" width="42mm" '
        'height="42mm" '
        f'role="img" aria-label="{escape(office)}"><g fill="{RED}" stroke="none">'
        f'<circle r="20.2" fill="none" stroke="{RED}" stroke-width="1.3"/>'
        f'<g stroke="{RED}" stroke-width="0" font-weight="700" font-family="{escape(fonts)}">'
        f"{glyphs}{middle}{below}</g></g></svg>"
    )


def _arc(text: str) -> str:
    """Characters set one by one along the upper arc, closer when there are many, never upside down."""
    wide = _width(text)
    size = 5.0 if wide <= 14 else max(2.2, 5.0 * 14 / wide)
    step = min(19.0, 252.0 / max(wide - 1, 1))
    at = -step * (wide - 1) / 2
    parts = []
    for character in text:
        width = _width(character)
        angle = at + step * (width - 1) / 2
        parts.append(
            f'<text x="0" y="{-18.6 + size * 0.86:.2f}" font-size="{size:.2f}" text-anchor="middle" '
            f'transform="rotate({angle:.2f})">{escape(character)}</text>'
        )
        at += step * width
    return "".join(parts)


def _width(text: str) -> float:
    """Width in em, near enough: Chinese characters are square, others a little over half."""
    return sum(1 if ord(character) > 0x2E7F else 0.6 for character in text)


def qr_code(text: str) -> str:
    """A QR code of ``text`` as an SVG element, error correction M, without outside references."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True, svgclass="qr", lineclass=None
    )
    return out.getvalue().decode().strip()


@cache
def border() -> str:
    """The border of a landscape A4 licence: three interlaced waves between ruled lines, as an SVG element."""
    waves = "".join(
        _wave(length, crests, phase, place)
        for phase in (0.0, 2 * math.pi / 3, 4 * math.pi / 3)
        for length, crests, place in (
            (271, 44, lambda x, y: (13 + x, 13 + y)),
            (271, 44, lambda x, y: (13 + x, 197 + y)),
            (184, 30, lambda x, y: (13 + y, 13 + x)),
            (184, 30, lambda x, y: (284 + y, 13 + x)),
        )
    )
    frames = (
        '<rect x="7.5" y="7.5" width="282" height="195" stroke="#8c6d1f" stroke-width="1.1"/>'
        '<rect x="18.5" y="18.5" width="260" height="173" stroke="#b08d3c" stroke-width=".4"/>'
        '<rect x="19.8" y="19.8" width="257.4" height="170.4" stroke="#8c6d1f" stroke-width=".2"/>'
    )
    return (
        '<svg class="border" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 297 210" aria-hidden="true">'
        f'<g fill="none"><path d="{waves}" stroke="#b08d3c" stroke-width=".35"/>{frames}</g></svg>'
    )


def _wave(length: int, crests: int, phase: float, place: Callable[[float, float], tuple[float, float]]) -> str:
    steps = crests * 12
    points = (
        place(length * i / steps, 3.4 * math.sin(2 * math.pi * crests * i / steps + phase)) for i in range(steps + 1)
    )
    return "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
