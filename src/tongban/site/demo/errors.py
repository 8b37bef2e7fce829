"""Mistakes as departments' files have them: planted on purpose, with the truth kept apart."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

from . import names


@cache
def _homophones() -> dict[str, str]:
    """For a character of given names another with the same sound, where there is one."""
    by_sound: dict[str, list[str]] = defaultdict(list)
    characters = sorted({str(c) for tables in (names.MEN, names.WOMEN) for words, _s in tables.values() for c in words})
    for character in characters:
        by_sound[lazy_pinyin(character, style=Style.NORMAL)[0]].append(character)
    found = {}
    for group in by_sound.values():
        for one, other in zip(group, group[1:] + group[:1], strict=True):
            if one != other:
                found[one] = other
    return found


@cache
def _traditional() -> OpenCC:
    return OpenCC("s2t")


def misheard(name: str) -> str:
    """The last character written as another of the same sound: 王晓敏 as 王晓闵; as it is where there is none."""
    return name[:-1] + _homophones().get(name[-1], name[-1])


def traditional(name: str) -> str:
    """In traditional characters: 陈国华 as 陳國華."""
    return str(_traditional().convert(name))


def mistyped(number: str, random: np.random.Generator) -> str:
    """Two neighbouring digits of the sequence number changed places, or one read wrongly; the check digit fails."""
    place = int(random.integers(13, 16))
    digits = list(number)
    if digits[place] != digits[place + 1]:
        digits[place], digits[place + 1] = digits[place + 1], digits[place]
    else:
        digits[place] = str((int(digits[place]) + 3) % 10)
    return "".join(digits)


def short_number(number: str) -> str:
    """The old form of 15 digits."""
    return number[:6] + number[8:17]


def spoken(address: str) -> str:
    """As people write it: without the province, floor and door as 3-302."""
    text = address.removeprefix("海南省").replace("号", "-", 1) if "层" in address else address.removeprefix("海南省")
    if "层" in text:
        head, door = text.split("层", 1)
        text = head.rsplit("-", 1)[0] + "号" + door.removesuffix("室")
    return text
