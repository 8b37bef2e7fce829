"""FEEL over the answers of a case: the only way a pack computes anything (rule 4 of the house)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Refused
from tongban.base.rules import api as rules
from tongban.base.rules.data import BudgetExceeded

SECONDS = 0.2  # of processor time for one expression


def evaluated(texts: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Each expression's value in the context of what is known; null where the expression cannot be computed.

    `Refused` when one needs more steps or time than any honest expression: nothing of the case is written then.
    """
    context = {name: rules.to_feel(value) for name, value in known.items()}
    names = tuple(context)
    try:
        return {
            key: rules.from_feel(rules.compile_expression(text, names).evaluate(context, seconds=SECONDS))
            for key, text in texts.items()
        }
    except BudgetExceeded:
        message = _("A rule of this item takes too long to compute. Please tell its office.")
        raise Refused(message, code="rule") from None
