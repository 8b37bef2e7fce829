"""Every reason for which a message is not taken has a sentence of its own (NET-06)."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from tongban.data.exchange import words

REFUSED = r'(?:Rejected\(|Stage\.REFUSED, |\.refused\(|code=|raise Refused\(.*\), |if peer else )"([a-z_]{3,})"'
FILES = {
    "transport": "asking handling publishing receipts replying sealing sending taking",
    "node": "answering delivering",
    "exchange": "deliveries questions receiving shapes using",
}


def test_every_code_has_a_sentence() -> None:
    found = set(re.findall(r'(?:return|else) "([a-z_]{3,})"', _text("transport.checking")))
    for room, names in FILES.items():
        for name in names.split():
            found |= set(re.findall(REFUSED, _text(f"{room}.{name}")))
    assert {"quota", "altered", "clock", "expired", "not_provider", "shape", "too_many"} <= found
    assert found - set(words._WORDS) == set()


@pytest.mark.parametrize("code", sorted(words._WORDS))
def test_it_is_said_in_the_language_of_the_page(code: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]{4}", str(words.words(code)))


def _text(name: str) -> str:
    return Path(str(import_module(f"tongban.data.{name}").__file__)).read_text("utf-8")
