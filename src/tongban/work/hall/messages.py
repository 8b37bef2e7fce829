"""What the hall tells people (notify's catalogue of kinds)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.engine.notify.api import kinds
from tongban.engine.notify.data import Kind, Urgency


def _register(key: str, title: object, text: object, urgency: Urgency = Urgency.NORMAL) -> None:
    kinds.register(f"hall.{key}", Kind(f"hall.{key}", title, text, text, urgency=urgency))  # type: ignore[arg-type]


_register("accepted", _("Application accepted"), _("Your application “%(item)s” (%(case_no)s) has been accepted."))
_register(
    "correction",
    _("Correction needed"),
    _(
        "Something in your application “%(item)s” (%(case_no)s) has to be corrected. "
        "The notice lists everything at once."
    ),
    Urgency.URGENT,
)
_register(
    "declined",
    _("Application not taken"),
    _("Your application “%(item)s” (%(case_no)s) was not taken; the notice says where to turn."),
)
_register(
    "not_accepted",
    _("Acceptance refused"),
    _("Your application “%(item)s” (%(case_no)s) was not accepted; the notice gives the reason."),
)
_register(
    "suspended",
    _("Special procedure"),
    _("Your case “%(item)s” (%(case_no)s) is suspended for a special procedure; its time is not counted."),
)
_register("resumed", _("Handling goes on"), _("Handling of your case “%(item)s” (%(case_no)s) goes on."))
_register(
    "extended",
    _("Limit extended"),
    _("The time limit of your case “%(item)s” (%(case_no)s) was extended; the notice gives the reason."),
)
_register(
    "moved",
    _("Date moved"),
    _("A working day changed, so the date of your case “%(item)s” (%(case_no)s) moved; the case page explains it."),
)
_register(
    "granted", _("Granted"), _("Your application “%(item)s” (%(case_no)s) was granted. You can collect the result.")
)
_register(
    "refused",
    pgettext_lazy("case", "Refused"),
    _("Your application “%(item)s” (%(case_no)s) was refused. The decision gives the reasons and your remedies."),
)
_register("withdrawn", _("Withdrawn"), _("Your application “%(item)s” (%(case_no)s) was withdrawn."))
_register("registered", _("New registration"), _("%(name)s was registered (%(item)s, %(case_no)s)."))
_register("answered", _("Your question was answered"), _("Your question about “%(item)s” was answered."))
_register(
    "value_reported",
    _("A register value was reported as wrong"),
    _("An applicant reports that “%(field)s” from %(source)s is wrong. Please check it."),
)
_register(
    "item_review",
    _("A change of an item waits for legal review"),
    _("“%(item)s” waits for your legal review: %(reason)s"),
)
_register("item_returned", _("Your change was returned"), _("The change of “%(item)s” was returned: %(opinion)s"))
_register(
    "item_approved", _("Your change was approved"), _("The change of “%(item)s” was approved and can be published.")
)
_register("item_published", _("Your change is in force"), _("The change of “%(item)s” is in force: %(reason)s"))
