"""FEEL text to syntax tree: recursive descent with operator precedence (DMN 10.3.1.2)."""

from __future__ import annotations

from . import syntax as s
from .data import FeelError
from .operands import Operands

_MAX_LINKS = 100  # paths, filters and calls after one another
_LEVELS = ("or", "and", "compare", "+-", "*/", "**")
_CONTINUES = frozenset(".[(+-*/")  # after `in (...)`: the parentheses were part of an operand


class Parser(Operands):
    """Whole texts, operators, and what follows an operand."""

    def expression_text(self) -> s.Node:
        node = self.expression()
        self._end()
        return node

    def tests_text(self) -> s.Tests:
        scan = self.scan
        if scan.text[scan.at :].strip() in ("-", ""):
            return s.Tests(())
        start = scan.at
        if scan.take_word("not") and scan.take("("):
            tests = self._tests()
            if scan.take(")") and scan.done():
                return s.Tests(tests, negated=True)
            scan.at = start
        scan.at = start
        tests = self._tests()
        self._end()
        return s.Tests(tests)

    def _end(self) -> None:
        if not self.scan.done():
            found = self.scan.text[self.scan.at : self.scan.at + 12]
            raise self.scan.error(f"did not expect {found!r}")

    def _tests(self) -> tuple[s.Test, ...]:
        tests = [self._test()]
        while self.scan.take(","):
            tests.append(self._test())
        return tuple(tests)

    def _test(self) -> s.Test:
        before, self.asks = self.asks, False
        op = self._comparison_sign()
        operand = self.expression()
        test = s.Test(op, operand, self.asks)
        self.asks = before or test.asks
        return test

    # operators

    def expression(self) -> s.Node:
        with self._nested():
            return self._level(0)

    def _sum(self) -> s.Node:
        return self._level(3)

    def _level(self, level: int) -> s.Node:
        """Operands of one precedence; deeper precedences bind tighter."""
        if level == 2:
            return self._comparison()
        if level == len(_LEVELS):
            return self._unary()
        first = self._level(level + 1)
        if level < 2:
            parts = [first]
            while self.scan.take_word(_LEVELS[level]):
                parts.append(self._level(level + 1))
            return first if len(parts) == 1 else s.Logic(level == 1, tuple(parts))
        rest: list[tuple[str, s.Node]] = []
        while sign := self._arithmetic_sign(level):
            rest.append((sign, self._level(level + 1)))
        node = s.Chain(first, tuple(rest)) if rest else first
        return self._instance(node) if level == 3 else node

    def _arithmetic_sign(self, level: int) -> str:
        scan = self.scan
        if level == 5:
            return "**" if scan.take("**") else ""
        for sign in _LEVELS[level]:
            if scan.sees(sign) and not (sign == "*" and scan.sees("**")):
                scan.take(sign)
                return sign
        return ""

    def _comparison(self) -> s.Node:
        left = self._sum()
        for _ in range(_MAX_LINKS):
            if sign := self._comparison_sign():
                left = s.Compare(sign, left, self._sum())
            elif self.scan.take_word("between"):
                low = self._sum()
                self.scan.need_word("and")
                left = s.Between(left, low, self._sum())
            elif self.scan.take_word("in"):
                left = s.In(left, self._in_tests())
            else:
                return left
        raise self.scan.error("too many comparisons in a row")

    def _in_tests(self) -> tuple[s.Test, ...]:
        """What follows `in`: one test, or tests in parentheses; none for a bare null, which is no test."""
        scan = self.scan
        if sign := self._comparison_sign():
            return (s.Test(sign, self._sum()),)
        if not scan.sees("("):
            operand = self._sum()
            return () if operand == s.NULL else (s.Test("", operand),)
        start, scopes = scan.at, len(self.trees)
        scan.take("(")
        with self._nested():
            try:
                tests = self._tests()
                if scan.take(")") and scan.text[scan.at : scan.at + 1] not in _CONTINUES:
                    return tests
            except FeelError:
                if not scan.sees(".."):
                    raise
        self._back(start, scopes)
        return (s.Test("", self._sum()),)

    def _unary(self) -> s.Node:
        scan = self.scan
        minus = 0
        while scan.sees("-"):
            scan.take("-")
            minus += 1
            if minus == 1 and (number := scan.number()) is not None:
                return self._links(s.Const(-number if number else number))
        node = self._links(self._primary())
        for _ in range(min(minus, 2 + minus % 2)):  # an even number of signs is two of them
            node = s.Negate(node)
        return node

    def _instance(self, node: s.Node) -> s.Node:
        """`instance of` takes a whole sum: by the letter of rule 2 `1 + 1 instance of number` would add a boolean."""
        for _ in range(_MAX_LINKS):
            if not self.scan.take_word("instance"):
                return node
            self.scan.need_word("of")
            node = s.InstanceOf(node, self.kinds.read())
        raise self.scan.error("too many types in a row")

    # paths, filters, calls

    def _links(self, node: s.Node) -> s.Node:
        scan = self.scan
        for _ in range(_MAX_LINKS):
            if scan.sees(".") and not scan.sees(".."):
                scan.take(".")
                node = s.Path(node, self._property())
            elif scan.sees("[") and not self.keep_bracket:
                scan.take("[")
                self.trees.append(self.properties)
                condition = self.expression()
                self.trees.pop()
                scan.need("]")
                node = s.Filter(node, condition)
            elif scan.sees("("):
                scan.take("(")
                node = self._call(node)
            else:
                return node
        raise scan.error("too many paths, filters or calls in a row")

    def _property(self) -> str:
        """The name after a dot: the longest known entry name, or all words in a row."""
        scan, start = self.scan, self.scan.at
        known = scan.known_name((self.properties,))
        loose_end, name = start, ""
        if scan.word():
            name = scan.loose_name()
            loose_end = scan.name_end
        if known and known[1] > loose_end:
            name, scan.at = known
            scan.skip()
        if not name:
            raise scan.error("expected a name after '.'")
        return name

    def _call(self, function: s.Node) -> s.Node:
        scan = self.scan
        if scan.take(")"):
            return s.Call(function, ())
        names: list[str] = []
        args: list[s.Node] = []
        while True:
            name = scan.name_before(":")
            if name is not None:
                names.append(name)
            args.append(self.expression())
            if not scan.take(","):
                break
        scan.need(")")
        if names and len(names) != len(args):
            raise scan.error("arguments are either all named or all by position")
        return s.Call(function, tuple(args), tuple(names) if names else None)
