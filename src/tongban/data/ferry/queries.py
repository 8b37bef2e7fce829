"""Reading channels and bundles."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, Refused
from tongban.trust.identity.api import Actor, may

from . import data
from .data import Content, State
from .models import Bundle, Channel

PERMISSIONS = ("ferry.propose", "ferry.approve", "ferry.import", "ferry.channels")


def access(actor: Actor) -> None:
    """`Refused` for who has nothing to do with the ferry."""
    if not any(may(actor, permission) for permission in PERMISSIONS):
        raise Refused(_("Your posts do not include this task."), "permission")


def channels() -> list[data.Channel]:
    """All channels, ours first."""
    return [channel_of(row) for row in Channel.objects.order_by("-outgoing", "key")]


def channel_of(row: Channel) -> data.Channel:
    """A row outside this room; `missing` are the numbers that what waits is waiting for."""
    waiting = {number or 0 for number in row.bundles.filter(state=State.WAITING).values_list("number", flat=True)}
    missing = tuple(n for n in range(row.number + 1, max(waiting, default=0)) if n not in waiting)
    return data.Channel(row.key, row.title, row.from_zone, row.to_zone, row.outgoing, row.number, missing)


def bundle(actor: Actor, id: str) -> data.Bundle:
    """One bundle; `NotFound`."""
    access(actor)
    row = Bundle.objects.filter(id=id).first()
    if row is None:
        raise NotFound()
    return bundle_of(row)


def bundles(channel: str = "", after: str = "", size: int = 50) -> tuple[list[data.Bundle], str]:
    """Newest first, a page by keyset, and the key of the next."""
    rows = Bundle.objects.select_related("channel").order_by("-at", "-id")
    if channel:
        rows = rows.filter(channel_id=channel)
    last = Bundle.objects.filter(id=after).first() if after else None
    if last is not None:
        rows = rows.filter(Q(at__lt=last.at) | Q(at=last.at, id__lt=last.id))
    found = list(rows[: size + 1])
    return [bundle_of(row) for row in found[:size]], found[size - 1].id if len(found) > size else ""


def approved() -> Iterator[str]:
    """The ids of what waits to be exported, in the order of approval."""
    yield from Bundle.objects.filter(state=State.APPROVED).order_by("at", "id").values_list("id", flat=True)


def contents_of(row: Bundle) -> tuple[Content, ...]:
    """The parts of a bundle."""
    return tuple(Content(**{**one, "columns": tuple(one["columns"])}) for one in row.contents)


def bundle_of(row: Bundle) -> data.Bundle:
    """A row outside this room."""
    proposer = Ref.parse(row.proposed_by) if row.proposed_by else None
    return data.Bundle(
        id=row.id, channel=row.channel_id, channel_title=row.channel.title,
        number=row.number, state=State(row.state), label=row.label,
        reason=row.reason, contents=contents_of(row), proposed_by=row.proposer, proposer=proposer,
        approved_by=row.approver, name=row.name, digest=row.digest, finding=row.finding, receipt=row.receipt, at=row.at,
    )  # fmt: skip
