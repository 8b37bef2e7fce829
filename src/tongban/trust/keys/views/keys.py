"""Keys, custodians and acts under dual control (staff site)."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Ref, Text
from tongban.trust.identity.api import actor_of, may, permitted
from tongban.trust.identity.data import Actor

from .. import acts, escrow, forms, life, queries, words
from ..data import ActKind, ActState, KeyInfo, KeyState, Purpose
from ..profiles import AUTHORITIES
from .acting import Verb, carried_out, facts, leaves, offered

READ = ("keys.read", "keys.manage", "keys.custody")


def _recover(actor: Actor, key_id: str, *, reason: str, passphrase: str, holder: Ref | None) -> None:
    acts.ask(actor, ActKind.RECOVER, key_id, reason, passphrase=passphrase, successor=holder)


def _destroy(actor: Actor, key_id: str, *, reason: str) -> None:
    acts.ask(actor, ActKind.DESTROY, key_id, reason)


def _rotate(actor: Actor, key_id: str) -> None:
    life.rotate_by(actor, key_id)


KEY_VERBS = {
    "rotate": Verb(
        "keys.manage", _("Rotate"), _("Make a new key"), _("There is a new key; the former one is retired."),
        forms.Nothing, _rotate, _("A new key takes its place; this one only verifies and decrypts from now."),
    ),
    "suspend": Verb(
        "keys.manage", _("Suspend"), _("Suspend the key"), _("The key is suspended."), forms.Why, life.suspend,
    ),
    "resume": Verb(
        "keys.manage", _("Resume"), _("Let the key work again"), _("The key works again."), forms.Why, life.resume,
    ),
    "retire": Verb(
        "keys.manage", _("Retire"), _("Retire the key"), _("The key is retired."), forms.Why, life.retire,
        _("It verifies and decrypts from now, and no more. This cannot be taken back."), "danger",
    ),
    "recover": Verb(
        "keys.custody", _("Recover from escrow"), _("Ask for recovery"),
        _("The recovery waits for a second custodian."),
        forms.Recover, _recover, _("A second custodian must agree with a passphrase of their own."),
    ),
    "destroy": Verb(
        "keys.custody", _("Destroy"), _("Ask for destruction"), _("The destruction waits for a second officer."),
        forms.Ask, _destroy, _("What was encrypted with this key can never be read again."), "danger",
    ),
}  # fmt: skip
KEY_STEPS = {
    KeyState.ACTIVE: ("rotate", "suspend", "retire", "recover"),
    KeyState.SUSPENDED: ("resume", "retire", "recover"),
    KeyState.RETIRED: ("recover", "destroy"),
}
ACT_VERBS = {
    "agree": Verb(
        "keys.custody", _("Agree"), _("Agree and do it"), _("It is done; the protocol is below."),
        forms.Nothing, acts.agree, _("You answer for this together with the officer who asked."), "danger",
    ),
    "open": Verb(
        "keys.custody", _("Agree"), _("Agree and do it"), _("It is done; the protocol is below."),
        forms.Passphrase, acts.agree, _("You answer for this together with the officer who asked."), "danger",
    ),
    "refuse": Verb(
        "keys.custody", pgettext_lazy("keys", "Refuse"), _("Do not do it"), _("It will not be done."),
        forms.Nothing, acts.refuse,
    ),
}  # fmt: skip


@permitted(*READ)
@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    """Keys with their states, acts that wait, custodians."""
    found = life.keys(state=request.GET.get("state", "") if request.GET.get("state") in set(KeyState) else "")
    names = queries.names(key.owner for key in found)
    rows = [_row(key, names) for key in found]
    columns = [
        ("title", _("Key")),
        ("purpose", _("Purpose")),
        ("owner", _("Owner")),
        ("algorithm", _("Algorithm"), "code"),
        ("provider", _("Kept in"), "code"),
        ("created", _("Made"), "date"),
        ("escrow", _("Escrow"), "chip"),
        ("state", _("Status"), "chip"),
    ]
    waiting = [act for act in acts.acts() if act.state is ActState.OPEN]
    keepers = escrow.custodians()
    actor = actor_of(request)
    context = {
        "rows": rows, "columns": columns, "tab": "keys", "states": words.KEY_STATES.items(),
        "state": request.GET.get("state", ""),
        "waiting": [(reverse("keys:act", args=[act.id]), words.ACTS[act.kind], act) for act in waiting],
        "custodians": list(queries.names(keepers).values()),
        "keeps": may(actor, "keys.custody"),
    }  # fmt: skip
    return _private(render(request, "keys/keys.html", context))


def _row(key: KeyInfo, names: dict[Ref, str]) -> dict[str, Any]:
    needs = key.purpose is Purpose.ENCRYPTION
    kept: words.Chip = (_("In escrow"), "green") if key.escrowed else (_("Not in escrow"), "amber")
    return {
        "url": reverse("keys:key", args=[key.id]),
        "title": key.title,
        "purpose": words.PURPOSES[key.purpose],
        "owner": _owner(key, names),
        "algorithm": key.algorithm,
        "provider": key.provider,
        "created": key.created,
        "escrow": kept if needs else (_("Signing key: never"), "neutral"),
        "state": words.KEY_STATES[key.state],
    }


def _owner(key: KeyInfo, names: dict[Ref, str]) -> object:
    return names[key.owner] if key.owner.kind.startswith("identity.") else _("This installation")


@permitted(*READ)
@require_safe
def one_key(request: HttpRequest, key_id: str) -> HttpResponse:
    """One key, its history and what may be done with it."""
    return _key_page(request, key_id)


@sensitive_post_parameters()
@permitted("keys.manage", "keys.custody")
@require_POST
def key_act(request: HttpRequest, key_id: str, verb: str) -> HttpResponse:
    """Rotate, suspend, resume, retire; ask for recovery or destruction."""
    life.key(key_id)
    wrong = carried_out(request, KEY_VERBS, verb, key_id)
    return _key_page(request, key_id, (verb, wrong)) if wrong else redirect("keys:key", key_id)


def _key_page(request: HttpRequest, key_id: str, sent: tuple[str, Form] | None = None) -> HttpResponse:
    key = life.key(key_id)
    steps = KEY_STEPS.get(key.state, ())
    if key.purpose in AUTHORITIES:
        steps = tuple(step for step in steps if step != "rotate")
    if not key.escrowed:
        steps = tuple(step for step in steps if step != "recover")
    verbs = offered(
        actor_of(request), KEY_VERBS, steps, lambda verb: reverse("keys:key_act", args=[key.id, verb]), sent
    )
    row = _row(key, queries.names([key.owner]))
    pairs: list[tuple[Text, Any]] = [
        (_("Purpose"), row["purpose"]),
        (_("Owner"), row["owner"]),
        (_("Algorithm"), key.algorithm),
        (_("Kept in"), key.provider),
        (_("Made"), key.created),
        (_("Escrow"), row["escrow"][0]),
        (pgettext_lazy("keys", "Number"), key.id),
    ]
    context = {
        "title": key.title, "chip": words.KEY_STATES[key.state], "facts": facts(pairs), "verbs": verbs,
        "leaves": leaves(key.ref),
        "links": [(reverse("keys:act", args=[act.id]), words.ACTS[act.kind]) for act in acts.acts(key.id)],
        "back": (reverse("keys:keys"), _("Keys")),
    }  # fmt: skip
    return _private(render(request, "keys/detail.html", context, status=422 if sent else 200))


@permitted(*READ)
@require_safe
def one_act(request: HttpRequest, act_id: str) -> HttpResponse:
    """An act under dual control and its protocol."""
    return _act_page(request, act_id)


@sensitive_post_parameters()
@permitted("keys.custody")
@require_POST
def act_act(request: HttpRequest, act_id: str, verb: str) -> HttpResponse:
    """Agree or refuse."""
    acts.act(act_id)
    wrong = carried_out(request, ACT_VERBS, verb, act_id)
    return _act_page(request, act_id, (verb, wrong)) if wrong else redirect("keys:act", act_id)


def _act_page(request: HttpRequest, act_id: str, sent: tuple[str, Form] | None = None) -> HttpResponse:
    act = acts.act(act_id)
    names = queries.names([act.asked_by, act.agreed_by])
    opening = "open" if act.kind is ActKind.RECOVER else "agree"
    steps = (opening, "refuse") if act.state is ActState.OPEN else ()
    verbs = offered(
        actor_of(request), ACT_VERBS, steps, lambda verb: reverse("keys:act_act", args=[act.id, verb]), sent
    )
    pairs: list[tuple[Text, Any]] = [
        (_("Key"), act.key_title),
        (_("Reason"), act.reason),
        (_("Asked by"), names[act.asked_by]),
        (_("Asked at"), act.at),
        (_("Agreed by"), names.get(act.agreed_by, "") if act.agreed_by else ""),
    ]
    context = {
        "title": words.ACTS[act.kind], "chip": words.ACT_STATES[act.state], "facts": facts(pairs), "verbs": verbs,
        "protocol": act.protocol, "back": (reverse("keys:key", args=[act.key_id]), act.key_title),
    }  # fmt: skip
    return _private(render(request, "keys/detail.html", context, status=422 if sent else 200))


CUSTODY = {
    "join": Verb(
        "keys.custody", _("Become a custodian"), _("Become a custodian"), _("You are a custodian of keys in escrow."),
        forms.Passphrase, lambda actor, _subject, passphrase: escrow.become_custodian(actor, passphrase),
        _("Choose at least 12 characters. They are kept nowhere: if you forget them, you can only begin anew."),
        "primary",
    ),
    "end": Verb(
        "keys.custody", _("End a custody"), _("End the custody"), _("The custody has ended."),
        forms.EndCustody, lambda actor, _subject, custodian: escrow.end_custody(actor, custodian),
        _("Keys in escrow can no longer be opened with this custodian. Two must stay."), "danger",
    ),
}  # fmt: skip


@sensitive_post_parameters()
@permitted("keys.custody")
def custody(request: HttpRequest, verb: str = "join") -> HttpResponse:
    """Become a custodian of escrowed keys, with a passphrase of one's own; end the custody of one who leaves."""
    wrong: Form | None = None
    if request.method == "POST":
        wrong = carried_out(request, CUSTODY, verb, "")
        if wrong is None:
            return redirect("keys:keys")
    keepers, actor = escrow.custodians(), actor_of(request)
    steps = ("join", "end") if actor.person not in keepers else ("end",)
    sent = (verb, wrong) if wrong else None
    verbs = offered(actor, CUSTODY, steps, lambda verb: reverse("keys:custody_act", args=[verb]), sent)
    pairs: list[tuple[Text, Any]] = [(_("Custodians"), "、".join(queries.names(keepers).values()))]
    context = {
        "title": _("Custody of keys in escrow"), "facts": facts(pairs), "verbs": verbs,
        "back": (reverse("keys:keys"), _("Keys")),
    }  # fmt: skip
    return _private(render(request, "keys/detail.html", context, status=422 if sent else 200))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
