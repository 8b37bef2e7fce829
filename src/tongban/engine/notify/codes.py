"""One-time codes of the sign-in travel as text messages."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongban.trust.identity.api import code_senders
from tongban.trust.identity.data import CodeMessage

from .actions import send_text


@code_senders("notify")
def send_code(message: CodeMessage) -> None:
    """Queue the text with the code; for an account that does not exist, the same work with nobody to get
    it."""
    text = _("Your code is %(code)s. It is valid for %(minutes)d minutes. Tell it to nobody, whoever asks.")
    send_text("sms", message.to, text % {"code": message.code, "minutes": message.minutes}, message.person)
