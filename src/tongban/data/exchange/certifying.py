"""Nodes as holders of certificates: the office answers for its node, the installation's authority certifies it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from asn1crypto import pem, x509
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref
from tongban.data.transport.data import CENTRE
from tongban.trust.identity.data import OFFICE
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import KeyInfo, Purpose, Reason

from .data import NODE
from .models import Node


@keys.holders(NODE)
def _holder(ref: Ref) -> keys.Holder:
    row = Node.objects.filter(key=ref.id).first()
    if row is None:
        raise NotFound(_("There is no such node."))
    return keys.Holder(row.title, Ref(OFFICE, row.office_id))


def certified(node: Node, csr: str) -> tuple[str, datetime]:
    """The chain (PEM, the node's own certificate first) for a certificate request of the node, and until when it holds.
    Whoever calls knows that it is the node who asks."""
    chain = keys.certify_request(Purpose.NODE, node.ref, csr.encode(), title=node.title)
    until = x509.Certificate.load(chain[0]).not_valid_after
    return "".join(armoured(der) for der in chain), until


def fingerprint() -> str:
    """SHA-256 of the authority that vouches for enrolment files, for an operator to compare: groups of four digits."""
    chain = keys.signing_certificate(_centre_key().id)
    plain = sha256(chain[-1]).hexdigest().upper()
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def withdrawn(node: Node, reason: Reason, note: str, by: Ref | None) -> None:
    """Revoke whatever certificates the node has."""
    keys.revoke_of(node.ref, reason, note, by)


def judged(certificate: str) -> tuple[bool, str]:
    """Whether a node's certificate (PEM) may be relied on now, and the code of why not."""
    verdict = keys.judge(pem.unarmor(certificate.encode())[2])
    return verdict.good, verdict.why


def authorities() -> list[str]:
    """The roots that every node trusts, PEM; the centre's own among them."""
    _centre_key()
    return [armoured(der) for der in keys.trust_roots()]


def signed_by_centre(data: bytes) -> tuple[str, str, bytes, list[str]]:
    """A signature of the centre: algorithm, hash, value, and the chain of its certificate in PEM."""
    key = _centre_key()
    signature = keys.sign(key.id, data)
    chain = [armoured(der) for der in keys.signing_certificate(key.id)]
    return signature.algorithm, signature.hash_name, signature.value, chain


def _centre_key() -> KeyInfo:
    return keys.ensure_key(Purpose.NODE, Ref(NODE, CENTRE), title=_("Exchange centre"))


def armoured(der: bytes) -> str:
    """PEM of a certificate."""
    return str(pem.armor("CERTIFICATE", der).decode())
