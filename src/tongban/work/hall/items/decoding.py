"""Which encoding a list was saved in: a mark, else UTF-8, else the one whose common characters it is full of."""

from __future__ import annotations

import codecs
import re

from django.utils.translation import gettext as _

from .source import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 200_000
# Characters that a list of services in this writing can hardly do without.
_COMMON = {
    "gb18030": frozenset(
        "的理业证办务申请人部门市区县名称事项登记许可审批公局中国家级行政法民社会一不有是和及变更注销"
    ),
    "big5": frozenset("的理業證辦務申請人部門市區縣名稱事項登記許可審批公局中國家級行政法民社會一不有是和及變更註銷"),
    "cp949": frozenset("서비스관지원청신이의는에을를로가다기한국민사도시고인정및자신고등록증급"),
    "cp932": frozenset("のにをはがとでてしるい届出申請許可手続者法第条の書窓口担当課名称等るす"),
}


def decode(content: bytes, wanted: str = "") -> tuple[str, bool]:
    """The text, and whether some bytes of it were damaged (they read as U+FFFD). `Unreadable` if it is no text."""
    if wanted:
        return _as_wanted(content, wanted)
    for mark, name in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(name, errors="replace")
            return _clean(text), "\ufffd" in text
    if name := _wide(content):
        return _clean(content.decode(name, errors="replace")), False
    if sum(byte < 9 or 13 < byte < 27 for byte in content[:4000]) > 10:
        raise Unreadable("file.format", _("This is not a text, spreadsheet or JSON file."))
    try:
        return _clean(content.decode("utf-8")), False
    except UnicodeDecodeError:
        pass
    text = content.decode("utf-8", errors="replace")
    good = sum(1 for c in text[:_SAMPLE] if ord(c) > 127 and c != "\ufffd")
    if text[:_SAMPLE].count("\ufffd") * 10 < good:
        return _clean(text), True
    return _guess(content)


def _as_wanted(content: bytes, wanted: str) -> tuple[str, bool]:
    try:
        text = content.decode("utf-8-sig" if wanted.lower() in ("utf-8", "utf8") else wanted, errors="replace")
    except LookupError:
        raise Unreadable("map.encoding", _("There is no encoding named “%s”.") % wanted) from None
    return _clean(text), "\ufffd" in text


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: every other byte of its ASCII part is zero."""
    head = content[:2000]
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0) / (len(head) / 2), head[1::2].count(0) / (len(head) / 2)
    if odd > 0.3 > even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 > odd else ""


def _guess(content: bytes) -> tuple[str, bool]:
    sample = content[:_SAMPLE]
    best, best_share = "cp1252", 0.05
    for name, common in _COMMON.items():
        text = sample.decode(name, errors="replace")
        wide = [c for c in text if ord(c) > 127]
        if not wide or text.count("\ufffd") > len(wide) * 0.05:
            continue
        share = sum(c in common for c in wide) / len(wide)
        if share > best_share:
            best, best_share = name, share
    if best == "cp1252" and not re.search(
        rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]|[\xa3\x80\x96\x97\x91-\x94]", sample
    ):
        best = "gb18030"
    text = content.decode(best, errors="replace")
    return _clean(text), "\ufffd" in text


def _clean(text: str) -> str:
    return text.lstrip("\ufeff").replace("\x00", "")
