"""Reading type names and type expressions: `list<number>`, `function<a> -> b` (DMN 10.3.1.2, rules 51 to 56)."""

from __future__ import annotations

from collections.abc import Mapping

from .kinds import ANY, BASE_KINDS, ContextOf, FunctionOf, Kind, ListOf, RangeOf
from .scanner import NameTree, Scanner

_SPACED_KINDS = NameTree(name for name in BASE_KINDS if " " in name)


class KindReader:
    """Reads types at the place of a scanner; `kinds` are the named types of a model."""

    def __init__(self, scan: Scanner, kinds: Mapping[str, Kind]) -> None:
        self.scan = scan
        self._kinds = kinds
        self._names: NameTree | None = None
        self._depth = 0

    def read(self) -> Kind | None:
        """A type name or type expression; None when it names no type that is known."""
        self._depth += 1
        if self._depth > 40:
            raise self.scan.error("a type is nested too deeply")
        found = self._kind()
        self._depth -= 1
        return found

    def _kind(self) -> Kind | None:
        scan = self.scan
        word = scan.word()
        if word in ("list", "range", "context", "function"):
            at = scan.at
            scan.take_word(word)
            if scan.take("<"):
                return self._generic(word)
            scan.at = at
        if self._names is None:
            self._names = NameTree(self._kinds)
        if known := scan.known_name((self._names, _SPACED_KINDS)):
            name, scan.at = known
            scan.skip()
            return self._kinds.get(name) or BASE_KINDS.get(name)
        name = scan.loose_name()
        while scan.sees(".") and not scan.sees(".."):
            scan.take(".")
            name += "." + scan.loose_name()
        return BASE_KINDS.get(name)

    def _generic(self, word: str) -> Kind | None:
        scan = self.scan
        if word in ("list", "range"):
            item = self.read()
            scan.need(">")
            return None if item is None else ListOf(item) if word == "list" else RangeOf(item)
        if word == "context":
            entries: dict[str, Kind] = {}
            while not scan.take(">"):
                key = scan.name_before(":")
                if key is None:
                    raise scan.error("expected the name of a context entry")
                entries[key] = self.read() or ANY
                scan.take(",")
            return ContextOf(entries)
        parameters: list[Kind] = []
        while not scan.take(">"):
            parameters.append(self.read() or ANY)
            scan.take(",")
        scan.need("->")
        return FunctionOf(tuple(parameters), self.read() or ANY)
