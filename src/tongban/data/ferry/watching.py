"""What of the ferry is an alarm (NET-04)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.trust.alarms.api import rules
from tongban.trust.alarms.data import Rule

for _rule in (
    Rule(
        "ferry_gap", _("A bundle between zones is missing"), ("ferry.gap",), 60, 1, "subject", grave=True,
        advice=_("Ask the sending side to carry it over again; what came after it waits."),
    ),
    Rule(
        "ferry_refused", _("A bundle between zones was refused"), ("ferry.refused",), 60, 1, "subject", grave=True,
        advice=_("Keep the disc apart and find out who carried it. Nothing of it was taken in."),
    ),
):  # fmt: skip
    rules.register(_rule.key, _rule)
