"""Enrolment: one signed file carries a node everything it needs, and a token that opens once (T9, NET-12).

The file is JSON `{"format", "body", "signature"}`. The signature is the centre's over the canonical form of `body`
(sorted keys, no spaces, UTF-8); its chain leads to one of `body.authorities`, whose fingerprint an operator compares
with the one on the staff page. The node makes its private key itself and hands in a PKCS #10 request with the token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, canonical, emit, now
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, language
from tongban.trust.identity.api import Actor, office_by_code, require
from tongban.trust.identity.data import OFFICE
from tongban.trust.keys.data import Reason

from . import certifying, peers
from .data import NodeEnrolled, NodeLevel, NodeState
from .models import Node

FORMAT = "tongban-enrolment-1"
KEY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
TOKEN_DAYS = 7
LARGEST_REQUEST = 20_000
ZONES = ("public", "outer", "inner")


def invite(
    actor: Actor, key: str, office: str, *, level: str, division: str, title: str = "", contact: str = ""
) -> tuple[Node, bytes]:
    """Enter an office's node in the registry; gives it and its enrolment file. `office` is the office's code."""
    require(actor, "exchange.manage")
    errors: dict[str, Text] = {}
    if not KEY.fullmatch(key) or len(key) > 40 or key == CENTRE:
        errors["key"] = _("Small letters and digits, words joined by hyphens, at most 40 in all.")
    elif Node.objects.filter(key=key).exists():
        errors["key"] = _("There is a node of this key already.")
    if level not in set(NodeLevel):
        errors["level"] = _("Please choose a level.")
    if not re.fullmatch(r"\d{6}(\d{3}){0,2}", division, re.ASCII):
        errors["division"] = _("Please give the division's code: 6, 9 or 12 digits.")
    try:
        known = office_by_code(office.strip())
    except NotFound as missing:
        errors["office"] = missing.message
    if errors:
        raise Invalid(errors)
    require(actor, "exchange.manage", known.ref)
    with transaction.atomic():
        row = Node.objects.create(
            key=key,
            office_id=known.ref.id,
            office_code=known.code,
            title=(title.strip() or known.title)[:200],
            level=level,
            division=division,
            zone=settings.TONGBAN_ZONE,
            contact=contact.strip()[:200],
            invited=now(),
        )
        write("exchange.node.invited", row.ref, by=actor.by, office=str(known.ref))
        return row, _file(row, actor.by)


def invite_again(actor: Actor, key: str) -> bytes:
    """A new enrolment file: the former was lost or has run out, or the node lost its key. Former tokens and
    certificates end with it."""
    with transaction.atomic():
        row = access_node(actor, key)
        if row.state == NodeState.CLOSED:
            raise Refused(_("This node is closed."), "state")
        if row.certificate:
            certifying.withdrawn(row, Reason.SUPERSEDED, _("Enrolled anew"), actor.by)
        row.state, row.certificate, row.certificate_until = NodeState.INVITED, "", None
        write("exchange.node.invited", row.ref, by=actor.by, again=True)
        return _file(row, actor.by)


def _file(row: Node, by: Ref | None) -> bytes:
    token = secrets.token_urlsafe(32)
    row.token_hash, row.token_until = _hashed(token), now() + timedelta(days=TOKEN_DAYS)
    row.save()
    body: dict[str, Any] = {
        "node": row.key,
        "office": row.office_code,
        "title": row.title,
        "level": row.level,
        "division": row.division,
        "zone": row.zone,
        "centre": peers.centre(),
        "hub": list(transport.own().gates),
        "enrol": f"{settings.STAFF_URL}/node/enrol/",
        "authorities": certifying.authorities(),
        "token": token,
        "expires": row.token_until.isoformat(),
    }
    algorithm, hash_name, value, chain = certifying.signed_by_centre(canonical(body))
    signature = {
        "algorithm": algorithm,
        "hash": hash_name,
        "value": base64.b64encode(value).decode(),
        "certificates": chain,
    }
    whole = {"format": FORMAT, "body": body, "signature": signature}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def enrol(node: str, token: str, csr: str, line_csr: str) -> dict[str, Any]:
    """A node shows its token and its certificate requests (messages, TLS line); gives the chains and who its peers are.
    The token opens once, under the lock of the node's row. One answer for every wrong pair (T14)."""
    with transaction.atomic():
        row = Node.objects.select_for_update().filter(key=node, state=NodeState.INVITED).first()
        until = row.token_until if row else None
        fits = hmac.compare_digest(_hashed(token), bytes(row.token_hash) if row else b"")
        if row is None or until is None or not fits or until <= now():
            raise Refused(_("This enrolment file is used up, has run out or is not ours. Ask for a new one."), "token")
        answer = _certified(row, csr, line_csr)
        row.token_hash, row.token_until = b"", None
        row.state, row.enrolled, row.why = NodeState.ENROLLED, now(), ""
        row.save()
        write("exchange.node.enrolled", row.ref)
        emit(NodeEnrolled(row.key, Ref(OFFICE, row.office_id)))
        peers.tell_all()
        return {**answer, "authorities": certifying.authorities(), "peers": peers.listed()}


def renew(node: str, csr: str, line_csr: str) -> language.Certified:
    """A node whose messages are good asks for its next certificates; gives the chains. The former ones live until they
    end, so that messages under way are still read."""
    with transaction.atomic():
        row = Node.objects.select_for_update().get(key=node)
        answer = _certified(row, csr, line_csr)
        row.save(update_fields=["certificate", "certificate_until"])
        write("exchange.node.renewed", row.ref)
        peers.tell_all()
    return answer


def _certified(row: Node, csr: str, line_csr: str) -> language.Certified:
    if max(len(csr), len(line_csr)) > LARGEST_REQUEST:
        raise Refused(_("The certificate request is too large."), "csr")
    row.certificate, row.certificate_until = certifying.certified(row, csr)
    line = transport.certify_line(row.key, line_csr)
    return language.Certified(
        certificates=row.certificate, line_certificates=line.certificate, line_authorities=[line.roots]
    )


def access_node(actor: Actor, key: str, permission: str = "exchange.manage") -> Node:
    """The node, held until the end of the transaction, for somebody who manages its office's exchange."""
    require(actor, permission)
    row = Node.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise NotFound(_("There is no such node."))
    require(actor, permission, Ref(OFFICE, row.office_id))
    return row


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
