"""Item definitions of a model as kinds (DMN 7.3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from .data import BudgetExceeded, FeelError
from .expressions import UnaryTests, compile_expression, compile_unary_tests
from .kind_reader import KindReader
from .kinds import ANY, BASE_KINDS, NUMBER, Constrained, ContextOf, FunctionOf, Kind, ListOf, strict
from .run import CURRENT, Env, Run
from .scanner import Scanner, normal_name
from .sheet import Element, child, children, text_in
from .values import Value

# Types some modelling tools write, which the standard does not have.
_VENDOR_KINDS = {"integer": NUMBER, "long": NUMBER, "double": NUMBER, "decimal": NUMBER}


class Items:
    """The named types of one model, with those of imported models under `alias.name`."""

    def __init__(self, definitions: Element, imported: Mapping[str, Items]) -> None:
        self._elements = {normal_name(item.get("name", "")): item for item in children(definitions, "itemDefinition")}
        self._imported = dict(imported)
        self._made: dict[str, Kind] = {}
        self._making: set[str] = set()
        self.problems: list[FeelError] = []
        for name in self._elements:
            self.find(name)

    def names(self) -> dict[str, Kind]:
        """All types by the name they have in this model, for `instance of`."""
        found = {name: strict(kind) for name, kind in self._made.items()}
        for alias, items in self._imported.items():
            for name, kind in items._made.items():
                found[name if _is_bare(alias) else f"{alias}.{name}"] = strict(kind)
        return found

    def entry_names(self) -> set[str]:
        """Names of all components, for paths over them."""
        found: set[str] = set()
        for item in self._elements.values():
            for part in item.iter("{*}itemComponent"):
                found.add(normal_name(part.get("name", "")))
        for items in self._imported.values():
            found |= items.entry_names()
        return found

    def ranking(self, reference: str | None) -> str | None:
        """The text of the allowed values of a named type."""
        item = self._elements.get(normal_name(reference or ""))
        return None if item is None else text_in(child(item, "allowedValues"))

    def find(self, reference: str | None) -> Kind | None:
        """The kind a typeRef names; None when there is no such type."""
        name = normal_name(reference or "")
        if name in self._elements:
            return self._define(name)
        if name in BASE_KINDS:
            return BASE_KINDS[name]
        if "<" in name:
            return self._expression(name)
        for alias, items in self._imported.items():
            if name.startswith(alias + "."):
                return items.find(name[len(alias) + 1 :])
            if _is_bare(alias) and (kind := items.find(name)) is not None:
                return kind
        _, colon, local = name.partition(":")
        if not colon:
            return _VENDOR_KINDS.get(name)
        imported = (kind for items in self._imported.values() if (kind := items.find(local)) is not None)
        return self.find(local) or next(imported, None)

    def _expression(self, text: str) -> Kind | None:
        """A type expression, such as `list<number>`."""
        try:
            return KindReader(Scanner(text), self.names()).read()
        except FeelError as error:
            self.problems.append(error)
            return None

    def _define(self, name: str) -> Kind:
        if name in self._made:
            return self._made[name]
        if name in self._making:  # a type that contains itself
            return ANY
        self._making.add(name)
        self._made[name] = self._kind(self._elements[name])
        self._making.discard(name)
        return self._made[name]

    def _kind(self, item: Element) -> Kind:
        kind = self._base(item)
        allowed = text_in(child(item, "allowedValues"))
        collection = item.get("isCollection") == "true"
        if allowed is not None:
            kind = self._constrained(kind, allowed, each=True)
        if collection:
            kind = ListOf(kind)
        constraint = text_in(child(item, "typeConstraint"))
        return kind if constraint is None else self._constrained(kind, constraint, each=False)

    def _base(self, item: Element) -> Kind:
        reference = text_in(item, "typeRef")
        if reference is not None:
            return self.find(reference) or ANY
        parts = list(children(item, "itemComponent"))
        if parts:
            entries = {normal_name(part.get("name", "")): self._kind(part) for part in parts}
            return ContextOf(entries, lenient=True)
        function = child(item, "functionItem")
        if function is not None:
            parameters = [
                self.find(part.get("typeRef") or text_in(part, "typeRef")) or ANY
                for part in children(function, "parameters")
            ]
            result = self.find(function.get("outputTypeRef") or text_in(function, "outputTypeRef")) or ANY
            return FunctionOf(tuple(parameters), result)
        return ANY

    def _constrained(self, base: Kind, text: str, *, each: bool) -> Kind:
        if not text.strip():
            return base
        try:
            tests = compile_unary_tests(text)
        except FeelError as error:
            self.problems.append(error)
            return base
        return Constrained(base, lambda value: _allows(tests, value, each))


def _is_bare(alias: str) -> bool:
    """Whether an import has no name, so that its types are seen without a prefix."""
    return alias.startswith("\0")


def _allows(tests: UnaryTests, value: Value, each: bool) -> bool:
    run = CURRENT.get() or Run()
    run.charge()
    if tests.test(value, Env({"?": value}, None, run)) is True:
        return True
    return each and type(value) is list and all(_allows(tests, item, False) for item in value)


def listed(text: str) -> tuple[Value, ...]:
    """The values of `"a", "b"` in their order; none when the text is not a list of values."""
    try:
        return tuple(compile_expression(f"[{text}]").evaluate({}))
    except (FeelError, TypeError, BudgetExceeded):
        return ()
