"""Staff pages of the ledger: how it stands, its heads, its leaves, evidence packages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import SHANGHAI, Invalid, NotFound, Ref, TongbanError
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import LedgerEntry
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import actor_of, permitted

from . import evidence as packages
from . import heads, queries
from .data import Period

SIZE = 50


@dataclass(frozen=True)
class Page:
    """Rows, and the key after which the next page begins."""

    rows: list[Any]
    after: str = ""


@permitted("ledger.audit")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """How the ledger stands: newest head, witnesses, leaves that wait, the last check."""
    standing = queries.standing()
    newest = queries.vouchers(ledger.heads_before(limit=5))
    context = {"standing": standing, "heads": newest, "many": standing.unsealed >= queries.MANY}
    return _private(render(request, "witness/index.html", context))


@permitted("ledger.audit")
@require_safe
def heads_page(request: HttpRequest) -> HttpResponse:
    """All heads, newest first."""
    found = ledger.heads_before(_number(request.GET.get("after", "")), limit=SIZE + 1)
    after = str(found[SIZE - 1].size) if len(found) > SIZE else ""
    page = Page(queries.vouchers(found[:SIZE]), after)
    return _private(render(request, "witness/heads.html", {"page": page}))


@permitted("ledger.audit")
@require_safe
def leaves(request: HttpRequest) -> HttpResponse:
    """Leaves by subject, person, kind and time; keyset pages, nothing is counted."""
    given = {name: request.GET.get(name, "").strip() for name in ("subject", "by", "kind", "since", "until")}
    errors: dict[str, Any] = {}
    found: list[LedgerEntry] = []
    try:
        period = _period(given)
        bounds: dict[str, Any] = {"since": period.since, "until": period.until, "limit": SIZE + 1}
        bounds |= {"subject": _ref(given["subject"], "subject"), "by": _person(given["by"]), "kind": given["kind"]}
        found = ledger.leaves(**bounds, before=_number(request.GET.get("after", "")))
    except Invalid as invalid:
        errors = dict(invalid.errors)
    page = Page(found[:SIZE], str(found[SIZE - 1].seq) if len(found) > SIZE else "")
    context = {"page": page, "given": given, "errors": errors}
    return _private(render(request, "witness/leaves.html", context, status=422 if errors else 200))


@permitted("ledger.audit")
@require_safe
def leaf(request: HttpRequest, seq: int) -> HttpResponse:
    """One leaf, its event as it is hashed, and its way to a signed head."""
    entry = ledger.leaf(_possible(seq))
    [(_seq, text)] = ledger.event_texts([seq])
    facts = [(name, json.dumps(value, ensure_ascii=False)) for name, value in entry.facts.items()]
    context = {"entry": entry, "event": text.decode(), "facts": facts, "receipt": heads.receipt(seq)}
    if context["receipt"]:
        head = json.loads(context["receipt"]["head"]["body"])  # type: ignore[index]
        context |= {"head": head, "sealed": datetime.fromisoformat(head["at"])}
    return _private(render(request, "witness/leaf.html", context))


@permitted("ledger.audit")
@require_safe
def leaf_receipt(request: HttpRequest, seq: int) -> HttpResponse:
    """The leaf with its proof, as a file that the verifying program reads."""
    ledger.leaf(_possible(seq))
    made = heads.receipt(seq)
    if made is None:
        raise NotFound(_("This entry is not sealed yet. Please try again in a minute."))
    return download(json.dumps(heads.with_event(made), ensure_ascii=False, indent=1), f"leaf-{seq}.json")


@permitted("ledger.evidence")
def evidence(request: HttpRequest) -> HttpResponse:
    """Ask for an evidence package; it is made at once and kept nowhere."""
    names = ("subject", "since", "until", "reason")
    given = {name: (request.POST if request.method == "POST" else request.GET).get(name, "").strip() for name in names}
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            subject = _ref(given["subject"], "subject") or _missing()
            made = packages.make_evidence(actor_of(request), subject, _period(given), given["reason"])
        except Invalid as invalid:
            errors = dict(invalid.errors)
        else:
            return download(made.content, made.name, "application/zip")
    context = {"given": given, "errors": errors}
    return _private(render(request, "witness/evidence.html", context, status=422 if errors else 200))


def _missing() -> Ref:
    raise Invalid({"subject": _("Please say which case or person this is about.")})


def _possible(seq: int) -> int:
    if seq >= 2**63:
        raise NotFound
    return seq


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _ref(text: str, field: str) -> Ref | None:
    """An object as it stands in the ledger: kind, colon, id."""
    if not text:
        return None
    try:
        return Ref.parse(text)
    except ValueError:
        raise Invalid({field: _("Please write the kind, a colon and the id, for example hall.case:57…")}) from None


def _person(text: str) -> Ref | None:
    """Somebody by user name, or as they stand in the ledger."""
    if not text or ":" in text:
        return _ref(text, "by")
    try:
        return identity.person_by_username(text).ref
    except TongbanError:
        raise Invalid({"by": _("There is no account of this name.")}) from None


def _period(given: dict[str, str]) -> Period:
    return Period(_midnight(given["since"], "since"), _midnight(given["until"], "until", days=1))


def _midnight(text: str, field: str, days: int = 0) -> datetime | None:
    """The beginning of a day in China; for an end the beginning of the next."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), SHANGHAI)
    except (ValueError, OverflowError):
        raise Invalid({field: _("Please write the day as 2026-11-21.")}) from None


def download(content: str | bytes, name: str, kind: str = "application/json") -> HttpResponse:
    """A file to keep."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
