"""Taking tasks out of the office's common inbox, and handing them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from tongban.base.kernel.api import Ref
from tongban.base.ledger import api as ledger
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from ..data import WORK
from ..models import Work


def claim(actor: Actor, ids: Sequence[str], *, take: bool = True, seen: Mapping[str, str] | None = None) -> int:
    """Take open tasks of the own offices (an absent colleague's too), or hand them back. Gives how many changed.

    `seen` is who held each task on the page this was pressed on: a task somebody else has taken since stays theirs.
    """
    offices = [office.id for office in actor.offices]
    with transaction.atomic():
        rows = Work.objects.select_for_update(skip_locked=True).filter(
            public_id__in=list(ids)[:200], office__in=offices, open=True
        )
        changed = 0
        for row in rows:
            holder = str(actor.person) if take else ""
            if row.claimed_by == holder or (seen is not None and seen.get(row.public_id, "") != row.claimed_by):
                continue
            row.claimed_by = holder
            row.save(update_fields=["claimed_by"])
            ledger.write("hall.work.claimed" if take else "hall.work.released", Ref(WORK, row.public_id), by=actor.by)
            changed += 1
    return changed


def hand_back(person: Ref, office: Ref | None = None) -> int:
    """Open work that a leaver (or a mover, of the office left) had claimed lies in the common inbox again. Somebody who
    holds another post in the office keeps theirs. Gives the number; repeating it changes nothing."""
    with transaction.atomic():
        rows = Work.objects.select_for_update().filter(claimed_by=str(person), open=True)
        if office is not None:
            rows = rows.filter(office=office.id)
            if any(post.office == office for post in identity.posts_of(person)):
                return 0
        done = 0
        for row in rows:
            row.claimed_by = ""
            row.save(update_fields=["claimed_by"])
            ledger.write("hall.work.released", Ref(WORK, row.public_id), former=str(person))
            done += 1
    return done
