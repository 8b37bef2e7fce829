"""The life of a resource: compile, submit, review (unit, secrecy, authority), publish, change, retire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, emit, now
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor, conflicts, office_by_code, require
from tongban.trust.identity.data import OFFICE, Office

from . import descriptions, models, numbering
from .data import (
    RESOURCE,
    Description,
    Edition,
    Resource,
    ResourceChanged,
    ResourcePublished,
    ResourceRetired,
    State,
)
from .granting import end_all
from .queries import EDIT, MANAGE, OPEN, REVIEW, SECRECY, as_data, edition_data
from .sources import claims, judged


def compile(actor: Actor, description: Description, office: Office | None = None) -> Resource:
    """An office describes a resource of its own. It gets its code; nobody else sees it yet. `office` is the provider,
    where the caller has looked it up already.

    `Invalid` with a message per field; `Refused` when the register behind it is in the catalogue already."""
    description, office = _described(actor, description, office)
    content = descriptions.to_json(description)
    with transaction.atomic():
        row = models.Resource(code=numbering.resource_code(description), state=State.DRAFT)
        _face(row, description, content, office)
        _save_once(row)
        models.Edition.objects.create(
            resource=row, number=1, state=State.DRAFT, content=content, editors=[str(actor.person)]
        )
        _leaf("compiled", row, actor, code=row.code, title=row.title)
    return as_data([row])[0]


def change(actor: Actor, id: str, description: Description, revision: int = 0) -> Edition:
    """Edit the edition that is being prepared, or begin the next edition of a published resource. `revision` is the
    one that was read (0 begins one); `Stale` when somebody else saved in between (T36)."""
    description, office = _described(actor, description)
    content = descriptions.to_json(description)
    with transaction.atomic():
        row = _lock(id)
        require(actor, EDIT, Ref(OFFICE, row.provider))
        if row.state == State.RETIRED:
            raise Refused(_("This resource has been retired."), code="stage")
        if row.edition and _classification(row.content) != _classification(content):
            raise Invalid({"subject": _("The code of a published resource stays: retire it and describe a new one.")})
        edition = models.Edition.objects.filter(resource=row, state__in=OPEN).first()
        edition = _edit(edition, content, actor, revision) if edition else _begin(row, content, actor, revision)
        if not row.edition:
            if _classification(row.content) != _classification(content):
                row.code = numbering.resource_code(description)
            _face(row, description, content, office)
            _save_once(row)
        _leaf("changed", row, actor, edition=edition.number)
    return edition_data(edition)


def _edit(edition: models.Edition, content: dict[str, Any], actor: Actor, revision: int) -> models.Edition:
    if edition.revision != revision:
        found = descriptions.differences(descriptions.from_json(edition.content), descriptions.from_json(content))
        raise Stale(changes={f"{one.item} {one.field}".strip(): (one.new, one.old) for one in found})
    if edition.state != State.DRAFT:
        raise Refused(_("This entry is being reviewed; it can be changed again when it comes back."), code="stage")
    edition.content = content
    if str(actor.person) not in edition.editors:
        edition.editors = [*edition.editors, str(actor.person)]
    return _keep(edition)


def _begin(row: models.Resource, content: dict[str, Any], actor: Actor, revision: int) -> models.Edition:
    if revision:
        raise Stale
    number = row.editions.order_by("-number").values_list("number", flat=True)[0] + 1
    return models.Edition.objects.create(
        resource=row, number=number, state=State.DRAFT, content=content, editors=[str(actor.person)]
    )


def submit(actor: Actor, id: str, revision: int) -> Edition:
    """Hand the edition in for the unit's review. `Invalid` names what stands in the way of publication."""
    with transaction.atomic():
        row, edition = _open(id, State.DRAFT, revision)
        require(actor, EDIT, Ref(OFFICE, row.provider))
        _require_publishable(edition, row)
        _move(row, edition, State.UNIT_REVIEW)
        _leaf("submitted", row, actor, edition=edition.number)
    return edition_data(edition)


def review(actor: Actor, id: str, passed: bool, opinion: str, revision: int) -> Edition:
    """The unit's review, then the authority's, by somebody who did not write the entry. What does not pass goes back
    with the opinion. The authority cannot pass what has not gone through the secrecy review (TRUST-17)."""
    with transaction.atomic():
        row, edition = _open(id, None, revision)
        unit = edition.state == State.UNIT_REVIEW
        if not unit and edition.state != State.AUTHORITY_REVIEW:
            raise Refused(_("This entry does not wait for a review."), code="stage")
        _require_other(actor, REVIEW if unit else MANAGE, row, edition)
        _opinion(passed, opinion)
        if passed and not unit and not edition.filing_number:
            raise Refused(_("The secrecy review with its filing number is missing."), code="secrecy")
        if passed:
            _require_publishable(edition, row)
        _step(row, edition, actor, passed, opinion, State.AUTHORITY_REVIEW if unit else State.APPROVED)
        _leaf("reviewed", row, actor, edition=edition.number, by_unit=unit, passed=passed, opinion=opinion)
    return edition_data(edition)


def clear_secrecy(actor: Actor, id: str, passed: bool, opinion: str, filing_number: str, revision: int) -> Edition:
    """The secrecy review that nothing is published without (TRUST-17): on with its filing number, or back."""
    with transaction.atomic():
        row, edition = _open(id, State.AUTHORITY_REVIEW, revision)
        _require_other(actor, SECRECY, row, edition)
        _opinion(passed, opinion)
        filing = filing_number.strip()[:60]
        if passed and not filing:
            raise Invalid({"filing_number": _("Without its filing number a secrecy review does not count.")})
        if passed:
            edition.filing_number, edition.secrecy_opinion = filing, opinion.strip()
        _step(row, edition, actor, passed, opinion, State.AUTHORITY_REVIEW)
        _leaf("secrecy", row, actor, edition=edition.number, passed=passed, filing=filing, opinion=opinion)
    return edition_data(edition)


def publish(actor: Actor, id: str, revision: int) -> Resource:
    """Put the approved edition into the catalogue. `Refused` when meanwhile another resource became the source of one
    of its data (一数一源, DATA-08)."""
    with transaction.atomic():
        row, edition = _open(id, State.APPROVED, revision)
        require(actor, MANAGE, Ref(OFFICE, row.provider))
        _require_publishable(edition, row)
        description, former = descriptions.from_json(edition.content), row.content
        first = not row.edition
        row.editions.filter(state=State.PUBLISHED).update(state=State.SUPERSEDED)
        row.edition, row.state, row.published_at = edition.number, State.PUBLISHED, now()
        _face(row, description, edition.content, office_by_code(description.provider))
        row.standard = not judged(description, row.public_id)
        row.save()
        edition.state = State.PUBLISHED
        _keep(edition)
        claims(row, description)
        _leaf("published", row, actor, code=row.code, edition=edition.number, filing=edition.filing_number)
        if first:
            emit(ResourcePublished(row.public_id, row.code, edition.number))
        else:
            changed = descriptions.differences(descriptions.from_json(former), description)
            names = tuple(dict.fromkeys(one.item for one in changed if one.item))
            emit(ResourceChanged(row.public_id, row.code, edition.number, names))
    return as_data([row])[0]


def retire(actor: Actor, id: str, reason: str) -> Resource:
    """Take a resource out of the catalogue: its grants end, another may become the source of its data. It stays
    readable."""
    if not reason.strip():
        raise Invalid({"reason": _("Please say why.")})
    with transaction.atomic():
        row = _lock(id)
        require(actor, MANAGE, Ref(OFFICE, row.provider))
        if row.state != State.PUBLISHED:
            raise Refused(_("Only what is published can be retired."), code="stage")
        row.editions.filter(state__in=OPEN).delete()
        row.editions.filter(state=State.PUBLISHED).update(state=State.RETIRED)
        row.state, row.retired_at, row.updated_at = State.RETIRED, now(), now()
        row.save()
        row.item_rows.update(authoritative=False)
        end_all(row, actor, reason.strip())
        _leaf("retired", row, actor, reason=reason.strip())
        emit(ResourceRetired(row.public_id, row.code))
    return as_data([row])[0]


def drop(actor: Actor, id: str, revision: int) -> None:
    """Throw away an edition that is being written; with the first one goes the resource."""
    with transaction.atomic():
        row, edition = _open(id, State.DRAFT, revision)
        require(actor, EDIT, Ref(OFFICE, row.provider))
        _leaf("dropped", row, actor, edition=edition.number)
        edition.delete()
        if not row.edition:
            row.delete()


# --- what they are made of ------------------------------------------------------------------------------


def _described(actor: Actor, description: Description, office: Office | None = None) -> tuple[Description, Office]:
    description = descriptions.normal(description)
    descriptions.require_usable(description)
    try:
        office = office or office_by_code(description.provider)
    except NotFound as error:
        raise Invalid({"provider": _("There is no such office.")}) from error
    require(actor, EDIT, office)
    return description, office


def _face(row: models.Resource, description: Description, content: Mapping[str, Any], office: Office) -> None:
    """What lists and searches see."""
    for name in ("category", "sharing", "openness", "level", "zone", "cycle"):
        setattr(row, name, str(getattr(description, name)))
    row.title, row.register, row.provider = description.title, description.register, office.ref.id
    row.provider_title, row.provider_uscc = office.title, office.uscc
    row.content, row.words, row.updated_at = content, descriptions.words(description, office.title), now()


def _classification(content: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(content[name] for name in ("category", "project", "subject", "detail"))


def _save_once(row: models.Resource) -> None:
    """A register is described once; the index decides when two offices click at the same time (T36)."""
    if not row.register:
        row.save()
        return
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "catalogue_register_once" not in str(error):
            raise
        raise Refused(_("This register is in the catalogue already."), code="twice") from error


def _lock(id: str) -> models.Resource:
    row = models.Resource.objects.select_for_update().filter(public_id=id).first()
    if row is None:
        raise NotFound
    return row


def _open(id: str, state: State | None, revision: int) -> tuple[models.Resource, models.Edition]:
    """The resource and its edition under way, locked; `Stale` when it is not the one that was read."""
    row = _lock(id)
    edition = models.Edition.objects.filter(resource=row, state__in=OPEN).first()
    if edition is None:
        raise Refused(_("Nothing is being prepared for this resource."), code="stage")
    if edition.revision != revision:
        raise Stale
    if state and edition.state != state:
        raise Refused(_("This entry is not at that stage."), code="stage")
    edition.resource = row
    return row, edition


def _keep(edition: models.Edition) -> models.Edition:
    edition.revision, edition.updated_at = edition.revision + 1, now()
    edition.save()
    return edition


def _move(row: models.Resource, edition: models.Edition, state: State) -> None:
    edition.state = state
    _keep(edition)
    if not row.edition:
        row.state, row.updated_at = state, now()
        row.save(update_fields=["state", "updated_at"])


def _step(
    row: models.Resource, edition: models.Edition, actor: Actor, passed: bool, opinion: str, forward: State
) -> None:
    edition.opinion = opinion.strip()
    edition.reviewers = [*edition.reviewers, str(actor.person)]
    if passed:
        _move(row, edition, forward)
        return
    edition.filing_number = edition.secrecy_opinion = ""
    edition.reviewers = []
    _move(row, edition, State.DRAFT)
    for editor in edition.editors:
        facts = {"title": row.title, "reason": edition.opinion}
        once = f"returned:{row.public_id}:{edition.number}:{edition.revision}:{editor}"
        tell(Ref.parse(editor), "catalogue.returned", facts, link=f"/catalogue/{row.public_id}/edit/", once=once)


def _opinion(passed: bool, opinion: str) -> None:
    if not passed and not opinion.strip():
        raise Invalid({"opinion": _("Say what has to be changed.")})


def _require_other(actor: Actor, right: str, row: models.Resource, edition: models.Edition) -> None:
    """Who wrote an entry does not review it, and who reviewed it at one step not at the next (T4)."""
    require(actor, right, Ref(OFFICE, row.provider))
    if conflicts(actor, [Ref.parse(one) for one in (*edition.editors, *edition.reviewers)]):
        raise Refused(_("You wrote or reviewed this entry. Somebody else has to review it."), code="conflict")


def _require_publishable(edition: models.Edition, row: models.Resource) -> None:
    """`Invalid` with what is wrong: what is missing, and data that have a source already."""
    description = descriptions.from_json(edition.content)
    found = [*descriptions.findings(description), *judged(description, row.public_id)]
    if errors := {one.field: one.message for one in found if one.level == "error"}:
        raise Invalid(errors)


def _leaf(what: str, row: models.Resource, actor: Actor, **facts: Any) -> None:
    write(f"catalogue.resource.{what}", Ref(RESOURCE, row.public_id), by=actor.by, **facts)
