"""The Chinese catalogues are complete, and rooms do not overwrite each other's words (look.md, Ground)."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import tongban

ROOT = Path(tongban.__file__).parent
FILES = sorted(ROOT.rglob("locale/zh_Hans/LC_MESSAGES/django.po"))


def texts(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def first(value: object) -> str:
    return str(value[0]) if isinstance(value, list | tuple) else str(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT).parents[3]))
def test_every_text_has_its_chinese_and_keeps_its_places(path):
    gaps, broken = [], []
    for message in texts(path):
        if not message.id:
            continue
        source, chinese = first(message.id), first(message.string)
        if not chinese or message.fuzzy:
            gaps.append(source)
        elif set(re.findall(r"%\(\w+\)", chinese)) - set(re.findall(r"%\(\w+\)", "".join(message.id))):
            broken.append(source)
    assert gaps == []
    assert broken == []


def test_no_two_rooms_give_one_text_two_meanings():
    meanings = defaultdict(lambda: defaultdict(list))
    for path in FILES:
        for message in texts(path):
            if message.id and first(message.string):
                meanings[message.context, first(message.id)][first(message.string)].append(path.parents[3].name)
    clashes = {key: dict(found) for key, found in meanings.items() if len(found) > 1}
    assert clashes == {}
