"""The picture of a seal: a round of 42 mm, red, as vectors. Letters are drawn as outlines, so the picture needs no
font in the PDF and PDF/A stays PDF/A."""

from __future__ import annotations

import math
import subprocess
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTCollection, TTFont
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import PdfResources, RawContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.layout import BoxConstraints

from tongban.base.kernel.api import Refused

MM = 72 / 25.4
SIZE = 42 * MM
"""Width and height in points: 42 mm, as the seals of offices below the provinces measure."""

FONTS = ("FZXiaoBiaoSong-B05S", "STZhongsong", "SimSun", "Noto Serif CJK SC", "Noto Sans CJK SC")
RED = "0.784 0.063 0.18"


def picture(office: str, caption: str = "", mark: str = "") -> RawContent:
    """The seal's picture as PDF content: the office's name along the arc, a star or the `mark` (示范, demo) in the
    middle, the caption below. It lies transparently over the text. `Refused` where no Chinese font is installed."""
    r = 20.2
    parts = [
        "q /G0 gs", f"{MM:.4f} 0 0 {MM:.4f} {SIZE / 2:.3f} {SIZE / 2:.3f} cm", f"{RED} rg {RED} RG",
        "1.3 w", _circle(r), "S", *_arc(office),
    ]  # fmt: skip
    parts += _line(mark, 7.2, -2.6) if mark else [_star(6.2), "f"]
    if caption:
        parts += _line(caption, min(3.4, 25 / max(_width(caption), 1)), -13.6)
    parts.append("Q")
    state = generic.DictionaryObject(
        {pdf_name("/Type"): pdf_name("/ExtGState"), pdf_name("/BM"): pdf_name("/Multiply")}
    )
    resources = PdfResources()
    resources[_category()][pdf_name("/G0")] = state
    return RawContent("\n".join(parts).encode("ascii"), resources=resources, box=BoxConstraints(SIZE, SIZE))


def _category() -> Any:
    from pyhanko.pdf_utils.content import ResourceType

    return ResourceType.EXT_G_STATE


def _circle(r: float) -> str:
    k = r * 4 * (math.sqrt(2) - 1) / 3
    return (
        f"{r} 0 m {r} {k:.4f} {k:.4f} {r} 0 {r} c {-k:.4f} {r} {-r} {k:.4f} {-r} 0 c "
        f"{-r} {-k:.4f} {-k:.4f} {-r} 0 {-r} c {k:.4f} {-r} {r} {-k:.4f} {r} 0 c h"
    )


def _star(r: float) -> str:
    inner = r * math.sin(math.pi / 10) / math.sin(math.pi * 7 / 10)
    points = [
        (radius * math.cos(angle), radius * math.sin(angle))
        for step in range(10)
        for radius, angle in [((r, inner)[step % 2], math.pi / 2 + step * math.pi / 5)]
    ]
    first, *others = points
    return f"{first[0]:.3f} {first[1]:.3f} m " + " ".join(f"{x:.3f} {y:.3f} l" for x, y in others) + " h"


def _arc(text: str) -> list[str]:
    """Characters one by one along the upper arc, closer when there are many, never upside down."""
    wide = _width(text)
    size = 5.0 if wide <= 14 else max(2.2, 5.0 * 14 / wide)
    step = min(19.0, 252.0 / max(wide - 1, 1))
    at = -step * (wide - 1) / 2
    parts: list[str] = []
    for character in text:
        width = _width(character)
        angle = -math.radians(at + step * (width - 1) / 2)
        cos, sin = math.cos(angle), math.sin(angle)
        radius = 18.6 - size * 0.86
        place = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {-sin * radius:.4f} {cos * radius:.4f} cm"
        parts += ["q", place, *_glyph(character, size), "Q"]
        at += step * width
    return parts


def _line(text: str, size: float, bottom: float) -> list[str]:
    parts: list[str] = []
    left = -size * _width(text) / 2
    for character in text:
        width = _width(character) * size
        parts += ["q", f"1 0 0 1 {left + width / 2:.4f} {bottom:.4f} cm", *_glyph(character, size), "Q"]
        left += width
    return parts


def _width(text: str) -> float:
    """Width in em, near enough: Chinese characters are square, others a little over half."""
    return sum(1 if ord(character) > 0x2E7F else 0.6 for character in text)


# Outlines


class _PdfPen(BasePen):  # type: ignore[misc]
    """Writes an outline as PDF path operators."""

    def __init__(self, glyphs: Any, scale: float, shift: float) -> None:
        super().__init__(glyphs)
        self.out: list[str] = []
        self._scale, self._shift = scale, shift

    def _at(self, point: tuple[float, float]) -> str:
        return f"{(point[0] - self._shift) * self._scale:.3f} {point[1] * self._scale:.3f}"

    def _moveTo(self, point: Any) -> None:  # noqa: N802 - the library's names
        self.out.append(f"{self._at(point)} m")

    def _lineTo(self, point: Any) -> None:  # noqa: N802
        self.out.append(f"{self._at(point)} l")

    def _curveToOne(self, one: Any, two: Any, three: Any) -> None:  # noqa: N802
        self.out.append(f"{self._at(one)} {self._at(two)} {self._at(three)} c")

    def _closePath(self) -> None:  # noqa: N802
        self.out.append("h")


def _glyph(character: str, size: float) -> list[str]:
    """The outline of a character, its foot at the origin, filled. What the font has not is left out."""
    font, glyphs, characters = _font()
    name = characters.get(ord(character))
    if name is None or character.isspace():
        return []
    pen = _PdfPen(glyphs, size / font["head"].unitsPerEm, glyphs[name].width / 2)
    glyphs[name].draw(pen)
    return [*pen.out, "f"]


@cache
def _font() -> tuple[Any, Any, dict[int, str]]:
    """The first of the fonts that is installed and has Chinese characters."""
    for family in (*getattr(settings, "TONGBAN_DOCUMENT_FONTS", {}).get("title", ()), *FONTS):
        found = _asked(family)
        if found is None:
            continue
        path, index, told = found
        if family.lower() not in told.lower():
            continue
        font = TTCollection(path).fonts[index] if path.endswith(".ttc") else TTFont(path)
        characters = font.getBestCmap()
        if ord("印") in characters:
            return font, font.getGlyphSet(), characters
    raise Refused(_("No Chinese font is installed, so no seal can be drawn (Debian: fonts-noto-cjk)."), "no_font")


def _asked(family: str) -> tuple[str, int, str] | None:
    command = ["fc-match", "-f", "%{file}\n%{index}\n%{family}", f"{family}:bold"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.split("\n")
    except (OSError, subprocess.SubprocessError):
        return None
    return (told[0], int(told[1] or 0), told[2]) if len(told) == 3 else None
