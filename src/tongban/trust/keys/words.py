"""The words pages show for states, purposes and reasons."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import Text

from .data import ActKind, ActState, CertificateState, KeyState, PolicyLine, Purpose, Reason, RequestState
from .profiles import PROFILES, policy_lines

Chip = tuple[Text, str]  # words and tone

KEY_STATES: dict[KeyState, Chip] = {
    KeyState.PREPARED: (_("Prepared"), "neutral"),
    KeyState.ACTIVE: (_("Active"), "green"),
    KeyState.SUSPENDED: (pgettext_lazy("keys", "Suspended"), "amber"),
    KeyState.RETIRED: (_("Retired"), "grey"),
    KeyState.DESTROYED: (_("Destroyed"), "grey"),
}
CERTIFICATE_STATES: dict[CertificateState, Chip] = {
    CertificateState.GOOD: (pgettext_lazy("keys", "In force"), "green"),
    CertificateState.HELD: (pgettext_lazy("keys", "Suspended"), "amber"),
    CertificateState.REVOKED: (_("Revoked"), "alert"),
}
EXPIRED: Chip = (pgettext_lazy("keys", "Expired"), "grey")
REQUEST_STATES: dict[RequestState, Chip] = {
    RequestState.RECEIVED: (_("Waits for the identity check"), "blue"),
    RequestState.CHECKED: (_("Checked, waits to be issued"), "blue"),
    RequestState.ISSUED: (_("Issued"), "green"),
    RequestState.REFUSED: (pgettext_lazy("keys", "Refused"), "grey"),
}
ACT_STATES: dict[ActState, Chip] = {
    ActState.OPEN: (_("Waits for a second officer"), "blue"),
    ActState.DONE: (_("Done"), "green"),
    ActState.REFUSED: (pgettext_lazy("keys", "Refused"), "grey"),
}
ACTS: dict[ActKind, Text] = {
    ActKind.RECOVER: _("Recovery of a key"),
    ActKind.DESTROY: _("Destruction of a key"),
}
REASONS: dict[Reason, Text] = {
    Reason.UNSPECIFIED: _("Another reason"),
    Reason.KEY_COMPROMISE: _("The private key is lost or was disclosed"),
    Reason.AFFILIATION_CHANGED: _("The holder has left or changed the office"),
    Reason.SUPERSEDED: _("Replaced by a new certificate"),
    Reason.CESSATION: _("No longer needed"),
    Reason.PRIVILEGE_WITHDRAWN: _("The right to it was withdrawn"),
}
PURPOSES: dict[Purpose, Text] = {purpose: profile.title for purpose, profile in PROFILES.items()}
LINES: dict[PolicyLine, Text] = {line: policy_lines.get(line).title for line in PolicyLine}
# What the ledger calls it, for the history of one object.
LEAVES: dict[str, Text] = {
    "keys.generated": _("Key made"),
    "keys.active": _("Key active"),
    "keys.suspended": _("Key suspended"),
    "keys.retired": _("Key retired"),
    "keys.destroyed": _("Key destroyed"),
    "keys.escrowed": _("Put in escrow"),
    "keys.recover_asked": _("Recovery asked for"),
    "keys.recover_done": _("Recovered"),
    "keys.recover_refused": _("Recovery refused"),
    "keys.destroy_asked": _("Destruction asked for"),
    "keys.destroy_done": _("Protocol of destruction"),
    "keys.destroy_refused": _("Destruction refused"),
    "keys.used_sign": _("Signed with"),
    "keys.used_verify": _("Verified with, in one hour"),
    "keys.used_encrypt": _("Encrypted with"),
    "keys.used_decrypt": _("Decrypted with"),
    "ca.issued": _("Issued"),
    "ca.held": pgettext_lazy("keys", "Suspended"),
    "ca.resumed": pgettext_lazy("keys", "Resumed"),
    "ca.revoked": _("Revoked"),
    "ca.bound": _("Bound to its holder"),
}
