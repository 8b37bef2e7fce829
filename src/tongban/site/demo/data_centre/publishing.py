"""The departments describe their data; unit, secrecy officer and authority review; the authority publishes."""

from __future__ import annotations

from typing import Any

from tongban.base.kernel.api import system, today
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Resource, State
from tongban.trust.identity import api as identity

from .described import ALL, Delivered
from .stage import Stage, acts


def publish(stage: Stage) -> dict[str, Any]:
    """Four resources, each by the accounts whose part it is."""
    found = {one.part: _published(stage, one) for one in ALL}
    stage.known["resources"] = found
    seen = stage.see("/catalogue/", "data_authority")
    return {"resources": {part: one.code for part, one in found.items()}, "seen": seen}


def _published(stage: Stage, one: Delivered) -> Resource:
    """The resource in the catalogue; what a former run left half-way is gone on with."""
    with system():
        office = identity.office_by_code(one.description.provider).ref
        states = (State.PUBLISHED, State.APPROVED, State.AUTHORITY_REVIEW, State.UNIT_REVIEW, State.DRAFT)
        known = [row for state in states for row in catalogue.resources(state=state, provider=office, size=100)]
    found = next((row for row in known if row.title == one.description.title), None)
    if found is None:
        with acts(stage, f"data_{one.part}") as steward:
            found = catalogue.compile(steward, one.description)
    while found.state is not State.PUBLISHED:
        _step(stage, one, found)
        found = catalogue.resource(found.id)
    stage.say(f"{found.code} {found.title}: published, edition {found.edition}")
    return found


def _step(stage: Stage, one: Delivered, found: Resource) -> None:
    """The next step of the entry, by whoever has to do it."""
    with system():
        edition = catalogue.editions(found.id)[0]
    if edition.state is State.DRAFT:
        with acts(stage, f"data_{one.part}") as steward:
            catalogue.submit(steward, found.id, edition.revision)
    elif edition.state is State.UNIT_REVIEW:
        with acts(stage, f"review_{one.part}") as reviewer:
            catalogue.review(reviewer, found.id, True, "信息项完整，共享类型和依据相符。", edition.revision)
    elif edition.state is State.AUTHORITY_REVIEW and not edition.filing_number:
        filing = f"保审〔{today().year}〕{found.code[:5]}号"
        with acts(stage, "secrecy") as officer:
            catalogue.clear_secrecy(officer, found.id, True, "不涉及国家秘密。", filing, edition.revision)
    elif edition.state is State.AUTHORITY_REVIEW:
        with acts(stage, "data_authority") as authority:
            catalogue.review(authority, found.id, True, "符合编制指南。", edition.revision)
    else:
        with acts(stage, "data_authority") as authority:
            catalogue.publish(authority, found.id, edition.revision)
