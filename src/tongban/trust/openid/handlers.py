"""Whoever signs out here, or is put out, is signed out of the systems behind as well."""

from __future__ import annotations

from tongban.base.kernel.api import on
from tongban.trust.identity.data import PersonDisabled, SignedOut

from . import connections


@on(SignedOut)
def leave(event: SignedOut) -> None:
    connections.end_all(event.person, "signed_out", event.visit)


@on(PersonDisabled)
def shut_out(event: PersonDisabled) -> None:
    connections.end_all(event.person, "disabled")
