"""Telling, sending, reading."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from tongban.base.kernel.api import Invalid, Ref, Refused, new_id, now, system
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import Actor

from .channels import PERSON
from .channels import channels as ways
from .data import Delivery, Facts, Message, Preference, State, Urgency
from .kinds import brief, kinds, words
from .models import Delivery as DeliveryRow
from .models import Message as Row
from .models import Preference as PreferenceRow
from .queries import access_message, as_data, delivery_data, inbox, preference


def tell(
    recipient: Ref,
    kind: str,
    facts: Facts,
    *,
    link: str = "",
    channels: Collection[str] | None = None,
    urgency: Urgency | None = None,
    once: str = "",
) -> None:
    """Put a message into the inbox of a person or an office and send the person word of it, in the caller's
    transaction. ``link`` is a path on the recipient's own site; ``once`` names the occasion: told a second
    time for the same occasion, nothing happens. ``channels`` None: the kind's own.

    Raises KeyError for an unknown kind or a fact its words need, ValueError for a link that leaves the
    site."""
    known = kinds.get(kind)
    words(kind, facts)
    brief(kind, facts, "zh-hans")
    parts = urlsplit(link)
    if link and (parts.scheme or parts.netloc or not link.startswith("/") or "\\" in link):
        raise ValueError(f"a message links to a path on its own site, not to {link!r}")
    urgency = urgency or known.urgency
    row = Row(
        recipient_kind=recipient.kind,
        recipient_id=recipient.id,
        kind=kind,
        facts=dict(facts),
        link=link,
        urgency=urgency,
        once=once or None,
        created_at=now(),
    )
    with system():  # what somebody else wants, and where they are reached, is nothing the teller sees
        if not _insert(row):
            return
        if recipient.kind == PERSON:
            wanted = preference(recipient)
            for channel in channels if channels is not None else known.channels:
                if _reached(channel, recipient, wanted, urgency):
                    _queue(DeliveryRow(channel=channel, message_id=row.id, **_to(recipient), created_at=now()))


def _reached(channel: str, recipient: Ref, wanted: Preference, urgency: Urgency | str) -> str:
    """The address by which a person is reached through a channel; "" when they have none or said no to it."""
    if channel in wanted.off and urgency != Urgency.URGENT:
        return ""
    return ways.get(channel).address(recipient, wanted)


def _insert(row: Row) -> bool:
    """Insert unless the occasion was told already. Row security hides other people's messages, so this does
    not look first: the unique constraint decides."""
    if row.once is None:
        row.save(force_insert=True)
        return True
    fields = Row._meta.concrete_fields
    columns = ", ".join(str(field.column) for field in fields)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO notify_message ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
            values,
        )
        return bool(cursor.rowcount == 1)


def send_text(channel: str, address: str, text: str, recipient: Ref | None = None) -> None:
    """Send a text to an address that need not belong to an account, such as a one-time code to a phone.
    Without an address the same work is done and nothing is sent, so that time and answer tell nothing
    (T14)."""
    row = DeliveryRow(channel=channel, address=address, text=text if address else "", created_at=now())
    if recipient:
        row.recipient_kind, row.recipient_id = recipient.kind, recipient.id
    with transaction.atomic():
        _queue(row)


def _to(recipient: Ref) -> dict[str, str]:
    return {"recipient_kind": recipient.kind, "recipient_id": recipient.id}


def _queue(row: DeliveryRow) -> None:
    row.id = new_id()
    row.save(force_insert=True)
    app.configure_task("notify:send", queue="notify").defer(delivery=row.id)


def send(id: str) -> None:
    """Send one delivery; the work of the job. The channel is called outside any transaction; a crash between
    sending and noting it may send twice, never lose it.

    Raises what the channel raised, after it has been written down, so that the job is tried again."""
    with system():
        row = DeliveryRow.objects.filter(id=id, state__in=[State.PENDING, State.FAILED]).first()
        letter = _letter(row) if row else None
    if row is None or letter is None:
        DeliveryRow.objects.filter(id=id, state=State.PENDING).update(state=State.SKIPPED, text="", subject="")
        return
    try:
        ways.get(letter.channel).send(letter)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"[:500].replace(letter.address, "***")
        DeliveryRow.objects.filter(id=id).update(state=State.FAILED, attempts=letter.attempts + 1, error=text)
        raise
    row.state, row.attempts, row.sent_at, row.error = State.SENT, letter.attempts + 1, now(), ""
    # A demonstration shows what was sent; elsewhere nobody needs the words again.
    shown = getattr(settings, "TONGBAN_DEMO", False)
    row.subject, row.text, row.address = (letter.subject, letter.text, letter.address) if shown else ("", "", "")
    row.save(update_fields=["state", "attempts", "sent_at", "error", "subject", "text", "address"])


def _letter(row: DeliveryRow) -> Delivery | None:
    """What is to be sent where, made at the last moment from what the person wants now; None: nothing,
    nowhere."""
    letter = delivery_data(row)
    if not row.message_id:
        return letter if letter.address else None
    assert letter.recipient is not None
    message = Row.objects.filter(id=row.message_id).first()
    if message is None:
        return None
    wanted = preference(letter.recipient)
    address = _reached(row.channel, letter.recipient, wanted, message.urgency)
    if not address:
        return None
    subject, text = brief(message.kind, message.facts, wanted.language)
    if row.channel == "mail" and message.link:
        text += f"\n\n{getattr(settings, 'PUBLIC_URL', '')}{message.link}"
    return replace(letter, address=address, subject=subject, text=text)


def retry(id: str, by: Ref | None = None) -> None:
    """Try a failed delivery once more. Raises Refused when it has not failed."""
    with transaction.atomic():
        if not DeliveryRow.objects.filter(id=id, state=State.FAILED).update(state=State.PENDING):
            raise Refused(_("Only a message that could not be sent can be sent again."))
        ledger.write("notify.delivery.retried", Ref("notify.delivery", id), by=by)
        app.configure_task("notify:send", queue="notify").defer(delivery=id)


def read(actor: Actor, id: str) -> Message:
    """Show one message of the actor's inbox and mark it as read. Raises NotFound when it is not in their
    inbox."""
    row = access_message(actor, id)
    if row.read_at is None:
        inbox(actor).filter(id=id, read_at=None).update(read_at=now(), read_by=str(actor.person))
    return as_data(row)


def read_all(actor: Actor) -> int:
    """Mark everything told to this person as read, the offices' messages too; gives their number."""
    return inbox(actor).filter(read_at=None).update(read_at=now(), read_by=str(actor.person))


def prefer(person: Ref, email: str, off: Collection[str], language: str = "zh-hans") -> None:
    """Keep what a person wants besides the inbox. Raises Invalid for an address that is none."""
    email = email.strip()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise Invalid({"email": _("Please give an e-mail address such as name@example.com.")}) from None
    known = sorted(set(off) & set(ways))
    with transaction.atomic():
        values = {"email": email, "off": known, "language": language}
        PreferenceRow.objects.update_or_create(person_id=person.id, defaults=values)
        ledger.write("notify.preference.changed", person, by=person, off=known)
