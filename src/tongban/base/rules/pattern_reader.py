"""The text of an XPath regular expression to a tree (XML Schema part 2, appendix F; XPath functions 5.6.1).

A tree is `("seq", [...])`, `("alt", [...])`, `("group", n, tree)`, `("repeat", tree, low, high, greedy)` or an
instruction of the matcher: `("char", test)`, `("start",)`, `("end",)`, `("back", n)`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from .unicode_blocks import block

_MAX_REPEAT = 1000
CharTest = Callable[[str], bool]
Tree = tuple[object, ...]


class BadPattern(ValueError):
    """Text that is no XPath regular expression."""


_SPECIAL = frozenset("\\|.?*+(){}[]^$")
_SINGLE = {"n": "\n", "r": "\r", "t": "\t"} | {c: c for c in "\\|.-^?*+{}()[]$"}
_SPACE = frozenset(" \t\n\r")


def _name_start(char: str) -> bool:
    return char in "_:" or char.isalpha()


def _name_part(char: str) -> bool:
    return _name_start(char) or char in "-.\u00b7" or unicodedata.category(char) in ("Nd", "Mn", "Mc", "Lm")


_MULTI: dict[str, CharTest] = {
    "s": lambda c: c in _SPACE,
    "d": lambda c: unicodedata.category(c) == "Nd",
    "w": lambda c: unicodedata.category(c)[0] not in "PZC",
    "i": _name_start,
    "c": _name_part,
}
_CATEGORIES = frozenset(
    "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po "  # noqa: SIM905
    "Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn".split()
)


def _not(test: CharTest) -> CharTest:
    return lambda c: not test(c)


def _cases(char: str) -> set[str]:
    """A character in all its cases; the Kelvin sign is one of k's, which has the letters K and k too."""
    forms = (char, char.lower(), char.upper(), char.lower().upper(), char.upper().lower())
    return {form for form in forms if len(form) == 1}


class PatternReader:
    """Reads a pattern to a tree."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.text = pattern
        self.flags = flags
        self.at = 0
        self.groups = 0
        self.references = False
        self._closed: set[int] = set()
        self._depth = 0

    def read(self) -> Tree:
        if "q" in self.flags:
            return ("seq", [("char", self._same(c)) for c in self.text])
        if "x" in self.flags:
            self.text = _without_space(self.text)
        tree = self._choice()
        if self.at < len(self.text):
            raise BadPattern("unbalanced parenthesis")
        return tree

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _next(self) -> str:
        char = self._peek()
        if not char:
            raise BadPattern("the pattern ends too early")
        self.at += 1
        return char

    def _choice(self) -> Tree:
        self._depth += 1
        if self._depth > 50:
            raise BadPattern("the pattern is nested too deeply")
        options = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else ("alt", options)

    def _sequence(self) -> Tree:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._quantified(self._atom()))
        return ("seq", parts)

    def _quantified(self, atom: Tree) -> Tree:
        sign = self._peek()
        if not sign or sign not in "?*+{":
            return atom
        self.at += 1
        low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(sign, (0, 0))
        if sign == "{":
            low, high = self._counts()
        greedy = self._peek() != "?"
        if not greedy:
            self.at += 1
        if atom[0] in ("start", "end"):
            return atom if low else ("seq", [])
        return ("repeat", atom, low, high, greedy)

    def _counts(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : max(end, self.at)].partition(",")
        if not low.isdecimal() or len(low) > 6 or len(high) > 6 or (high and not high.isdecimal()):
            raise BadPattern("a quantity is not written as {n}, {n,} or {n,m}")
        self.at = end + 1
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if least > _MAX_REPEAT or (most is not None and (most < least or most > _MAX_REPEAT)):
            raise BadPattern("a quantity is too large")
        return least, most

    def _atom(self) -> Tree:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return ("char", self._class())
        if char == "\\":
            return self._escape()
        if char == ".":
            return ("char", (lambda c: True) if "s" in self.flags else (lambda c: c not in "\n\r"))
        if char in "^$":
            return ("start",) if char == "^" else ("end",)
        if char in _SPECIAL:
            raise BadPattern(f"{char!r} does not stand for itself")
        return ("char", self._same(char))

    def _group(self) -> Tree:
        if self.text.startswith("?:", self.at):
            self.at += 2
            inner = self._choice()
        elif self._peek() == "?":
            raise BadPattern("no look-around and no named groups")
        else:
            self.groups += 1
            number = self.groups
            inner = ("group", number, self._choice())
            self._closed.add(number)
        if self._next() != ")":
            raise BadPattern("unbalanced parenthesis")
        return inner

    def _escape(self) -> Tree:
        if self._peek() in "123456789" and self._peek():
            number = int(self._next())
            while self._peek().isdecimal() and number * 10 + int(self._peek()) <= self.groups:
                number = number * 10 + int(self._next())
            if number not in self._closed:
                raise BadPattern("a back reference to a group that is not closed")
            self.references = True
            return ("back", number)
        test, single = self._escaped()
        return ("char", self._same(single) if single else test)

    def _escaped(self) -> tuple[CharTest, str]:
        """A test for what follows a backslash, and the character itself where it is one character."""
        char = self._next()
        if char in _SINGLE:
            single = _SINGLE[char]
            return (lambda c: c == single), single
        if char.lower() in _MULTI:
            test = _MULTI[char.lower()]
            return (test if char.islower() else _not(test)), ""
        if char in "pP":
            test = self._category()
            return (test if char == "p" else _not(test)), ""
        raise BadPattern(f"unknown escape \\{char}")

    def _category(self) -> CharTest:
        if self._next() != "{":
            raise BadPattern("a category is written as \\p{...}")
        end = self.text.find("}", self.at)
        name = self.text[self.at : max(end, self.at)]
        self.at = end + 1
        if name in _CATEGORIES:
            return lambda c: unicodedata.category(c).startswith(name)
        span = block(name[2:]) if name.startswith("Is") else None
        if end < 0 or span is None:
            raise BadPattern(f"unknown category {name!r}")
        low, high = span
        return lambda c: low <= ord(c) <= high

    def _same(self, char: str) -> CharTest:
        if "i" not in self.flags:
            return lambda c: c == char
        forms = _cases(char)
        return lambda c: not forms.isdisjoint(_cases(c))

    def _class(self) -> CharTest:
        """A character class; the opening bracket is taken."""
        self._depth += 1
        if self._depth > 50:
            raise BadPattern("the pattern is nested too deeply")
        negative = self._peek() == "^"
        if negative:
            self.at += 1
        tests: list[CharTest] = []
        minus: CharTest | None = None
        while True:
            char = self._next()
            if char == "]" and tests:
                break
            if char == "-" and self._peek() == "[" and tests:
                self.at += 1
                minus = self._class()
                if self._next() != "]":
                    raise BadPattern("a subtraction ends its class")
                break
            tests.append(self._class_part(char, not tests))
        self._depth -= 1
        inside = tests[0] if len(tests) == 1 else lambda c: any(test(c) for test in tests)
        chosen = _not(inside) if negative else inside
        return chosen if minus is None else (lambda c: chosen(c) and not minus(c))

    def _folded(self, test: CharTest) -> CharTest:
        """With flag i a character passes in either case; categories and other escapes stay as they are."""
        if "i" not in self.flags:
            return test
        return lambda c: any(test(form) for form in _cases(c))

    def _class_part(self, char: str, first: bool) -> CharTest:
        """One character, escape or range of a class."""
        if char == "[":
            raise BadPattern("'[' does not stand for itself in a class")
        if char == "\\":
            test, low = self._escaped()
            if not low:
                return test
        elif char == "]":
            raise BadPattern("an empty class")
        else:
            low = char
            if char == "-" and not first and self._peek() != "]" and not self.text.startswith("-[", self.at):
                raise BadPattern("'-' stands for itself only at the ends of a class")
        if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "["):
            self.at += 1
            high = self._next()
            if high == "\\":
                _, high = self._escaped()
            if not high or high in "[]" or high < low:
                raise BadPattern("a range of characters runs backwards")
            begin, end = low, high
            return self._folded(lambda c: begin <= c <= end)
        single = low
        return self._folded(lambda c: c == single)


def _without_space(pattern: str) -> str:
    """Flag x: white space outside of classes does not count."""
    made, depth, escaped = [], 0, False
    for char in pattern:
        if char in _SPACE and depth <= 0:
            continue
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        made.append(char)
    return "".join(made)
