"""The demonstration province: offices, calendar, packs, people, enterprises, items."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import system
from tongban.site.region import Step, settings_of, steps

from .accounts import citizens, create_accounts, issue_identity_card
from .deliver import Progress, deliver, quiet
from .enterprises import generate_enterprises
from .persons import default_region, generate_persons

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
    people: list[Step] = [
        ("people", lambda: _people(folder, settings, residents, enterprises, counts, progress)),
        ("licences", lambda: _licences(folder)),
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
    counts["residents"] = deliver("population", persons, progress).received
    counts["enterprises"] = deliver("legal_entity", firms, progress).received
    with system():
        return len(create_accounts(folder, persons))


def _licences(folder: Path) -> int:
    """Identity cards of those who apply: what the library has need not be handed in (DATA-40)."""
    with system():
        return len([issue_identity_card(account) for account in citizens(folder)])
