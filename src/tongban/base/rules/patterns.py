"""Regular expressions as FEEL has them: XPath functions and operators, section 5.6, over XML Schema part 2.

An own matcher, for two reasons: Python's dialect differs (character class subtraction, \\i \\c \\p{...},
anchors), and Python's matcher can be made to run for years. Here a pair of (instruction, position) that
failed once is never tried again, so the time is bounded by pattern size times text length, and every step is
charged to the budget of the evaluation (security rows T25, T33).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache

from .data import BudgetExceeded
from .run import Run
from .unicode_blocks import block

MAX_PATTERN = 1000
_MAX_PROGRAM = 20_000
_MAX_REPEAT = 1000
_STEPS_PER_CHARGE = 4

CharTest = Callable[[str], bool]
# ("char", test) | ("split", first, second) | ("jump", to) | ("save", slot) | ("start",) | ("end",)
# | ("back", group) | ("match",)
Instruction = tuple[object, ...]


class BadPattern(ValueError):
    """Text that is no XPath regular expression."""


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: str) -> Pattern | None:
    """The pattern ready to match; None when it or its flags are invalid."""
    if len(pattern) > MAX_PATTERN or set(flags) - set("smixq"):
        return None
    try:
        return Pattern(pattern, flags)
    except (BadPattern, RecursionError):
        return None


class Pattern:
    def __init__(self, pattern: str, flags: str) -> None:
        reader = _Reader(pattern, flags)
        self.literal = "q" in flags
        tree = reader.read()
        self.groups = reader.groups
        self._references = reader.references
        self._lines = "m" in flags
        self._fold = "i" in flags
        self._program: list[Instruction] = []
        self._emit(tree)
        self._program.append(("match",))

    # compiling

    def _add(self, *instruction: object) -> int:
        if len(self._program) > _MAX_PROGRAM:
            raise BadPattern("the pattern is too large")
        self._program.append(instruction)
        return len(self._program) - 1

    def _emit(self, node: tuple[object, ...]) -> None:
        kind = node[0]
        if kind == "seq":
            for part in node[1]:  # type: ignore[attr-defined]
                self._emit(part)
        elif kind == "alt":
            self._emit_choice(node[1])  # type: ignore[arg-type]
        elif kind == "group":
            self._add("save", 2 * node[1])  # type: ignore[operator]
            self._emit(node[2])  # type: ignore[arg-type]
            self._add("save", 2 * node[1] + 1)  # type: ignore[operator]
        elif kind == "repeat":
            self._emit_repeat(*node[1:])  # type: ignore[arg-type]
        else:
            self._add(*node)

    def _emit_choice(self, options: list[tuple[object, ...]]) -> None:
        jumps = []
        for option in options[:-1]:
            split = self._add("split", 0, 0)
            self._emit(option)
            jumps.append(self._add("jump", 0))
            self._program[split] = ("split", split + 1, len(self._program))
        self._emit(options[-1])
        for jump in jumps:
            self._program[jump] = ("jump", len(self._program))

    def _emit_repeat(self, node: tuple[object, ...], low: int, high: int | None, greedy: bool) -> None:
        for _ in range(low):
            self._emit(node)
        if high is None:
            split = self._add("split", 0, 0)
            self._emit(node)
            self._add("jump", split)
            self._split(split, greedy)
            return
        splits = []
        for _ in range(high - low):
            splits.append(self._add("split", 0, 0))
            self._emit(node)
        for split in splits:
            self._split(split, greedy)

    def _split(self, at: int, greedy: bool) -> None:
        inside, after = at + 1, len(self._program)
        self._program[at] = ("split", inside, after) if greedy else ("split", after, inside)

    # matching

    def search(self, text: str, begin: int, run: Run) -> list[int | None] | None:
        """The first match at or after `begin`, as [start, end, start of group 1, ...]; None for none."""
        failed: set[object] = set()
        for start in range(begin, len(text) + 1):
            found = self._match(text, start, failed, run)
            if found is not None:
                return found
        return None

    def _match(self, text: str, start: int, failed: set[object], run: Run) -> list[int | None] | None:
        program, references = self._program, self._references
        empty: tuple[int | None, ...] = (None,) * (2 * self.groups + 2)
        stack: list[tuple[int, int, tuple[int | None, ...]]] = [(0, start, empty)]
        size, ticks = len(text), 0
        while stack:
            at, position, slots = stack.pop()
            while True:
                ticks += 1
                if ticks % _STEPS_PER_CHARGE == 0:
                    run.charge()
                step = program[at]
                kind = step[0]
                if kind == "char":
                    if position >= size or not step[1](text[position]):  # type: ignore[operator]
                        break
                    at += 1
                    position += 1
                    continue
                state: object = (at, position, slots) if references else (at, position)
                if state in failed:
                    break
                failed.add(state)
                if len(failed) > 500_000:
                    raise BudgetExceeded("a pattern needs too much memory")
                if kind == "split":
                    stack.append((step[2], position, slots))  # type: ignore[arg-type]
                    at = step[1]  # type: ignore[assignment]
                elif kind == "jump":
                    at = step[1]  # type: ignore[assignment]
                elif kind == "save":
                    slot: int = step[1]  # type: ignore[assignment]
                    slots = (*slots[:slot], position, *slots[slot + 1 :])
                    at += 1
                elif kind == "match":
                    return [start, position, *slots[2:]]
                elif self._holds(step, text, position, slots):
                    position += self._width(step, slots)
                    at += 1
                else:
                    break
        run.charge()
        return None

    def _holds(self, step: Instruction, text: str, position: int, slots: tuple[int | None, ...]) -> bool:
        if step[0] == "start":
            return position == 0 or (self._lines and text[position - 1] == "\n")
        if step[0] == "end":
            return position == len(text) or (self._lines and text[position] == "\n")
        begin, end = slots[2 * step[1]], slots[2 * step[1] + 1]  # type: ignore[operator]
        if begin is None or end is None:
            return True
        wanted, found = text[begin:end], text[position : position + end - begin]
        return wanted == found or (self._fold and wanted.lower() == found.lower())

    def _width(self, step: Instruction, slots: tuple[int | None, ...]) -> int:
        if step[0] != "back":
            return 0
        begin, end = slots[2 * step[1]], slots[2 * step[1] + 1]  # type: ignore[operator]
        return 0 if begin is None or end is None else end - begin

    # what the functions do

    def _matches_empty(self, run: Run) -> bool:
        return self._match("", 0, set(), run) is not None

    def replace(self, text: str, replacement: str, run: Run) -> str | None:
        """`fn:replace`; None when the pattern matches the empty string or the replacement is invalid."""
        parts = [(replacement, -1)] if self.literal else _replacement(replacement, self.groups)
        if parts is None or self._matches_empty(run):
            return None
        made: list[str] = []
        at = size = 0
        while (found := self.search(text, at, run)) is not None:
            start, end = found[0] or 0, found[1] or 0
            made.append(text[at:start])
            for literal, group in parts:
                made.append(literal if group < 0 else _group(text, found, group))
                size += len(made[-1])
            if size > 1_000_000:
                raise BudgetExceeded("a string would be too long")
            if end == start:  # only with look at line starts; move on
                made.append(text[start : start + 1])
                end = start + 1
            at = end
            if at > len(text):
                break
        return "".join(made) + text[at:]

    def split(self, text: str, run: Run) -> list[str] | None:
        if self._matches_empty(run):
            return None
        made, at, begin = [], 0, 0
        while (found := self.search(text, at, run)) is not None:
            start, end = found[0] or 0, found[1] or 0
            made.append(text[begin:start])
            begin = end
            at = max(end, start + 1)
        made.append(text[begin:])
        return made


def _group(text: str, found: list[int | None], group: int) -> str:
    if 2 * group + 1 >= len(found):
        return ""
    start, end = found[2 * group], found[2 * group + 1]
    return "" if start is None or end is None else text[start:end]


def _replacement(text: str, groups: int) -> list[tuple[str, int]] | None:
    """A replacement as literals and group numbers; `$` and `\\` stand alone nowhere."""
    parts: list[tuple[str, int]] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            if text[at + 1 : at + 2] not in ("\\", "$"):
                return None
            parts.append((text[at + 1], -1))
            at += 2
        elif char == "$":
            end = at + 1
            while end < len(text) and text[end] in "0123456789":
                end += 1
            if end == at + 1:
                return None
            while end > at + 2 and int(text[at + 1 : end]) > groups:
                end -= 1
            parts.append(("", int(text[at + 1 : end])))
            at = end
        else:
            parts.append((char, -1))
            at += 1
    return parts


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


class _Reader:
    """Reads a pattern to a tree."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.text = pattern
        self.flags = flags
        self.at = 0
        self.groups = 0
        self.references = False
        self._closed: set[int] = set()
        self._depth = 0

    def read(self) -> tuple[object, ...]:
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

    def _choice(self) -> tuple[object, ...]:
        self._depth += 1
        if self._depth > 50:
            raise BadPattern("the pattern is nested too deeply")
        options = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else ("alt", options)

    def _sequence(self) -> tuple[object, ...]:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._quantified(self._atom()))
        return ("seq", parts)

    def _quantified(self, atom: tuple[object, ...]) -> tuple[object, ...]:
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

    def _atom(self) -> tuple[object, ...]:
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

    def _group(self) -> tuple[object, ...]:
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

    def _escape(self) -> tuple[object, ...]:
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
        forms = {char, char.lower(), char.upper(), char.lower().upper(), char.upper().lower()}
        return lambda c: c in forms or c.lower() in forms or c.upper() in forms

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
        inside = self._folded(tests)
        chosen = _not(inside) if negative else inside
        return chosen if minus is None else (lambda c: chosen(c) and not minus(c))

    def _folded(self, tests: list[CharTest]) -> CharTest:
        if len(tests) == 1 and "i" not in self.flags:
            return tests[0]
        if "i" not in self.flags:
            return lambda c: any(test(c) for test in tests)
        return lambda c: any(test(c) or test(c.lower()[:1]) or test(c.upper()[:1]) for test in tests)

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
            return lambda c: begin <= c <= end
        single = low
        return lambda c: c == single


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
