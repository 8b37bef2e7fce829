"""The closed registries that a diagram may name: service verbs and decision tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tongban.base.kernel.api import Ref, Registry

Verb = Callable[[Ref, dict[str, Any]], Mapping[str, Any] | None]

verbs: Registry[Verb] = Registry("service verbs")
"""What service tasks may do: `verb(subject, variables)` returns the variables to set. It runs inside the
transaction of the step, so it may be repeated after a crash but is committed once; no network calls."""


Tables = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
_tables: list[Tables] = []


def tables_are(decide: Tables) -> None:
    """Say who evaluates the decision tables that business-rule tasks name. Called once.

    `decide(table, variables)` gives the variables to set, or raises: then the task becomes an incident.
    """
    _tables[:] = [decide]


def decided(table: str, variables: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the decision table says; `LookupError` when nobody keeps tables."""
    if not _tables:
        raise LookupError("no room keeps decision tables")
    return _tables[0](table, variables)
