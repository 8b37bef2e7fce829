"""From the text of an address to the division it lies in (DATA-23): full names, short forms, former names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from tongban.engine.registers import api as registers

from .data import DIVISION, NAME, Match
from .queries import ancestors, places

_LONGEST = 14
_MOST_TEXT = 120
_STREETS = ("路", "街", "大道", "巷", "大厦", "酒店", "中路", "东路", "西路", "南路", "北路")
"""What follows a name that is then a street's, not a place's: 海秀路 is not in 海秀镇."""
_SUFFIXES = {
    "province": ("省", "市", "自治区", "特别行政区"),
    "city": ("市", "地区", "盟", "自治州"),
    "county": ("市", "区", "县", "自治县"),
    "township": ("街道办事处", "街道", "镇", "乡"),
}
_VILLAGE = (
    ("社区居民委员会", "社区"), ("社区居委会", "社区"), ("村民委员会", "村"), ("村委员会", "村"), ("村委会", "村"),
    ("居民委员会", "社区"), ("居委会", "社区"),
)  # fmt: skip
_PEOPLES = ("黎族苗族", "黎族", "苗族", "土家族苗族", "土家族")


def short_form(name: str, rank: str) -> str:
    """The name as addresses shorten it: 海口市 as 海口, 保亭黎族苗族自治县 as 保亭, 向荣村委会 as
    向荣村. Empty when that is the name itself or leaves less than two characters."""
    made = name
    if rank == "village":
        for ending, instead in _VILLAGE:
            if name.endswith(ending):
                made = name.removesuffix(ending) + instead
                break
    else:
        for ending in sorted(_SUFFIXES.get(rank, ()), key=len, reverse=True):
            if name.endswith(ending):
                made = name.removesuffix(ending)
                break
        for people in _PEOPLES:
            made = made.removesuffix(people)
    return made if made != name and len(made) >= 2 else ""


@dataclass(frozen=True)
class _Found:
    code: str
    start: int
    end: int
    written: str
    worth: float
    former: bool


def locate(text: str, *, limit: int = 10) -> tuple[Match, ...]:
    """The divisions an address may lie in, the best reading first; empty when it names none that is known.

    Every piece of the text that is a name, short form or former name of a division is a candidate; one is worth what it
    covers of the text together with the divisions above it that the text names before it. Readings of equal worth are
    all given, none then `certain`. At most 120 characters are read. One question to the database for the names, one for
    the chains.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())[:_MOST_TEXT]
    found = _candidates(plain)
    if not found:
        return ()
    by_code: dict[str, list[_Found]] = {}
    for one in found:
        by_code.setdefault(one.code, []).append(one)
    scored = sorted(((_worth(one, by_code), one) for one in found), key=lambda each: (-each[0], each[1].code))
    best = scored[0][0]
    chosen: dict[str, tuple[float, _Found]] = {}
    for worth, one in scored:
        if worth == best and one.code not in chosen:
            chosen[one.code] = (worth, one)
    known = places(list(chosen)[:limit])
    return tuple(
        Match(known[code], one.written, plain[one.end :], len(chosen) == 1, _former(one, by_code))
        for code, (_worth_, one) in chosen.items()
        if code in known
    )


def _former(one: _Found, by_code: dict[str, list[_Found]]) -> str:
    """The name of the text that is out of use, of the place or of one above it."""
    if one.former:
        return one.written
    above = (each for up in ancestors(one.code) for each in by_code.get(up, ()) if each.end <= one.start)
    return next((each.written for each in above if each.former), "")


def _worth(one: _Found, by_code: dict[str, list[_Found]]) -> float:
    """What the reading covers: itself and, before it, each division above it."""
    total, before = one.worth, one.start
    for up in reversed(ancestors(one.code)):
        fitting = [each for each in by_code.get(up, ()) if each.end <= before]
        if fitting:
            best = max(fitting, key=lambda each: each.worth)
            total, before = total + best.worth, best.start
    return total


def _candidates(text: str) -> list[_Found]:
    places_in: dict[str, list[int]] = {}
    for start in range(len(text)):
        for end in range(start + 2, min(start + _LONGEST, len(text)) + 1):
            places_in.setdefault(text[start:end], []).append(start)
    if not places_in:
        return []
    pieces = list(places_in)
    divisions = registers.model(DIVISION).objects.filter(valid_to=None)
    named = divisions.filter(name__in=pieces).values_list("code", "name")
    shortened = divisions.filter(short__in=pieces).values_list("code", "short")
    other = registers.model(NAME).objects.filter(name__in=pieces, valid_to=None).values_list("division", "name", "kind")
    return [
        *_at(named, places_in, text, 0.5),
        *_at(shortened, places_in, text, 0.0, short=True),
        *_at(((code, name) for code, name, kind in other if kind != "former"), places_in, text, 0.25),
        *_at(((code, name) for code, name, kind in other if kind == "former"), places_in, text, 0.25, former=True),
    ]


def _at(
    rows: Iterable[tuple[str, str]],
    places_in: dict[str, list[int]],
    text: str,
    extra: float,
    *,
    short: bool = False,
    former: bool = False,
) -> Iterable[_Found]:
    for code, name in rows:
        for start in places_in[name]:
            end = start + len(name)
            if short and text[end:].startswith(_STREETS):
                continue
            yield _Found(code, start, end, name, len(name) + extra, former)
