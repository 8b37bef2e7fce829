"""The ways out: mail through Django's backend, short messages through a gateway or the outbox of a demonstration."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Ref, Registry
from tongban.trust.identity.api import person

from .data import Channel, Delivery, Preference
from .sms import Gateway

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
    """To the gateway of the setting ``TONGBAN_SMS``. Without one the outbox of a demonstration is where it ends: its
    page shows what a phone would; elsewhere this is a failure people can see."""
    if settings.TONGBAN_SMS:
        Gateway(settings.TONGBAN_SMS, settings.TONGBAN_SMS_TOKEN).send(delivery)
    elif not settings.TONGBAN_DEMO:
        raise RuntimeError("no gateway of short messages is configured (TONGBAN_SMS)")


channels.register("mail", Channel("mail", _("E-mail"), _email, _send_mail))
channels.register("sms", Channel("sms", _("Text message"), _phone, _send_sms))
