"""Reading FEEL text: white space, comments, literals, and names, which may hold spaces and operators.

Whether `a - b` is one name or a subtraction depends on the names in scope (DMN 10.3.1.5), so there is no
token stream: the parser asks for what it expects where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from decimal import Decimal

from .data import FeelError
from .temporal import parse_temporal
from .values import Value, number

_START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF\u00AA\u00B5\u00BA\u2190-\u27BF"
)
IDENTIFIER = re.compile(f"[{_START}][{_START}0-9\u00b7\u0300-\u036f\u203f-\u2040]*")
_PART = re.compile(f"[{_START}0-9\u00b7\u0300-\u036f\u203f-\u2040]+|[./\\-’'+*]|[^\\s]")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_BLANK = re.compile(
    r"(?:[\s\u0085\u00A0\u1680\u180E\u2000-\u200B\u2028\u2029\u202F\u205F\u3000\uFEFF]+|//[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/)+"
)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{6}|.)", re.DOTALL)
_TRAILING = re.compile(r"[0-9]+(?![0-9.])")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}

_LINKING = frozenset(["and", "or", "in", "between", "then", "else", "return", "satisfies"])
KEYWORDS = _LINKING | {"if", "for", "some", "every", "function", "null", "true", "false"}
INFIX = _LINKING | {"instance"}


def normal_name(name: str) -> str:
    """A name with its white space made single, as names are compared."""
    return " ".join(name.split())


class NameTree:
    """Names by their parts, for the longest match at a place in the text."""

    __slots__ = ("_root",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._root: dict[str, object] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        name = normal_name(name)
        at = self._root
        for part in _PART.findall(name):
            at = at.setdefault(part, {})  # type: ignore[assignment]
        if at is not self._root:
            at[""] = name

    def longest(self, scanner: Scanner) -> tuple[str, int] | None:
        """The longest known name that starts here, and where it ends."""
        at, position, found = self._root, scanner.at, None
        text = scanner.text
        while True:
            match = _PART.match(text, position)
            step = at.get(match[0]) if match else None
            if match is None or step is None:
                return found
            at, end = step, match.end()  # type: ignore[assignment]
            if "" in at:
                found = (str(at[""]), end)
            blank = _BLANK.match(text, end)
            position = blank.end() if blank else end


class Scanner:
    """A place in a FEEL text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.name_end = 0
        self._work = 10 * len(text) + 10_000  # stops an exponential number of second tries
        self.skip()

    def error(self, message: str, at: int | None = None) -> FeelError:
        place = self.at if at is None else at
        line = self.text.count("\n", 0, place) + 1
        return FeelError(message, line, place - (self.text.rfind("\n", 0, place) + 1) + 1)

    def skip(self) -> None:
        """Past white space and comments."""
        self._work -= 1
        if self._work < 0:
            raise self.error("the expression is too complicated")
        blank = _BLANK.match(self.text, self.at)
        if blank:
            self.at = blank.end()

    def done(self) -> bool:
        return self.at >= len(self.text)

    def sees(self, symbol: str) -> bool:
        return self.text.startswith(symbol, self.at)

    def take(self, symbol: str) -> bool:
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += len(symbol)
        self.skip()
        return True

    def need(self, symbol: str) -> None:
        if not self.take(symbol):
            found = repr(self.text[self.at : self.at + 12]) if not self.done() else "the end"
            raise self.error(f"expected {symbol!r}, found {found}")

    def word(self) -> str:
        """The identifier here, not taken; empty when there is none."""
        match = IDENTIFIER.match(self.text, self.at)
        return match[0] if match else ""

    def sees_word(self, word: str) -> bool:
        return self.text.startswith(word, self.at) and self.word() == word

    def take_word(self, word: str) -> bool:
        if not self.sees_word(word):
            return False
        self.at += len(word)
        self.skip()
        return True

    def need_word(self, word: str) -> None:
        if not self.take_word(word):
            raise self.error(f"expected {word!r}")

    def number(self) -> Decimal | None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            return None
        value = number(Decimal(match[0]))
        if value is None:
            raise self.error("a number is out of range")
        self.at = match.end()
        self.skip()
        return value

    def string(self) -> str | None:
        if not self.sees('"'):
            return None
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise self.error("a string is not closed")
        self.at = match.end()
        self.skip()
        return join_surrogates(_ESCAPE.sub(_unescape, match[1]))

    def temporal(self) -> Value:
        """The value of an at-literal; the caller has seen the @."""
        self.at += 1
        self.skip()
        text = self.string()
        if text is None:
            raise self.error("expected a string after @")
        return parse_temporal(text)

    def known_name(self, trees: Collection[NameTree]) -> tuple[str, int] | None:
        best: tuple[str, int] | None = None
        for tree in trees:
            found = tree.longest(self)
            if found and (best is None or found[1] > best[1]):
                best = found
        return best

    def loose_name(self) -> str:
        """An unknown name: words in a row, up to a word that only stands between expressions."""
        words: list[str] = []
        while (word := self.word()) and not (words and word in INFIX):
            words.append(word)
            self.at = self.name_end = self.at + len(word)
            self.skip()
            digits = _TRAILING.match(self.text, self.at)
            if digits:
                words.append(digits[0])
                self.at = self.name_end = digits.end()
                self.skip()
        if not words:
            raise self.error("expected a name")
        return " ".join(words)

    def name_before(self, end: str) -> str | None:
        """All name parts up to `end`, taken with it; None, and nothing taken, when it is no name."""
        start, parts = self.at, 0
        if IDENTIFIER.match(self.text, self.at):
            while not self.done() and not self.sees(end):
                match = _PART.match(self.text, self.at)
                if match is None or (len(match[0]) == 1 and match[0] in '(){}[]<>"=,@!;:|&'):
                    break
                parts += 1
                self.at = match.end()
                self.skip()
        if parts and self.sees(end):
            name = normal_name(self.text[start : self.at])
            self.take(end)
            return name
        self.at = start
        return None

    def name_before_word(self, word: str) -> str:
        """An iteration variable: all parts up to `word`, which is taken too."""
        start = self.at
        while not self.done():
            if self.at > start and self.sees_word(word):
                name = normal_name(self.text[start : self.at])
                self.take_word(word)
                return name
            match = _PART.match(self.text, self.at)
            if match is None or (len(match[0]) == 1 and match[0] in '(){}[]<>"=,@!;:|&'):
                break
            self.at = match.end()
            self.skip()
        raise self.error(f"expected a name and {word!r}", start)


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1:
        code = int(escape[1:], 16)
        return chr(code) if code <= 0x10FFFF else match[0]
    return _PLAIN.get(escape, match[0])


def join_surrogates(text: str) -> str:
    r"""`\uD83D\uDC0E` written as two escapes is one character."""
    if not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
