"""Regular expressions as FEEL has them: XPath functions and operators, section 5.6, over XML Schema part 2.

An own matcher, for two reasons: Python's dialect differs (character class subtraction, \\i \\c \\p{...},
anchors), and Python's matcher can be made to run for years. Here a pair of (instruction, position) that
failed once is never tried again, so the time is bounded by pattern size times text length, and every step is
charged to the budget of the evaluation (security rows T25, T33).
"""

from __future__ import annotations

from functools import lru_cache

from .data import BudgetExceeded
from .pattern_reader import BadPattern, PatternReader, Tree
from .run import Run

MAX_PATTERN = 2000
_MAX_PROGRAM = 20_000
_STEPS_PER_CHARGE = 2

# ("char", test) | ("split", first, second) | ("jump", to) | ("save", slot) | ("start",) | ("end",)
# | ("back", group) | ("match",)
Instruction = tuple[object, ...]


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
        reader = PatternReader(pattern, flags)
        self.literal = "q" in flags
        tree = reader.read()
        self.groups = reader.groups
        self._references = reader.references
        self._lines = "m" in flags
        self._fold = "i" in flags
        self._program: list[Instruction] = []
        self._emit(tree)
        self._program.append(("match",))
        self.size = len(self._program)

    # compiling

    def _add(self, *instruction: object) -> int:
        if len(self._program) > _MAX_PROGRAM:
            raise BadPattern("the pattern is too large")
        self._program.append(instruction)
        return len(self._program) - 1

    def _emit(self, node: Tree) -> None:
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

    def _emit_choice(self, options: list[Tree]) -> None:
        jumps = []
        for option in options[:-1]:
            split = self._add("split", 0, 0)
            self._emit(option)
            jumps.append(self._add("jump", 0))
            self._program[split] = ("split", split + 1, len(self._program))
        self._emit(options[-1])
        for jump in jumps:
            self._program[jump] = ("jump", len(self._program))

    def _emit_repeat(self, node: Tree, low: int, high: int | None, greedy: bool) -> None:
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
                    width = self._width(step, slots)
                    run.charge(width >> 5)
                    position += width
                    at += 1
                else:
                    break
        run.charge()
        return None

    def _holds(self, step: Instruction, text: str, position: int, slots: tuple[int | None, ...]) -> bool:
        if step[0] == "start":
            after_line = self._lines and 0 < position < len(text) and text[position - 1] == "\n"
            return position == 0 or after_line
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
