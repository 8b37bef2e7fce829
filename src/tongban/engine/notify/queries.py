"""Reading inboxes and the outbox."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.api import Actor

from .data import Delivery, Message, Page, Preference, State, Urgency
from .kinds import words
from .models import Delivery as DeliveryRow
from .models import Message as Row
from .models import Preference as PreferenceRow

MANY = 99


def inbox(actor: Actor) -> QuerySet[Row]:
    """Everything told to this person or to the offices where they hold a post."""
    return Row.objects.filter(recipient_id__in=[actor.person.id, *(office.id for office in actor.offices)])


def messages(actor: Actor, after: str = "", unread_only: bool = False, size: int = 30) -> Page:
    """A page of the actor's inbox, newest first. An unknown ``after`` starts at the top."""
    rows = inbox(actor)
    if unread_only:
        rows = rows.filter(read_at=None)
    if after and (last := inbox(actor).filter(id=after).first()):
        rows = rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lt=last.id))
    found = list(rows.order_by("-created_at", "-id")[: size + 1])
    following = found[size - 1].id if len(found) > size else ""
    return Page(tuple(as_data(row) for row in found[:size]), following)


def message(actor: Actor, id: str) -> Message:
    """One message of the actor's inbox. Raises NotFound, also when it is somebody else's."""
    return as_data(access_message(actor, id))


def access_message(actor: Actor, id: str) -> Row:
    """The row, for the rooms' own verbs. Raises NotFound."""
    row = inbox(actor).filter(id=id).first()
    if row is None:
        raise NotFound
    return row


def unread(actor: Actor) -> int:
    """How many messages are unread, counted up to 99."""
    return inbox(actor).filter(read_at=None)[:MANY].count()


def preference(person: Ref) -> Preference:
    """What this person wants besides the inbox."""
    row = PreferenceRow.objects.filter(person_id=person.id).first()
    if row is None:
        return Preference("", frozenset(), "zh-hans")
    return Preference(row.email, frozenset(row.off), row.language)


def outbox(channel: str, size: int = 50) -> list[Delivery]:
    """The newest deliveries of a channel: what a demonstration shows instead of a phone."""
    rows = DeliveryRow.objects.filter(channel=channel).exclude(state=State.SKIPPED).order_by("-created_at")
    return [delivery_data(row) for row in rows[:size]]


def failed(size: int = 100) -> list[Delivery]:
    """Deliveries tried in vain, the oldest first, for administrators."""
    return [delivery_data(row) for row in DeliveryRow.objects.filter(state=State.FAILED).order_by("created_at")[:size]]


def as_data(row: Row) -> Message:
    """The row in the reader's language."""
    title, text = words(row.kind, row.facts)
    return Message(
        id=row.id,
        kind=row.kind,
        recipient=Ref(row.recipient_kind, row.recipient_id),
        title=title,
        text=text,
        link=row.link,
        urgency=Urgency(row.urgency),
        created_at=row.created_at,
        read_at=row.read_at,
        read_by=row.read_by,
    )


def delivery_data(row: DeliveryRow) -> Delivery:
    """The row as channels see it."""
    return Delivery(
        id=row.id,
        channel=row.channel,
        recipient=Ref(row.recipient_kind, row.recipient_id) if row.recipient_id else None,
        address=row.address,
        subject=row.subject,
        text=row.text,
        state=State(row.state),
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
