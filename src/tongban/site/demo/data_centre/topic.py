"""Comprehensive tax governance 综合治税: enterprises that are registered and not known to the tax office."""

from __future__ import annotations

from typing import Any

from tongban.data.linkage import api as linkage

from . import files
from .stage import Stage, StepFailed, acts


def govern(stage: Stage) -> dict[str, Any]:
    """The rules of the topic over the linked sources, and how many of those that are really untaxed they find."""
    with acts(stage, "tax_governance") as officer:
        by = officer.by
    linkage.find(by=by)
    totals = {row["rule"]: row["found"] for row in linkage.totals()}
    planted = len(files.untaxed(stage))
    stage.say(f"registered and not taxed: {totals['untaxed']} found, {planted} there are by the truth; "
              f"cancelled and still taxed: {totals['cancelled']}")  # fmt: skip
    if not totals["untaxed"]:
        raise StepFailed("the topic lists nobody")
    return {"found": totals, "true": planted, "seen": stage.see("/tax-governance/", "tax_governance")}
