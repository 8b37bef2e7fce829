"""Decision tables of packs, for business-rule tasks: found in the database, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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
    found = _compiled(row.format, row.text, name).decide(context)
    outputs = rules.from_feel(found)
    return outputs if isinstance(outputs, dict) else {name: outputs}


@lru_cache(maxsize=256)
def _compiled(form: str, text: str, name: str) -> Any:
    if form == "csv":
        return rules.load_table_csv(text, name)
    model = rules.load_dmn(text.encode())
    return _Decision(model, name)


class _Decision:
    """A DMN model used like a table: its decision of the file's name."""

    def __init__(self, model: Any, name: str) -> None:
        self.model, self.name = model, name

    def decide(self, context: Mapping[str, Any]) -> Any:
        return self.model.decide(self.name, context)


process.tables_are(decide)
