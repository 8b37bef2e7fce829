"""What is an alarm. Rooms above add their own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Registry

from .data import Rule

rules: Registry[Rule] = Registry("alarm rules")

for _rule in (
    Rule(
        "guessing", _("Guessing the password of one account"), ("identity.sign_in_failed",), 15, 10, "subject",
        advice=_("Ask the person whether it was they; otherwise have the password changed."),
    ),
    Rule(
        "spraying", _("Many failed sign-ins"), ("identity.sign_in_failed",), 15, 100,
        advice=_("See whether they come from one network, and have it blocked in front of the public site."),
    ),
    Rule(
        "refusals", _("One member of staff was refused again and again"), ("site.refused",), 60, 20, "by",
        advice=_("See which pages were tried, and ask the person or their office."),
    ),
    Rule(
        "unmasking", _("Many numbers shown in full to one person"), ("registers.row.unmasked",), 60, 30, "by",
        advice=_("Compare with the cases this person works on."),
    ),
    Rule(
        "mass_lookup", _("Many people looked up"), ("identity.mass_lookup",), 60, 1, "by", grave=True,
        advice=_("Compare with the cases this person works on; suspend the account if nothing explains it."),
    ),
    Rule(
        "emergency", _("Personal data opened in an emergency"), ("identity.emergency.opened",), 60, 1, "subject",
        advice=_("Read the reason the two officers gave, and confirm it with their office."),
    ),
    Rule(
        "uploads", _("One person hands in files that are refused"), ("files.refused",), 60, 10, "by",
        advice=_("See why they were refused: a harmful file, or somebody who needs help."),
    ),
    Rule(
        "damage", _("A stored file is not what it was"), ("files.damaged",), 1440, 1, "subject", grave=True,
        advice=_("Restore it from the backup, and find out who could write to the store."),
    ),
    Rule(
        "clock", _("The clocks disagree"), ("kernel.clock_skew",), 15, 1, grave=True,
        advice=_("Compare both servers with the time source. Deadlines are counted by the program's clock."),
    ),
):  # fmt: skip
    rules.register(_rule.key, _rule)
