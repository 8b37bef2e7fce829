"""Decision tables of packs, for business-rule tasks: found in the database, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from tongban.base.kernel.api import NotFound
from tongban.base.rules import api as rules
from tongban.engine.process import api as process

from .models import Table


def decide(name: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table's outputs for these variables; `NotFound` when no pack has such a table."""
    row = Table.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f"there is no decision table {name!r}")
    context = {key: rules.to_feel(value) for key, value in variables.items()}
    table = _compiled(row.format, row.text, name)
    outputs = rules.from_feel(table.decide(context))
    return outputs if isinstance(outputs, dict) else {table.output: outputs}


@lru_cache(maxsize=256)
def _compiled(form: str, text: str, name: str) -> _Compiled:
    if form == "csv":
        table = rules.load_table_csv(text, name)
        return _Compiled(table.outputs[0].name, table.decide)
    model = rules.load_dmn(text.encode())
    return _Compiled(name, partial(model.decide, name))


@dataclass(frozen=True)
class _Compiled:
    """A table, or the decision of the file's name in a DMN model. With several outputs `decide` gives a context;
    with one the bare value (DMN 8.2.11), which then sets the variable `output`."""

    output: str
    decide: Callable[[Mapping[str, Any]], Any]


process.tables_are(decide)
