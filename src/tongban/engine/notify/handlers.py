"""What people are told about rights, looks and the ledger, because the trust centre lies below this room."""

from __future__ import annotations

from contextlib import suppress

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, on
from tongban.trust.alarms.data import AlarmRaised
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import EmergencyOpened, RightsAsked, RightsDecided

from .actions import tell
from .data import Kind, Urgency
from .kinds import kinds

_TEXTS = {
    "rights_asked": (
        _("A right waits for you"),
        _("Somebody asked for a right. A security administrator has to decide."),
    ),
    "rights_decided": (_("Your right was decided on"), _("What was asked for you has been decided. See your rights.")),
    "emergency": (
        _("Your data was opened in an emergency"),
        _("Two officers opened your data in an emergency. See who and why under “Who has seen my data”."),
    ),
    "emergency_watch": (_("Emergency access"), _("Two officers opened somebody's data in an emergency.")),
    "alarm": (_("Security alarm"), _("An alarm is open. See the security console.")),
}
for _key, (_title, _text) in _TEXTS.items():
    _urgency = Urgency.NORMAL if _key.startswith("rights") else Urgency.URGENT
    kinds.register(f"identity.{_key}", Kind(f"identity.{_key}", _title, _text, _text, urgency=_urgency))


@on(RightsAsked)
def tell_security(event: RightsAsked) -> None:
    for person in identity.administrators("security"):
        tell(person, "identity.rights_asked", {}, link="/offices/rights/", once=str(event.request))


@on(RightsDecided)
def tell_holder(event: RightsDecided) -> None:
    tell(event.person, "identity.rights_decided", {}, link="/offices/rights/mine/", once=str(event.request))


@on(EmergencyOpened)
def tell_of_emergency(event: EmergencyOpened) -> None:
    """The person concerned, where they have an account, and those who watch."""
    with suppress(NotFound):  # nobody with an account
        tell(event.subject, "identity.emergency", {}, link="/account/seen/", once=str(event.emergency))
    for person in identity.administrators("audit"):
        tell(person, "identity.emergency_watch", {}, link="/offices/audit/", once=str(event.emergency))


@on(AlarmRaised)
def tell_of_alarm(event: AlarmRaised) -> None:
    """Security and audit administrators (T2, T5, TRUST-11)."""
    for kind in ("security", "audit"):
        for person in identity.administrators(kind):
            tell(person, "identity.alarm", {}, link="/security/", once=str(event.alarm))
