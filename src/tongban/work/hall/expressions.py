"""FEEL over the answers of a case: the only way a pack computes anything (rule 4 of the house)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongban.base.rules import api as rules


def evaluated(texts: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Each expression's value in the context of what is known; null where the expression cannot be computed."""
    context = {name: rules.to_feel(value) for name, value in known.items()}
    names = tuple(context)
    return {
        key: rules.from_feel(rules.compile_expression(text, names).evaluate(context)) for key, text in texts.items()
    }
