"""Words of Chinese text, and the pairs of characters that find what segmentation misses.

The same sentence is cut differently inside a document and inside a query, so that words alone miss some 5 %
of the places. Every pair of neighbouring characters is indexed beside the words: whatever has two characters
is found wherever it stands. (Trigrams cannot do this: most Chinese words have two characters.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

MAX_INDEXED = 60_000
"""Characters of a text that are indexed; a longer one is found by its beginning."""

_CJK = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_CJK}]{{2,}}")
_WORD = re.compile(r"\w")
_MAX_POSITION = 16_000
STOP_WORDS = frozenset((Path(__file__).parent / "seed" / "stop_words.txt").read_text("utf-8").split())
"""Words that say how one asks, not what one asks for. A query of nothing else is searched as it stands."""


def clean(text: str) -> str:
    """Text that the database can hold: no zero bytes, no halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def plain(text: str) -> str:
    """Text as it is compared: full-width as half-width, small letters, single spaces, nothing unprintable."""
    return " ".join(unicodedata.normalize("NFKC", clean(text)).lower().split())


def segment(text: str) -> list[str]:
    """The words of a document, in order, long words also in their parts; no punctuation."""
    import rjieba  # its dictionary takes a while: only who searches or indexes reads it

    return [word for word in rjieba.cut_for_search(plain(text)[:MAX_INDEXED]) if _WORD.search(word)]


def query_words(text: str) -> list[str]:
    """The words of a query, each once, without the words that only ask."""
    import rjieba

    words = [word for word in dict.fromkeys(rjieba.cut(plain(text))) if _WORD.search(word)]
    return [word for word in words if word not in STOP_WORDS] or words


def pairs(text: str) -> list[str]:
    """Every pair of neighbouring Chinese characters, each once."""
    found: dict[str, None] = {}
    for run in _RUN.findall(plain(text)[:MAX_INDEXED]):
        found.update(dict.fromkeys(run[i : i + 2] for i in range(len(run) - 1)))
    return list(found)


def vector(title: str, text: str, keywords: str = "") -> str:
    """A `tsvector` literal: title words weigh A, keywords B, text C, pairs D."""
    places: dict[str, list[str]] = {}
    position = 0
    for part, weight in ((title, "A"), (keywords, "B"), (text, "C")):
        for word in segment(part):
            position += 1
            spots = places.setdefault(word[:120], [])
            if len(spots) < 20:
                spots.append(f"{min(position, _MAX_POSITION)}{weight}")
    for pair in pairs(f"{title}\n{keywords}\n{text}"):
        places.setdefault(pair, ["16383"])
    return " ".join(f"{lexeme(word)}:{','.join(spots)}" for word, spots in places.items())


def lexeme(word: str) -> str:
    """One word quoted for a `tsvector` or `tsquery` literal; nothing in it is read as an operator."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def all_of(words: Iterable[str]) -> str:
    """A `tsquery` that wants every word."""
    return " & ".join(lexeme(word) for word in words)


def any_of(parts: Sequence[str]) -> str:
    """A `tsquery` that wants one of the parts, which are queries themselves."""
    return " | ".join(f"({part})" for part in parts if part)
