"""The regular expressions of matches(), replace() and split() (XPath 5.6, XML Schema part 2 appendix F)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.base.rules.patterns import compiled
from tongban.base.rules.run import Run


def found(pattern: str, text: str, flags: str = "") -> bool | None:
    made = compiled(pattern, flags)
    return None if made is None else made.search(text, 0, Run()) is not None


@pytest.mark.parametrize(
    ("pattern", "text", "flags", "expected"),
    [
        ("^fo*b", "foobar", "", True),
        ("O", "foo", "i", True),
        ("a.b", "a\nb", "", False),
        ("a.b", "a\nb", "s", True),
        ("^b$", "a\nb\nc", "", False),
        ("^b$", "a\nb\nc", "m", True),
        ("a b", "ab", "x", True),
        ("[ ]", " ", "x", True),
        ("b^", "a\n", "m", False),
        ("\n^", "a\n", "m", False),
        ("[^Q]", "q", "i", False),
        (r"[\p{Lu}]", "m", "i", False),
        ("[A-Z-[OI]]", "o", "i", False),
        ("k", "\u212a", "i", True),
        ("", "x", "", True),
        (r"(asd)[\1]", "asd", "", None),
        ("a.b", "a.b", "q", True),
        ("a.b", "axb", "q", False),
        ("[a-z-[aeiou]]", "e", "", False),
        ("[a-z-[aeiou]]", "x", "", True),
        ("[^a-c]", "b", "", False),
        (r"\p{Lu}", "a", "", False),
        (r"\p{IsCJKUnifiedIdeographs}+", "海口", "", True),
        (r"\P{L}", "a", "", False),
        (r"^\i\c*$", "x-1", "", True),
        (r"^\w+$", "a-b", "", False),
        (r"(a)(b)\2\1", "abba", "", True),
        (r"^(?:ab){2,3}$", "ababab", "", True),
        (r"^a{2}$", "aaa", "", False),
        (r"^a+?$", "aaa", "", True),
        ("^1[3-9][0-9]{9}$", "13800000000", "", True),
        (r"\$", "$", "", True),
        ("(?=a)", "a", "", None),
        ("a{2,1}", "a", "", None),
        ("[z-a]", "a", "", None),
        ("(a", "a", "", None),
        ("a)", "a", "", None),
        ("[a", "a", "", None),
        ("*a", "a", "", None),
        (r"\b", "a", "", None),
        (r"\1(a)", "a", "", None),
        (r"\p{Nope}", "a", "", None),
        ("a", "a", "z", None),
    ],
)
def test_matching(pattern: str, text: str, flags: str, expected: bool | None) -> None:
    assert found(pattern, text, flags) is expected


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "expected"),
    [
        ("abracadabra", "bra", "*", "a*cada*"),
        ("abracadabra", "a.*?a", "*", "*c*bra"),
        ("abracadabra", "a(.)", "a$1$1", "abbraccaddabbra"),
        ("AAAA", "A+?", "b", "bbbb"),
        ("darted", "^(.*?)d(.*)$", "$1c$2", "carted"),
        ("abcd", "(b)|(c)", "[$1$2]", "a[b][c]d"),
        ("a", "a", "$0\\$\\\\", "a$\\"),
        ("a", "(a)", "$12", "a2"),
        ("abcd", "(ab)|(a)", "[1=$1][2=$2]", "[1=ab][2=]cd"),
        ("abc", "x*", "-", None),
        ("abc", "b", "$", None),
        ("abc", "b", "\\n", None),
    ],
)
def test_replacing(text: str, pattern: str, replacement: str, expected: str | None) -> None:
    made = compiled(pattern, "")
    assert made is not None
    assert made.replace(text, replacement, Run()) == expected


_ATOMS = st.sampled_from(["a", "b", "[ab]", ".", "(?:ab)", "(a|b)", "(?:a|bb)", "[^a]"])
_SIGNS = st.sampled_from(["", "", "*", "+", "?", "{1,2}", "*?", "+?"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_ATOMS, _SIGNS), min_size=1, max_size=5), st.text("abc", max_size=12))
def test_common_ground_agrees_with_python(parts: list[tuple[str, str]], text: str) -> None:
    pattern = "".join(atom + sign for atom, sign in parts)
    made = compiled(pattern, "")
    assert made is not None
    mine, theirs = made.search(text, 0, Run()), re.search(pattern, text)
    assert (mine is None) == (theirs is None)
    if mine is not None and theirs is not None:
        assert tuple(mine[:2]) == theirs.span()
