"""The evidence package (责任认定, TRUST-06): what was recorded of a case or a person, provable without us.

One zip: events with their paths to a signed head, what witnesses and the timestamp authority signed about it,
documents from the rooms above, certificates, a report for people, and a list of all files under a CMS signature.
`verify.sh` in it needs OpenSSL and Python.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from tongban.base.kernel.api import Invalid, Ref, Registry, Text, now, system
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import LedgerEntry
from tongban.trust.identity.api import require
from tongban.trust.identity.data import PERSON, Actor
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Purpose

from . import heads
from .data import Evidence, EvidenceSource, Period

MOST = 5_000  # events in one package
evidence_sources: Registry[EvidenceSource] = Registry("sources of evidence")


def make_evidence(actor: Actor, subject: Ref, period: Period, reason: str) -> Evidence:
    """Make a package, with a leaf that says who had it made and why. `Refused`; `Invalid` names the field.

    Nothing is kept of it but its digest.
    """
    require(actor, "ledger.evidence")
    errors: dict[str, Text] = {}
    if len(reason.strip()) < 5:
        errors["reason"] = _("Please say what this package is needed for, with the number of the order or request.")
    if period.since and period.until and period.since >= period.until:
        errors["until"] = _("The end must be after the beginning.")
    events = list(reversed(_events(subject, period)))
    if not events:
        errors["subject"] = _("The ledger has no entry of this object or person in this period.")
    if len(events) > MOST:
        errors["until"] = _("There are more than %d entries. Please choose a shorter period.") % MOST
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        with system():  # not the auditor's own rows: the permission opens them for this package, the leaf tells
            files = dict(_documents(subject, period))
        content = _package(actor, subject, period, reason.strip(), events, files)
        digest = hashlib.sha256(content).hexdigest()
        told = {"reason": reason.strip(), "events": len(events), "sha256": digest}
        told |= {"since": _day(period.since), "until": _day(period.until)}
        ledger.write("witness.evidence.made", subject, by=actor.by, **told)
    return Evidence(f"evidence-{subject.id}-{now():%Y%m%d%H%M%S}.zip", content, digest, len(events))


def _events(subject: Ref, period: Period) -> list[LedgerEntry]:
    """What happened to the subject; of a person also what they did. Newest first."""
    bounds: dict[str, Any] = {"since": period.since, "until": period.until, "limit": MOST + 1}
    found = {entry.seq: entry for entry in ledger.leaves(subject=subject, **bounds)}
    if subject.kind == PERSON:
        found |= {entry.seq: entry for entry in ledger.leaves(by=subject, **bounds)}
    return [found[seq] for seq in sorted(found, reverse=True)]


def _documents(subject: Ref, period: Period) -> Iterable[tuple[str, bytes]]:
    for room, source in evidence_sources.items():
        for path, content in source(subject, period):
            yield f"documents/{room}/{_safe(path)}", content


def _safe(path: str) -> str:
    """A path that stays inside its folder wherever it is unpacked."""
    parts = [part.strip().replace("\\", "_").replace(":", "_") for part in path.split("/")]
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _package(
    actor: Actor, subject: Ref, period: Period, reason: str, events: Sequence[LedgerEntry], files: dict[str, bytes]
) -> bytes:
    places = {entry.seq: place for entry in events if (place := ledger.place(entry.seq)) is not None}
    head = heads.vouched(max(places.values(), default=0) + 1) if places else None
    if head is None:
        raise Invalid({"subject": _("These entries are not sealed yet. Please try again in a minute.")})
    texts = dict(ledger.event_texts(list(places)))
    lines = []
    for seq in places:
        proof = ledger.receipt(seq, head.size)
        if proof is not None:
            lines.append(json.dumps({"event": texts[seq].decode(), **proof.record}, ensure_ascii=False))
    record = heads.records([head])[0]
    chain = heads.signers()[head.key]
    proofs = {"head": record, "keys": {head.key: chain}, "witnesses": heads.witness_keys()}
    key = keys.ensure_key(Purpose.LEDGER)
    signer = keys.signing_certificate(key.id)
    made = {
        **files,
        "events.jsonl": ("\n".join(lines) + "\n").encode(),
        "proofs/head.json": json.dumps(proofs).encode(),
        "certificates/ledger.pem": _pem([base64.b64decode(each) for each in chain]),
        "certificates/chain.pem": _pem(signer),
        "certificates/root.pem": _pem(signer[-1:]),
        "verify.pyz": ledger.verifier(),
        "verify.sh": (Path(__file__).parent / "verify.sh").read_bytes(),
        "report.css": (Path(__file__).parent / "report.css").read_bytes(),
    }
    if record["timestamp"]:
        made["proofs/timestamp.tst"] = base64.b64decode(record["timestamp"])
    about = {"subject": subject, "period": period, "reason": reason, "by": actor.name, "at": now(), "head": head}
    about |= {"events": [(entry, places.get(entry.seq)) for entry in events], "files": sorted(files)}
    about |= {"log": json.loads(head.body)["log"], "cosignatures": record["cosignatures"], "stamp": record["timestamp"]}
    about["root"] = x509.load_der_x509_certificate(signer[-1]).fingerprint(SHA256()).hex()
    with override("zh-hans"):
        made["report.html"] = render_to_string("witness/evidence_report.html", about).encode()
    manifest = {
        "format": "tongban-evidence-1",
        "subject": str(subject),
        "since": _day(period.since),
        "until": _day(period.until),
        "reason": reason,
        "by": str(actor.by or ""),
        "made": now().isoformat(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(made.items())},
    }
    listed = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    return _zip({"manifest.json": listed, "manifest.json.p7s": keys.detached(key, signer, listed), **made})


def _day(moment: Any) -> str:
    return moment.isoformat() if moment else ""


def _pem(chain: Iterable[bytes]) -> bytes:
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain)


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return made.getvalue()
