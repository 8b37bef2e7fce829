"""Every address, asked by every role, about own and other people's objects: the declared policies hold (T13, R20)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from .conftest import Browse, World, at, filled, patterns
from .matrix import LET_IN, NO_TOKEN, REFUSED, SIGN_IN, Address, Asker, of_staff, of_the_public, table
from .owned import owned

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"
# A status of each refusal: 405 where the method is looked at before the person.
REFUSALS = {SIGN_IN: (401, 405), REFUSED: (403, 405), NO_TOKEN: (401, 429)}


def test_r20_t13_every_address_for_every_role(world: World, browse: Browse, settings: Any, undrawn: None) -> None:
    """What the policies promise is what happens; the table of it is the page that auditors read."""
    found = {}
    for site, askers_of in (("public", of_the_public), ("staff", of_staff)):
        at(settings, site)
        askers = list(askers_of(world, browse))
        addresses = _addresses(world)
        _nothing_is_sent_by_who_may_not(askers, addresses)
        for address in addresses:
            _asked(askers, address)
        roles = dict.fromkeys(asker.name for asker in askers if asker.staff or site == "public")
        found[site] = (roles, addresses)
    text = table(found)
    if os.environ.get("TONGBAN_WRITE_ACCESS"):
        PAGE.write_text(text, "utf-8")
    changed = set(PAGE.read_text("utf-8").splitlines()) ^ set(text.splitlines())
    assert changed == set(), f"who reaches what is no longer as {PAGE.name} says"


def _addresses(world: World) -> list[Address]:
    named = {pattern for pattern, _own, _other in owned(world)}
    return [Address(pattern, view.policy, pattern in named) for pattern, view in sorted(patterns(), key=lambda p: p[0])]


def _nothing_is_sent_by_who_may_not(askers: Sequence[Asker], addresses: Sequence[Address]) -> None:
    before, wrong = _changes(), []
    for asker in askers:
        for address in addresses:
            promised = asker.promised(address.policy)
            if promised != LET_IN and (asker.own or not asker.known):
                status = asker.ask("POST", filled(address.pattern, asker.objects))
                if status not in REFUSALS[promised]:
                    wrong.append((asker.name, "POST", address.pattern, promised, status))
    assert wrong == []
    assert _changes() == before


def _asked(askers: Sequence[Asker], address: Address) -> None:
    for asker in askers:
        promised = asker.promised(address.policy)
        if asker.known and not asker.own and not (address.named and promised == LET_IN):
            continue  # no object, or none looked at: the same question as that of the other one who has this role
        status = asker.ask("GET", filled(address.pattern, asker.objects))
        assert status < 500, (asker.name, address.pattern, status)
        if promised != LET_IN:
            assert status in REFUSALS[promised], (asker.name, address.pattern, promised, status)
            continue
        assert address.policy.kind == "public" or status != 401, (asker.name, address.pattern)
        address.let_in[asker.name] = None
        address.read |= status not in (302, 405)
        if status < 300:
            (address.own if asker.own or not address.named else address.others)[asker.name] = None


def _changes() -> int:
    """Leaves, which every verb leaves behind, but of refusals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_leaf WHERE kind <> 'site.refused'")
        return int(cursor.fetchone()[0])
