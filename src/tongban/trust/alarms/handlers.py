"""What is an alarm by itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import now, on
from tongban.trust.witness.data import LedgerBroken

from .actions import raise_alarm
from .data import Rule
from .rules import rules

BROKEN = Rule(
    "ledger", _("The ledger does not hold"), (), 0, 1, grave=True,
    advice=_("Change nothing. Compare with the witnesses' heads and with the last backup that verifies."),
)  # fmt: skip
rules.register(BROKEN.key, BROKEN)


@on(LedgerBroken)
def ledger_broken(event: LedgerBroken) -> None:
    """A check or a witness found it (T5)."""
    raise_alarm(BROKEN, event.code, 1, now(), now())
