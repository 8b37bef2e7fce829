"""From a law's text to its articles. Pure: text in, frozen data out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date

from .data import Article, Authority, Law, Text

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
NUMBER = "[零〇一二三四五六七八九十百千两0-9]+"
_ARTICLE = re.compile(rf"^\**(第({NUMBER})条(?:之({NUMBER}))?)\**[\s　]*(.*)$")
_CLAUSE = re.compile(r"^([一二三四五六七八九十]+)、(.*)$")
_HEADING = re.compile(r"^(#{2,6})\s*(.+?)\s*$")
_INFO_END = re.compile(r"<!--\s*INFO END\s*-->")
_FILE_DATE = re.compile(r"[(（](\d{4})-(\d{2})-(\d{2})[)）]$")
_DAY = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_EFFECT = re.compile(
    r"(?:本[法条例办规定则]{1,2}|本决定|本规则)?自\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日起(?:施行|实施|生效)"
)
_AT_ONCE = re.compile(r"自(?:公布|通过|发布)之日起(?:施行|实施|生效)")
_STATE = "中华人民共和国"
_MOST = 10_000
_KINDS = (
    ("宪法", Authority.CONSTITUTION),
    ("实施细则", Authority.DEPARTMENT_RULE),
    ("条例", Authority.ADMINISTRATIVE_REGULATION),
)


class Unreadable(ValueError):
    """The text is no law that can be read; the argument says why, the first a code, the second in words."""


def number(text: str) -> int:
    """十二 as 12, 一百零三 as 103, 12 as 12."""
    if text.isdecimal():
        return int(text)
    total, last = 0, 0
    for sign in text:
        if sign in _UNITS:
            total += (last or 1) * _UNITS[sign]
            last = 0
        else:
            last = _DIGITS[sign]
    return total + last


def label_of(place: int) -> str:
    """第十二条, 第十二条之一: the label of an article's place."""
    whole, part = divmod(place, 100)
    return f"第{numeral(whole)}条" + (f"之{numeral(part)}" if part else "")


def numeral(value: int) -> str:
    """12 as 十二, 103 as 一百零三. Up to 9999."""
    digits = "零一二三四五六七八九"
    made, gap = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, size)
        if digit:
            made += ("零" if gap and made else "") + digits[digit] + unit
            gap = False
        else:
            gap = bool(made)
    return made[1:] if made.startswith("一十") else made or "零"


def short_name(name: str) -> str:
    """The name as it is cited: without the state's name and without a year in brackets."""
    return re.sub(r"[（(][^（）()]*[）)]$", "", name.strip()).removeprefix(_STATE)


def parse(text: str, stem: str, category: str = "", authority: Authority | None = None) -> Text:
    """Read one text. `stem` is the file's name without ending, 立法法(2023-03-13): its date is the issue's.

    Raises `Unreadable` with a code and a sentence.
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    name = next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), "")
    if not name:
        raise Unreadable("no_title", "there is no title: a line beginning with # names the law")
    place = next((n for n, line in enumerate(lines) if _INFO_END.search(line)), None)
    head = lines[: place if place is not None else _first(lines)]
    body = lines[place + 1 :] if place is not None else lines[len(head) :]
    note = "\n".join(line.strip() for line in head if line.strip() and not line.startswith("#"))
    issued = _issued(stem, note)
    preamble, articles = _split(body)
    if not articles:
        raise Unreadable("no_articles", "there is no article (第一条) and no clause (一、) in it")
    if long := next((one for one in articles if len(one.text) > _MOST), None):
        raise Unreadable("too_long", f"{long.label} has more than {_MOST} characters")
    effective, stated = _effective(articles, note, issued)
    law = Law(name, short_name(name), authority or _authority(name, category), category, _issuer(note))
    digest = hashlib.sha256("\n".join(f"{a.label}\n{a.text}" for a in articles).encode()).hexdigest()
    return Text(law, issued, effective, stated, note[:4000], preamble[:_MOST], tuple(articles), digest)


def _first(lines: list[str]) -> int:
    """Where the body begins when nothing marks it: at the first chapter or article."""
    return next((n for n, line in enumerate(lines) if _HEADING.match(line) or _ARTICLE.match(line.strip())), len(lines))


def _issued(stem: str, note: str) -> date:
    made = _FILE_DATE.search(stem) or (_DAY.findall(note) and list(_DAY.finditer(note))[-1])
    if not made:
        raise Unreadable("no_date", "neither the file's name nor the note under the title has a date")
    try:
        return date(*(int(part) for part in made.groups()))
    except ValueError:
        raise Unreadable("no_date", f"{made.group(0)} is no date") from None


def _split(body: list[str]) -> tuple[str, list[Article]]:
    """Preamble and articles. Texts without articles are numbered 一、二、; those clauses then count as articles."""
    pieces = list(_pieces(body, _ARTICLE))
    if not any(place for place, *_ in pieces):
        pieces = list(_pieces(body, _CLAUSE))
    preamble = "\n".join(line for place, _label, _heading, lines in pieces if not place for line in lines)
    made: dict[int, Article] = {}
    for place, label, heading, lines in pieces:
        if not place:
            continue
        while place in made:  # an annex begins its numbers again
            place += 100_000
        made[place] = Article(place, label, heading, "\n".join(lines).strip() or label)
    return preamble, list(made.values())


def _pieces(body: list[str], pattern: re.Pattern[str]) -> Iterator[tuple[int, str, str, list[str]]]:
    place, label, lines = 0, "", list[str]()
    headings: dict[int, str] = {}
    heading = ""
    for raw in body:
        line = raw.strip()
        if above := _HEADING.match(line):
            yield place, label, heading, lines
            depth = len(above.group(1))
            headings = {d: t for d, t in headings.items() if d < depth} | {depth: " ".join(above.group(2).split())}
            place, label, lines, heading = 0, "", [], " / ".join(headings.values())[:300]
            continue
        if found := pattern.match(line):
            yield place, label, heading, lines
            if pattern is _ARTICLE:
                label, rest = found.group(1), found.group(4)
                place = number(found.group(2)) * 100 + (number(found.group(3)) if found.group(3) else 0)
            else:
                label, rest = found.group(1) + "、", found.group(2)
                place = number(found.group(1)) * 100
            lines = [rest] if rest else []
        elif line and not line.startswith("<!--"):
            lines.append(line)
    yield place, label, heading, lines


def _effective(articles: list[Article], note: str, issued: date) -> tuple[date, bool]:
    """When the text takes effect and whether it says so itself. A date before the issue is that of the first text."""
    for text in (*(one.text for one in reversed(articles[-3:])), note):
        for found in reversed(list(_EFFECT.finditer(text))):
            try:
                day = date(*(int(part) for part in found.groups()))
            except ValueError:
                continue
            if day >= issued:
                return day, True
        if _AT_ONCE.search(text):
            return issued, True
    return issued, False


def _authority(name: str, category: str) -> Authority:
    return next((kind for end, kind in _KINDS if name.endswith(end) and category != "宪法相关法"), Authority.LAW)


def _issuer(note: str) -> str:
    """The body that adopted the first text, as the note under the title says it."""
    found = re.search(r"日\s*(第.{1,12}届)?(全国人民代表大会常务委员会|全国人民代表大会|国务院)", note)
    return found.group(2) if found else ""
