"""Cells as people type them, read as values: texts, limits, phones, dates, yes and no, code tables and words."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from . import words

_TAG = re.compile(r"<(?:/?[A-Za-z][^<>]{0,2000}|!--.*?--)>", re.S)
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.S | re.I)
_BREAK = re.compile(r"<(?:br|/p|/li|/div|/tr)\b[^<>]*>", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}


def text(value: Any, keep: bool = False) -> tuple[str, bool]:
    """The cell as plain text, and whether it was HTML. Whole floats lose their `.0`, dates are ISO.

    Words for nothing (无, n/a, -) give an empty text unless `keep`.
    """
    if value is None:
        return "", False
    if isinstance(value, bool):
        return ("1" if value else "0"), False
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)), False
    if isinstance(value, datetime):
        return value.date().isoformat(), False
    if isinstance(value, (list, tuple)):
        return "\n".join(filter(None, (text(each)[0] for each in value))), False
    if isinstance(value, dict):
        return "\n".join(f"{key}: {each}" for key, cell in value.items() if (each := text(cell)[0])), False
    found = str(value)
    marked = bool(_TAG.search(found)) or bool(re.search(r"&(?:lt|gt|nbsp|amp|quot|#\d+);", found))
    if marked:
        for _again in range(2):
            found = html.unescape(found)
            found = _TAG.sub("", _BREAK.sub("\n", _SCRIPT.sub("", found)))
    found = _CONTROL.sub("", found.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ")
    found = "\n".join(" ".join(line.split()) for line in found.split("\n"))
    found = re.sub(r"\n{2,}", "\n", found).strip()
    return ("" if not keep and found.casefold() in words.NOTHING else found), marked


def line(value: str) -> str:
    """A text on one line."""
    return " ".join(value.split())


def narrow(value: str) -> str:
    """Full-width letters, digits and signs as their ordinary forms."""
    return value.translate(_WIDE)


def damaged(value: str) -> bool:
    """Whether a text was read in the wrong encoding once: 锟斤拷, Ã©, or lost characters."""
    return bool(re.search("\ufffd|锟斤拷|烫烫烫|Ã[\x80-\xbf©¨¤¶¼]|â€[™œ\x9d“”]|ï»¿", value))


def chinese(value: str) -> bool:
    """Whether a text is written in Chinese: Han characters without kana."""
    return bool(re.search("[\u4e00-\u9fff]", value)) and not re.search("[\u3040-\u30ff\uac00-\ud7af]", value)


_UNITS = (
    # The unit a text names, most telling first; the number is what one of them is in that unit.
    (
        re.compile(
            r"工作日|工作天|个工作|working|business|work\s*day|werktag|ouvré|hábil|habil|úteis|営業日|근무일",
            re.I,
        ),
        "1",
        1,
    ),
    (re.compile(r"个?月|month|mois|monat|mes(?:es)?\b|mês|か月|ヶ月|개월", re.I), "3", 1),
    (re.compile(r"年|year|\bans?\b|jahr|año|ano\b|년", re.I), "4", 1),
    (re.compile(r"周|星期|礼拜|week|semaine|woche|semana|週|주", re.I), "2", 7),
    (re.compile(r"小时|小時|hour|heure|stunde|hora|時間|시간|分钟|minute|min\b|분", re.I), "2", 0),
    (re.compile(r"天|日|day|jour|tag|d[ií]a|일", re.I), "2", 1),
)
_AT_ONCE = re.compile(
    r"即时|即办|即日|当场|当即|当日|当天|立等|马上|随到随办|immediate|instant|same[\s-]?day|on the spot|at once|"
    r"while you wait|즉시|即時|即日|sofort|immédiat|inmediat|imediat",
    re.I,
)
_NO_LIMIT = re.compile(
    r"无(?:法定)?(?:时限|期限)|没有.*(?:时限|期限)|不限|未规定|no (?:legal |statutory )?limit|not? specified",
    re.I,
)


def limit(value: str, unit: str = "") -> tuple[int | None, str, str]:
    """A time limit: number, unit code (1 working days, 2 days, 3 months, 4 years) and what is odd about it.

    0 is done at once, -1 without limit. `unit` is what a unit column or the heading says, used where the text itself
    names none; without any, working days. Oddities: `unreadable`, `range` (of a span the end is taken), `negative`.
    """
    found = narrow(line(value)).casefold()
    if not found:
        return None, "", ""
    if _NO_LIMIT.search(found):
        return -1, unit or "1", ""
    numbers = [
        float(each)
        for each in re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?", re.sub(r"(\d)\s*[-–—~～至到]\s*(\d)", r"\1 \2", found))
    ]
    if not numbers:
        numbers = [
            float(n) for each in re.findall(f"[{''.join(_NUMERALS)}十百]+", found) if (n := numeral(each)) is not None
        ]
        numbers = numbers or (
            [1.0] if re.search(r"\b(?:a|one)\s+(?:working |business )?(?:day|week|month|year)", found) else []
        )
    if not numbers:
        return (0, "1", "") if _AT_ONCE.search(found) else (None, "", "unreadable")
    code, times = unit or "1", 1
    for pattern, named, factor in _UNITS:
        if pattern.search(found):
            code, times = named, factor
            break
    number = max(numbers)
    if number < 0:
        return (-1, code, "") if number == -1 else (None, "", "negative")
    odd = "range" if len(set(numbers)) > 1 else ""
    if times == 0:
        hours = number / 60 if re.search(r"分钟|minute|min\b|분", found) else number
        return (0 if hours <= 8 else -(-int(hours) // 24)), ("1" if hours <= 8 else "2"), odd
    whole = -(-int(number * times * 10) // 10)
    return (whole, code, odd) if whole <= 36_500 else (None, "", "unreadable")


def unit_of(value: str) -> str:
    """The unit a heading or a unit column names, as a code; empty where it names none.

    The bare word day inside a heading (promise_day, 办结日) is no unit, in brackets or alone it is.
    """
    found = narrow(line(value)).casefold()
    if found in ("1", "2", "3", "4"):
        return found
    if found in ("w", "g", "工"):
        return "1"
    if re.search(r"自然日|日历|calendar", found):
        return "2"
    inside = re.search(r"[(\[【](.*?)[)\]】]", found)
    shown = inside.group(1) if inside else found
    if re.search(r"工作日|工作天|working|business", found):
        return "1"
    if not inside and len(shown) > 6:
        return ""
    found_in = "search" if inside else "fullmatch"
    units = ((getattr(pattern, found_in), code) for pattern, code, factor in _UNITS if factor == 1)
    return next((code for names, code in units if names(shown.removesuffix("s"))), "")


def numeral(value: str) -> int | None:
    """二十五 is 25; None where it is not a numeral below a thousand."""
    total = digit = 0
    for character in value:
        if character in _NUMERALS:
            digit = _NUMERALS[character]
        elif character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            return None
    return total + digit


def flag(value: str) -> bool | None:
    """Yes or no; None where the text says neither."""
    found = narrow(line(value)).casefold().strip(".。! ")
    return True if found in words.YES else False if found in words.NO else None


_FREE = re.compile(
    r"free of charge|no (?:fee|charge|cost)|at no cost|free\b(?!.*[$£€¥])|"
    r"不收费|免费|无收费|免收|무료|無料|gratuit|gratis"
)


def fee(value: str) -> tuple[bool | None, str]:
    """Whether a fee is charged, and the standard as written where the cell gives one."""
    found = line(value)
    known = flag(found)
    if known is not None:
        return known, ""
    low = narrow(found).casefold()
    if _FREE.search(low):
        return False, ""
    if re.fullmatch(r"[^\d]{0,4}0+(?:\.0+)?[^\d]{0,4}", low):
        return False, ""
    return (True, found) if re.search(r"\d|收费|收取|fee|charge|元", low) else (None, found)


_PHONE = re.compile(r"\+?\(?\d[\d\s()./\-–—]{1,24}\d(?:\s*(?:转|轉|ext\.?|x|#|-)\s*\d{1,6})?", re.I)


def phones(value: str) -> tuple[list[str], bool]:
    """Telephone numbers in a text, and whether what is left over is more than words around them."""
    found = narrow(value)
    numbers = [
        " ".join(match.group().split())
        for part in re.split(r"[,;、；，\n|]|\bor\b|或|和", found)
        for match in _PHONE.finditer(part)
        if 3 <= sum(c.isdigit() for c in match.group()) <= 22
    ]
    return list(dict.fromkeys(numbers)), bool(found.strip()) and not numbers


def has_area(number: str) -> bool:
    """Whether a Chinese number can be dialled from elsewhere: area code, mobile, 400, or a short service number."""
    digits = re.sub(r"\D", "", re.split(r"转|轉|ext|x|#", number, flags=re.I)[0])
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    return digits.startswith(("0", "400", "800", "1")) or len(digits) in (3, 4, 5, 6) or len(digits) > 8


_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})|(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d{1,5}(?!\d))")


def day(value: str) -> tuple[date | None, bool]:
    """A date, and whether the text has the form of one although no such day exists."""
    match = _DAY.search(narrow(value))
    if match:
        parts = [int(each) for each in match.groups() if each]
        try:
            return date(*parts), False
        except ValueError:
            return None, True
    turned = re.fullmatch(r"\s*(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b.*", narrow(value))
    if turned:
        first, second, year = (int(each) for each in turned.groups())
        # Day first, as most of the world writes; month first where that alone is possible.
        month, number = (second, first) if second <= 12 else (first, second)
        try:
            return date(year, month, number), False
        except ValueError:
            return None, True
    return None, False


def is_url(value: str) -> bool:
    """Whether a text is a web address; the scheme may be missing."""
    return bool(
        re.fullmatch(r"(?:https?://)?[\w.-]+\.[a-z\u4e00-\u9fff]{2,}(?::\d+)?(?:[/?#]\S*)?", value.strip(), re.I)
    )


def web_address(value: str) -> str:
    """The first web address in a text, with its scheme; empty if there is none that a browser should follow."""
    for part in re.split(r"[\s,;，；、]+", value):
        if is_url(part) and "." in part:
            return part if re.match(r"https?://", part, re.I) else f"https://{part}"
    return ""


def code_of(value: str, table: Mapping[str, Sequence[str]]) -> str:
    """The code whose words the text has; empty where none fits. The code itself counts, with or without its zero."""
    found = narrow(line(value)).casefold()
    for code, named in table.items():
        if found in (code, code.lstrip("0")) or found in named:
            return code
    for code, named in table.items():
        if any(len(word) > 1 and word in found for word in named):
            return code
    return ""


def codes_of(value: str, table: Mapping[str, Sequence[str]]) -> list[str]:
    """All codes named in a list of words or codes, each once, sorted."""
    parts = [part for part in re.split(r"[,;、；，/|^\n]|\band\b|&", narrow(value)) if part.strip()]
    if len(parts) == 1 and parts[0].strip().isdigit() and len(parts[0].strip()) > 1:
        parts = list(parts[0].strip())
    return sorted({code for part in parts if (code := code_of(part, table))})


def state(value: str) -> str | None:
    """事项状态 as code, None where the text says none."""
    return code_of(value, words.STATES) or None


def items_of(value: str) -> list[str]:
    """The entries of a list typed into one cell: lines, numbered points, or separated by semicolons."""
    parts = re.split(r"\n|；|;|\|+|•|·(?=\s)|●|■|▪|○", value)
    if len(parts) == 1:
        parts = re.split(
            r"(?:(?<=[\s。；;,，])|^)(?:[(（]?\d{1,2}[)）、.．](?!\d)|[一二三四五六七八九十]{1,3}、|[①-⑳])\s*",
            value,
        )
    if len(parts) == 1 and len(value) > 60 and not re.search(r"[。.]\s", value):
        parts = re.split(r"、", value)
    cleaned = (
        re.sub(r"^\s*(?:[(（]?\d{1,2}[)）、.．](?!\d)|[①-⑳]|[-*])\s*", "", part).strip(" 。;；,，") for part in parts
    )
    return [part for part in cleaned if part]


def fold(value: str) -> str:
    """For comparing names: no width, case, spaces or punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", value).casefold())
