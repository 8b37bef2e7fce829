"""Facts in, PDF/A-3u out."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.template import Context, Engine
from django.utils import translation
from django.utils.safestring import mark_safe
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetchingError

from tongban.base.kernel.api import canonical
from tongban.base.ledger.data import SLOT

from .data import Facts
from .kinds import Kind, kinds
from .pictures import border, qr_code, seal
from .values import plain

FONTS = {
    "body": ["FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "Noto Serif CJK SC", "Noto Sans CJK SC"],
    "title": ["FZXiaoBiaoSong-B05S", "方正小标宋简体", "STZhongsong", "SimSun", "宋体", "Noto Serif CJK SC",
              "Noto Sans CJK SC"],
    "heading": ["SimHei", "黑体", "Noto Sans CJK SC"],
}  # fmt: skip
"""Fonts by use, the ones GB/T 9704 names first; ``TONGBAN_DOCUMENT_FONTS`` in the settings puts others before
them."""


class _NoFetching(URLFetcher):  # type: ignore[misc]
    """No address is ever fetched while a document is drawn, not even a file or a data URL (T29)."""

    def fetch(self, url: str, headers: Any = None) -> NoReturn:
        raise URLFetchingError(f"documents fetch nothing: {url[:60]}")


def render(kind: str, facts: Facts, language: str = "zh-hans") -> bytes:
    """The document as PDF/A-3u. Equal facts give equal bytes on one machine. Slow (about 0.2 s): never inside
    a request (G12); `request` has it done by a job.

    Raises KeyError for an unknown kind or a missing fact, TypeError for a fact that is not a plain value."""
    known = kinds.get(kind)
    page, identifier = _page(known, facts, language)
    fonts, sheet = _prepared()
    document = HTML(string=page, base_url=None, url_fetcher=_NoFetching())
    return document.write_pdf(  # type: ignore[no-any-return]
        finisher=_leave_open if known.carries_proof else None,
        attachments=[_slot()] if known.carries_proof else None,
        font_config=fonts,
        stylesheets=[sheet],
        pdf_variant="pdf/a-3u",
        pdf_identifier=identifier,
        pdf_tags=True,
    )


def _slot() -> Attachment:
    """Room for the proof that the ledger gives afterwards (`queries.response`). It has no date of its own."""
    undated = datetime(2000, 1, 1)  # noqa: DTZ001 - PDF/A wants one, equal facts want equal bytes
    return Attachment(
        string=" " * SLOT,
        url_fetcher=_NoFetching(),
        name="proof.json",
        description="RFC 6962",
        created=undated,
        modified=undated,
        relationship="Data",
    )


def _leave_open(_document: Any, pdf: Any) -> None:
    """The slot lies in the file as it is, not compressed and without a check sum, so that it can be filled."""
    for each in pdf.objects:
        if getattr(each, "extra", {}).get("Type") == "/EmbeddedFile":
            each.compress = False
            del each.extra["Params"]["CheckSum"]


def _page(kind: Kind, facts: Facts, language: str) -> tuple[str, bytes]:
    values = plain(facts)
    if absent := sorted(kind.needs - set(values)):
        raise KeyError(f"a {kind.key} needs the facts {', '.join(absent)}")
    identifier = hashlib.sha256(canonical([kind.key, language, values])).digest()[:16]
    with translation.override(language):
        licensing = bool(values.get("licensing"))
        values["kind_title"] = str(kind.licensing_title if licensing else kind.title)
        values["basis"] = values.get("basis") or (str(kind.basis) if licensing else "")
        values["language"] = language
        values["gap"] = " " if language.startswith("en") else ""
        values["demo"] = bool(getattr(settings, "TONGBAN_DEMO", False))
        # The only markup that enters: what we draw ourselves, from escaped text.
        values["seal_picture"] = mark_safe(_seal(kind, values))  # noqa: S308
        values["border_picture"] = mark_safe(border())  # noqa: S308
        if values.get("verify_url"):
            values["qr_picture"] = mark_safe(qr_code(str(values["verify_url"])))  # noqa: S308
        context = Context(values, autoescape=True)
        return _engine().get_template(f"documents/{kind.template}").render(context), identifier


def _seal(kind: Kind, values: dict[str, Any]) -> str:
    """A seal is cut once, in Chinese, whatever language the document is written in."""
    with translation.override("zh-hans"):
        mark = translation.pgettext("seal", "demo") if values["demo"] else ""
        return seal(str(values["issuer"]), str(values.get("seal_caption") or kind.seal), mark, _families("title"))


@cache
def _engine() -> Engine:
    """An engine of its own: our templates only, no context processors, no loaders that see other rooms."""
    return Engine(
        dirs=[str(Path(__file__).parent / "templates")],
        builtins=["django.templatetags.i18n", "tongban.engine.documents.wording"],
        autoescape=True,
    )


@cache
def _prepared() -> tuple[FontConfiguration, CSS]:
    """Font configuration and style sheet, read once per process."""
    style = (Path(__file__).parent / "templates/documents/notice.css").read_text(encoding="utf-8")
    for use in FONTS:
        style = style.replace(f"var(--{use})", _families(use))
    fonts = FontConfiguration()
    return fonts, CSS(string=style, font_config=fonts)


def _families(use: str) -> str:
    chosen: dict[str, list[str]] = getattr(settings, "TONGBAN_DOCUMENT_FONTS", {})
    return ", ".join(f"'{name}'" for name in [*chosen.get(use, []), *FONTS[use]] if "'" not in name) + ", serif"
