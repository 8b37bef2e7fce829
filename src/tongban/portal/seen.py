"""“Who has seen my data, when and why”: everything the ledger knows of it, for the person concerned (rule 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, Text, local, system
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import Actor, actor_of, signed_in

KINDS: Mapping[str, Text] = {
    "hall.case.seen": _("Application opened"),
    "registers.row.read": _("Seen, identity number and phone masked"),
    "registers.row.unmasked": _("Seen unmasked"),
    "identity.emergency.seen": _("Opened in an emergency by two officers"),
}
_REASONS: Mapping[str, Text] = {
    "hall.case": _("Handling an application"),
    "hall.work": _("Handling an application"),
    "identity.emergency": _("Emergency"),
}


@dataclass(frozen=True)
class Seen:
    """One act of looking: when, which office and post, what of mine, how, and why."""

    at: datetime
    offices: str
    what: Text
    how: Text
    why: Text


def seen_of(actor: Actor) -> list[Seen]:
    """Every act of looking at this person's own records, newest first. Own looking is none."""
    own: dict[Ref, Text] = {actor.person: _("Account")}
    own |= {row.ref: str(register.title) for register, row in registers.own_rows(actor)}
    leaves = [leaf for ref in own for leaf in ledger.history(ref) if leaf.kind in KINDS and leaf.by != actor.person]
    posts = _posts(leaf.by for leaf in leaves if leaf.by)
    return [
        Seen(
            at=leaf.at,
            offices="、".join(_held(posts[leaf.by], leaf.at)) if leaf.by else "",
            what=own[leaf.subject],
            how=KINDS[leaf.kind],
            why=_why(leaf.facts),
        )
        for leaf in sorted(leaves, key=lambda leaf: -leaf.seq)
    ]


def _posts(officers: Iterable[Ref]) -> dict[Ref, list[identity.Post]]:
    with system():  # people may not look up officers; here they learn office and post of those who looked
        return {officer: identity.posts_of(officer, history=True) for officer in set(officers)}


def _held(posts: list[identity.Post], at: datetime) -> list[str]:
    """The posts of that day; where there was none, those ever held: nobody looks without an office."""
    day = local(at).date()
    on_day = [post for post in posts if post.valid_from <= day and (post.until is None or post.until >= day)]
    return list(dict.fromkeys(f"{post.office_title} {post.title}" for post in on_day or posts))


def _why(facts: Mapping[str, object]) -> Text:
    why = str(facts.get("reason") or facts.get("why") or "")
    kind = why.partition(":")[0]
    return _REASONS.get(kind, why)


@signed_in
def seen(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "portal/seen.html", {"seen": seen_of(actor_of(request))})
