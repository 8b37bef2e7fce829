"""The operands of FEEL: literals, names, and what stands in brackets or begins with a word (DMN 10.3.1.2)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from . import syntax as s
from .data import FeelError
from .kind_reader import KindReader
from .kinds import ANY, Kind
from .scanner import INFIX, KEYWORDS, NameTree, Scanner

MAX_SOURCE = 30_000
_MAX_NESTING = 60
_COMPARISONS = ("<=", ">=", "!=", "<", ">", "=")
_OPERAND = re.compile(r'[\w"@]')
_KEYED = ("time offset", "start included", "end included")


class Operands(ABC):
    """One text being parsed. `names` are the variables in scope, `properties` names of context entries."""

    def __init__(
        self,
        text: str,
        names: NameTree,
        builtins: NameTree,
        properties: Collection[str] = (),
        kinds: Mapping[str, Kind] | None = None,
    ) -> None:
        if len(text) > MAX_SOURCE:
            raise FeelError(f"an expression may have {MAX_SOURCE} characters", 1, 1)
        self.scan = Scanner(text)
        self.trees = [builtins, names]
        self.properties = NameTree((*_KEYED, *properties))
        self.kinds = KindReader(self.scan, kinds or {})
        self.nesting = 0
        self.asks = False  # whether `?` was read
        self.keep_bracket = False

    @abstractmethod
    def expression(self) -> s.Node:
        """A whole expression."""

    @abstractmethod
    def _sum(self) -> s.Node:
        """An expression without comparisons and logic, as the ends of a range are."""

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self.nesting += 1
        if self.nesting > _MAX_NESTING:
            raise self.scan.error("the expression is nested too deeply")
        keep, self.keep_bracket = self.keep_bracket, False
        try:
            yield
        finally:
            self.keep_bracket = keep
            self.nesting -= 1

    def _back(self, at: int, scopes: int) -> None:
        """To an earlier place, for a second try."""
        self.scan.at = at
        del self.trees[scopes:]

    def _comparison_sign(self) -> str:
        return next((sign for sign in _COMPARISONS if self.scan.take(sign)), "")

    def _primary(self) -> s.Node:
        scan = self.scan
        if (number := scan.number()) is not None:
            return s.Const(number)
        if (string := scan.string()) is not None:
            return s.Const(string)
        if scan.sees("@"):
            return s.Const(scan.temporal())
        if scan.take("("):
            return self._parenthesis()
        if scan.take("["):
            return self._bracket()
        if scan.take("]"):
            return self._range(self._endpoint(), False)
        if scan.take("{"):
            return self._context()
        return self._named()

    def _named(self) -> s.Node:
        scan = self.scan
        word = scan.word()
        known = scan.known_name(self.trees)
        if word in KEYWORDS and (known is None or known[1] <= scan.at + len(word)):
            return self._keyword(word)
        if known is None:
            if not word:
                found = repr(scan.text[scan.at : scan.at + 12]) if not scan.done() else "the end"
                raise scan.error(f"expected an expression, found {found}")
            if word == "?":
                scan.take("?")
                self.asks = True
                return s.Name("?")
            return s.Name(scan.loose_name())
        name, end = known
        start = scan.at
        if word and (self.properties in self.trees or scan.known_name(self.trees[1:]) is None):
            # `date of birth` is no call of date(); in a filter it may be an entry that nobody declared.
            loose = scan.loose_name()
            if scan.name_end > end and not scan.text.startswith("(", end):
                return s.Name(loose)
            scan.at = start
        scan.at = end
        scan.skip()
        if name == "?":
            self.asks = True
        return s.Name(name)

    def _keyword(self, word: str) -> s.Node:
        scan = self.scan
        at = scan.at
        scan.take_word(word)
        if word in ("true", "false", "null"):
            return s.Const({"true": True, "false": False}.get(word))
        if word == "if":
            return self._if()
        if word == "for":
            return self._for()
        if word in ("some", "every"):
            iterations = self._iterations("satisfies")
            condition = self.expression()
            self._forget(len(iterations))
            return s.Quantified(word == "every", iterations, condition)
        if word == "function" and scan.take("("):
            return self._lambda()
        raise scan.error(f"did not expect {word!r}", at)

    def _if(self) -> s.Node:
        condition = self.expression()
        self.scan.need_word("then")
        then = self.expression()
        self.scan.need_word("else")
        return s.If(condition, then, self.expression())

    def _for(self) -> s.Node:
        iterations = self._iterations("return")
        self.trees.append(NameTree(("partial",)))
        body = self.expression()
        self._forget(len(iterations) + 1)
        return s.For(iterations, body)

    def _iterations(self, end: str) -> tuple[s.Iteration, ...]:
        """`name in domain, ...` up to the word `end`; each name is in scope from there on."""
        found = []
        while True:
            name = self.scan.name_before_word("in")
            source = self.expression()
            last = self.expression() if self.scan.take("..") else None
            found.append(s.Iteration(name, source, last))
            self.trees.append(NameTree((name,)))
            if self.scan.take(","):
                continue
            self.scan.need_word(end)
            return tuple(found)

    def _forget(self, count: int) -> None:
        del self.trees[len(self.trees) - count :]

    def _lambda(self) -> s.Node:
        scan = self.scan
        parameters: list[tuple[str, Kind]] = []
        while not scan.take(")"):
            if (name := scan.name_before(":")) is not None:
                parameters.append((name, self.kinds.read() or ANY))
                if not scan.take(",") and not scan.sees(")"):
                    raise scan.error("expected ',' or ')'")
            elif (name := scan.name_before(",")) is not None:
                parameters.append((name, ANY))
            elif (name := scan.name_before(")")) is not None:
                parameters.append((name, ANY))
                break
            else:
                raise scan.error("expected a parameter, ',' or ')'")
        if scan.take_word("external"):
            self.expression()
            return s.Lambda(tuple(parameters), s.NULL, external=True)
        self.trees.append(NameTree(name for name, _ in parameters))
        body = self.expression()
        self._forget(1)
        return s.Lambda(tuple(parameters), body)

    # ranges, lists, contexts

    def _parenthesis(self) -> s.Node:
        scan = self.scan
        if sign := self._comparison_sign():
            end = self.expression()
            scan.need(")")
            return s.UnaryRange(sign, end)
        node = self.expression()
        if scan.sees(".."):
            return self._range(node, False)
        scan.need(")")
        return node

    def _bracket(self) -> s.Node:
        scan = self.scan
        items: list[s.Node] = []
        if scan.sees("]") and not self._opens_range():
            scan.take("]")
            return s.ListNode(())
        while True:
            items.append(self.expression())
            if len(items) == 1 and scan.sees(".."):
                return self._range(items[0], True)
            if not scan.take(","):
                break
        scan.need("]")
        return s.ListNode(tuple(items))

    def _opens_range(self) -> bool:
        """Whether the `]` after a `[` begins a range, as in `[ ]1..5[ ]`: an operand and `..` follow."""
        scan, start, scopes = self.scan, self.scan.at, len(self.trees)
        scan.take("]")
        try:
            return bool(scan.word() not in INFIX and _OPERAND.match(scan.text, scan.at)) and (
                self._endpoint() is not None and scan.sees("..")
            )
        except FeelError:
            return False
        finally:
            self._back(start, scopes)

    def _range(self, start: s.Node, start_included: bool) -> s.Node:
        scan = self.scan
        scan.need("..")
        at, scopes = scan.at, len(self.trees)
        try:
            end = self._endpoint()
            if scan.take("]"):
                return s.RangeNode(start, end, start_included, True)
            if scan.take(")"):
                return s.RangeNode(start, end, start_included, False)
        except FeelError:
            pass
        self._back(at, scopes)
        with self._nested():
            self.keep_bracket = True  # here `[` may close the range: `[1..5[`
            end = self._sum()
        if scan.take("]"):
            return s.RangeNode(start, end, start_included, True)
        if not scan.take("["):
            scan.need(")")
        return s.RangeNode(start, end, start_included, False)

    def _endpoint(self) -> s.Node:
        with self._nested():
            return self._sum()

    def _context(self) -> s.Node:
        scan = self.scan
        entries: list[tuple[str, s.Node]] = []
        tree = NameTree()
        self.trees.append(tree)
        while entries or not scan.take("}"):
            key = scan.string()
            if key is not None:
                scan.need(":")
            else:
                key = scan.name_before(":")
            if key is None:
                raise scan.error("expected the name of a context entry")
            entries.append((key, self.expression()))
            tree.add(key)
            self.properties.add(key)
            if not scan.take(","):
                scan.need("}")
                break
        self._forget(1)
        return s.ContextNode(tuple(entries))
