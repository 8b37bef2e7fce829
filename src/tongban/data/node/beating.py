"""Signs of life to the centre, and new certificates in time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version

from asn1crypto import pem
from asn1crypto import x509 as asn1

from tongban.base.kernel.api import now
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Kind, language

from .queries import today, troubles
from .requesting import algorithm_of, leaf_of, request
from .taking import free

LIFE = timedelta(minutes=5)  # of a heartbeat: an old one says nothing
RENEWED = timedelta(days=30)  # before its end a certificate is renewed


def health() -> language.Health:
    """What a node says of itself."""
    until = certificate_until().isoformat()
    return language.Health(version=version("tongban"), at=now().isoformat(), certificate_until=until, free_bytes=free())


def beat() -> None:
    """Tell the centre that we are there, how much waits and since when, and what the day has brought."""
    lags = transport.lags()
    oldest = min((lag.oldest for lag in lags if lag.oldest), default=None)
    told = language.Heartbeat(
        **health(), waiting=sum(lag.waiting + lag.sent for lag in lags), oldest=oldest.isoformat() if oldest else None,
        day=today(), troubles=troubles(),
    )  # fmt: skip
    body = json.dumps(told).encode()
    transport.send(CENTRE, Kind.EVENT, Business.HEARTBEAT, body, priority=3, expires=now() + LIFE)


def certificate_until() -> datetime:
    """When the certificate that signs our messages ends."""
    found = asn1.Certificate.load(pem.unarmor(transport.own().certificate.encode())[2])
    until: datetime = found.not_valid_after
    return until


def renew() -> None:
    """Ask for the next certificates when the present ones end within a month. The keys are fresh, of the same kind."""
    if certificate_until() - now() > RENEWED:
        return
    own = transport.own()
    key, csr = request(own.node, algorithm=algorithm_of(own.certificate))
    line_key, line_csr = request(own.node, line=True)
    body = json.dumps(language.Requests(csr=csr, line_csr=line_csr)).encode()
    told: language.Certified = json.loads(transport.ask(CENTRE, Business.RENEW, body).body)
    transport.set_up(
        replace(
            own,
            certificate=leaf_of(told["certificates"]),
            key=key,
            line_certificate=told["line_certificates"] or own.line_certificate,
            line_key=line_key if told["line_certificates"] else own.line_key,
            line_roots="".join(told.get("line_authorities") or [own.line_roots]),
        )
    )
