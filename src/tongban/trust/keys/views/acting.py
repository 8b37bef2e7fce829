"""Verbs on pages: a form, a button, and what happens when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest

from tongban.base.kernel.api import Invalid, NotFound, Ref, Text
from tongban.base.ledger.api import history
from tongban.trust.identity.api import actor_of, may
from tongban.trust.identity.data import Actor

from .. import queries, words


@dataclass(frozen=True)
class Verb:
    """One thing that can be done: who may (`a|b`: either), what is asked, what is said. `run(actor, id, **answers)`
    does it, and asks again who may."""

    permission: str
    title: Text
    button: Text
    done: Text
    form: type[Form]
    run: Callable[..., Any]
    text: Text = ""
    tone: str = "secondary"


Verbs = Mapping[str, Verb]


def offered(
    actor: Actor, verbs: Verbs, keys: tuple[str, ...], url: Callable[[str], str], sent: tuple[str, Form] | None = None
) -> list[dict[str, Any]]:
    """The verbs of this state that this person may do, each with its form; `sent` is one that came back wrong."""
    shown: list[dict[str, Any]] = []
    for key in keys:
        verb, back = verbs[key], sent is not None and sent[0] == key
        if any(may(actor, permission) for permission in verb.permission.split("|")):
            form = sent[1] if sent and back else verb.form(prefix=key)
            shown.append({"verb": verb, "url": url(key), "form": form, "open": back or verb.tone == "primary"})
    return shown


def carried_out(request: HttpRequest, verbs: Verbs, key: str, subject: str) -> Form | None:
    """Do the verb; gives the form to be shown again when an answer does not hold."""
    verb = verbs.get(key)
    if verb is None:
        raise NotFound
    form = verb.form(request.POST, request.FILES, prefix=key)
    if not form.is_valid():
        return form
    try:
        verb.run(actor_of(request), subject, **form.cleaned_data)
    except Invalid as invalid:
        for field, message in invalid.errors.items():
            form.add_error(field if field in form.fields else None, str(message))
        return form
    messages.success(request, str(verb.done))
    return None


def facts(pairs: Iterable[tuple[Text, Any]]) -> list[tuple[Text, Any, str]]:
    """Labels and values of a page, without the empty ones; with how a value is shown."""
    return [
        (label, value, "time" if isinstance(value, datetime) else "text")
        for label, value in pairs
        if value not in ("", None)
    ]


def leaves(subject: Ref) -> list[tuple[datetime, Text, str]]:
    """The last of what happened to an object: when, what, by whom."""
    found = history(subject)[-30:]
    names = queries.names(entry.by for entry in found)
    return [
        (entry.at, words.LEAVES.get(entry.kind, entry.kind), names.get(entry.by, "") if entry.by else "")
        for entry in found
    ]
