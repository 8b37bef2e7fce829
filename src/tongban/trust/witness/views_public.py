"""Public pages: the newest head for everybody, proofs by an address nobody can guess, receipts of one's own records."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from hmac import compare_digest
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import NotFound, Refused
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import Report
from tongban.trust.identity.api import actor_of, limited, public, signed_in

from . import heads, queries
from .records import own_record, records_of
from .views import download

LARGEST = 2_000_000  # bytes of a receipt
TRIES, WINDOW = 30, 600


@public
def open_ledger(request: HttpRequest) -> HttpResponse:
    """The newest head that a witness signed, as a page or (`?format=json`) for programs; receipts can be tried."""
    head = heads.newest_vouched()
    if request.GET.get("format") == "json":
        if head is None:
            raise NotFound
        return JsonResponse(
            {"head": heads.records([head])[0], "keys": heads.signers(), "witnesses": heads.witness_keys()}
        )
    report, error = (None, "") if request.method != "POST" else _judged(request)
    signed = queries.vouchers([head])[0] if head else None
    context: dict[str, Any] = {"head": head, "signed": signed, "report": report, "error": error}
    context["body"] = json.loads(head.body) if head else {}
    return render(request, "witness/open.html", context, status=422 if error else 200)


def _judged(request: HttpRequest) -> tuple[Report | None, str]:
    if limited(f"receipt:{request.META.get('REMOTE_ADDR', '')}", TRIES, WINDOW):
        raise Refused(_("Too many questions from your network. Please wait ten minutes and try again."), "too_many")
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > LARGEST:
        return None, _("Please choose the receipt (PDF or JSON) that you downloaded.")
    roots = {chain[-1] for chain in heads.signers().values()}
    try:
        return ledger.judge_receipt(file.read(), [base64.b64decode(each) for each in roots]), ""
    except ValueError:
        return None, _("This file is no receipt of ours, or it is damaged.")


@public
@require_safe
def program(request: HttpRequest) -> HttpResponse:
    """The verifying program as one file."""
    return download(ledger.verifier(), "verify.pyz", "application/octet-stream")


def _public_receipt(seq: int, leaf: str) -> dict[str, Any]:
    """The proof of a leaf whose hash the asker knows. `sealed` is false while there is none."""
    if seq >= 2**63 or not compare_digest(ledger.leaf(seq).leaf.hex().encode(), leaf.encode()):
        raise NotFound
    return heads.receipt(seq) or {}


@public
@require_safe
def proof(request: HttpRequest, seq: int, leaf: str) -> HttpResponse:
    """That a leaf is sealed: for whoever has its address, which holds the leaf's hash. What it says stays hidden."""
    made = _public_receipt(seq, leaf)
    head = json.loads(made["head"]["body"]) if made else {}
    at = datetime.fromisoformat(head["at"]) if head else None
    return render(request, "witness/proof.html", {"receipt": made, "head": head, "at": at, "seq": seq, "leaf": leaf})


@public
@require_safe
def proof_json(request: HttpRequest, seq: int, leaf: str) -> HttpResponse:
    """The same for programs: what the verifying program reads."""
    made = _public_receipt(seq, leaf)
    if not made:
        raise NotFound(_("This entry is not sealed yet. Please try again in a minute."))
    return JsonResponse(made)


@signed_in
@require_safe
def records_page(request: HttpRequest, kind: str, id: str) -> HttpResponse:
    """What the ledger holds of something of one's own, each with its receipt."""
    title, found = records_of(actor_of(request), kind, id)
    context = {"title": title, "records": found, "kind": kind, "id": id}
    response = render(request, "witness/records.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@signed_in
@require_safe
def own_receipt(request: HttpRequest, kind: str, id: str, seq: int) -> HttpResponse:
    """The receipt of one entry, with its event."""
    entry = own_record(actor_of(request), kind, id, seq)
    made = heads.receipt(entry.seq)
    if made is None:
        raise NotFound(_("This entry is not sealed yet. Please try again in a minute."))
    address = reverse("witness:proof", args=[entry.seq, entry.leaf.hex()])
    told = {**heads.with_event(made), "address": request.build_absolute_uri(address)}
    return download(json.dumps(told, ensure_ascii=False, indent=1), f"receipt-{entry.seq}.json")
