"""The ways out: mail through Django's backend, short messages through the outbox of a demonstration."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Ref, Registry
from tongban.trust.identity.api import person

from .data import Channel, Delivery, Preference

channels: Registry[Channel] = Registry("channel")

PERSON = "identity.person"


def _email(recipient: Ref, preference: Preference) -> str:
    return preference.email


def _phone(recipient: Ref, preference: Preference) -> str:
    if recipient.kind != PERSON:
        return ""
    try:
        return person(recipient).phone
    except NotFound:
        return ""


def _send_mail(delivery: Delivery) -> None:
    EmailMessage(delivery.subject, delivery.text, settings.DEFAULT_FROM_EMAIL, [delivery.address]).send()


def _send_sms(delivery: Delivery) -> None:
    """In a demonstration the outbox is where it ends: its page shows what a phone would. Elsewhere the site
    registers its own provider under the setting ``TONGBAN_SMS``; without one this is a failure people can
    see."""
    if not getattr(settings, "TONGBAN_DEMO", False):
        raise RuntimeError("no short-message provider is configured (TONGBAN_SMS)")


channels.register("mail", Channel("mail", _("E-mail"), _email, _send_mail))
channels.register("sms", Channel("sms", _("Text message"), _phone, _send_sms))
