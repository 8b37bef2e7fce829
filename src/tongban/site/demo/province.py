"""The demonstration province: offices, calendar, packs, people, enterprises, items."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import system
from tongban.site.region.loading import Step, settings_of, steps
from tongban.trust.identity import api as identity
from tongban.trust.keys import api as keys
from tongban.trust.seals import api as seals

from .accounts import Account, citizens, create_accounts, issue_identity_card
from .bases import load_bases
from .deliver import Progress, deliver, quiet
from .enterprises import generate_enterprises
from .persons import default_region, generate_persons
from .reports import load_reports

Counts = dict[str, Any]


def load(
    region: Path | None = None,
    *,
    residents: int | None = None,
    enterprises: int | None = None,
    progress: Progress = quiet,
) -> Counts:
    """Load the region as the owner of the database; loading it again changes nothing.

    The counts say what is there, `seconds` how long each step took. `residents` and `enterprises` are the region's
    own numbers unless given. `RuntimeError` for a folder that is no region.
    """
    folder = region or default_region()
    settings = settings_of(folder)
    counts: Counts = {"seconds": {}}
    *before, items = steps(folder, settings)
    before.append(("bases", lambda: load_bases(folder)))
    people: list[Step] = [
        ("people", lambda: _people(folder, settings, residents, enterprises, counts, progress)),
        ("licences", lambda: _licences(folder)),
        ("reports", load_reports),
    ]
    parts = [*before, *people, items]
    for done, (name, step) in enumerate(parts):
        progress(name, done, len(parts))
        start = time.perf_counter()
        counts[name] = step()
        counts["seconds"][name] = round(time.perf_counter() - start, 2)
    progress("done", len(parts), len(parts))
    return counts


def _people(
    folder: Path,
    settings: dict[str, Any],
    residents: int | None,
    enterprises: int | None,
    counts: Counts,
    progress: Progress,
) -> int:
    """Residents and enterprises into the registers, and accounts for those who play a part."""
    n = residents if residents is not None else int(settings.get("residents", 20_000))
    m = enterprises if enterprises is not None else int(settings.get("enterprises", 3_000))
    persons = generate_persons(n, region=folder)
    firms = generate_enterprises(m, persons, region=folder)
    counts["residents"] = deliver("population", [persons], n, progress).received
    counts["enterprises"] = deliver("legal_entity", [firms], m, progress).received
    with system():
        accounts = create_accounts(folder, persons)
        _seals(accounts)
        return len(accounts)


def _seals(accounts: Mapping[str, Account]) -> None:
    """An authority, and a seal for each office that answers applicants; a colleague there keeps it."""
    keys.initialise()
    for part in ("first_handler", "quality", "tax", "civil_affairs"):
        keeper = identity.person_by_username(accounts[part]["username"]).ref
        seals.make_demo_seal(identity.posts_of(keeper)[0].office, keeper, "行政审批专用章")


def _licences(folder: Path) -> int:
    """Identity cards of those who apply: what the library has need not be handed in (DATA-40)."""
    with system():
        return len([issue_identity_card(account) for account in citizens(folder)])
