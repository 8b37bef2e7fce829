"""Verbs on items: publish, pause, resume, cancel. Open cases keep the wording they began with (SVC-09)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, Ref, Refused, canonical, emit, now
from tongban.base.ledger import api as ledger
from tongban.engine.search import api as search

from ..models import item as models
from . import data
from .queries import FIELDS

_CHUNK = 500
_PART_FIELDS = {
    name: {f.name for f in model._meta.concrete_fields} - {"id", "item", "order_num"}
    for name, model in models.PARTS.items()
}


def publish(drafts: Sequence[data.ItemDraft], *, by: Ref | None = None, reason: str = "") -> data.Published:
    """Put items in force, in one transaction: new ones get version 1, changed ones the next, the former is kept.

    Publishing the same wording again changes nothing. The state (paused, cancelled) is kept unless the draft says
    otherwise, and so is what the item's office edited here. `Invalid` names a field that items do not have, or a key
    given twice.
    """
    keys = [draft.key for draft in drafts]
    if len(keys) != len(set(keys)):
        raise Invalid({"key": _("Two items have the same key.")})
    added = changed = 0
    with transaction.atomic():
        for start in range(0, len(drafts), _CHUNK):
            chunk = drafts[start : start + _CHUNK]
            new, newer = _publish({draft.key: _body(draft) for draft in chunk}, by, reason)
            added, changed = added + new, changed + newer
    return data.Published(added, changed, len(drafts) - added - changed)


def put_in_force(key: str, body: Mapping[str, Any], by: Ref | None, reason: str) -> None:
    """The next version of an item as its office wants it, in the caller's transaction. What it changes stays changed
    when the pack or list that the item came from is published again."""
    _publish({key: dict(body)}, by, reason, edited=True)


def _publish(bodies: dict[str, dict[str, Any]], by: Ref | None, reason: str, edited: bool = False) -> tuple[int, int]:
    present = {row.key: row for row in models.Item.objects.select_for_update().filter(key__in=bodies)}
    _keep_local(present, bodies, edited)
    moment = now()
    fresh: list[models.Item] = []
    stale: list[models.Item] = []
    for key, body in bodies.items():
        digest = hashlib.sha256(canonical(body)).hexdigest()
        row = present.get(key)
        if row is not None and row.digest == digest:
            continue
        row = row or models.Item(key=key, version=0)
        (stale if row.pk else fresh).append(row)
        row.version, row.digest, row.updated_at = row.version + 1, digest, moment
        for name in FIELDS:
            setattr(row, name, _value(name, body))
        row.extra = {name: value for name, value in body.items() if name not in FIELDS and name not in _OUTSIDE}
        if (state := body.get("task_state", row.task_state)) != row.task_state:
            row.task_state, row.state_at = state, moment
            why = body.get("state_reason") or reason or str(data.STATE_TITLES[data.ItemState(state)])
            row.state_reason = why if state != data.ItemState.IN_USE else ""
    models.Item.objects.bulk_create(fresh)
    models.Item.objects.bulk_update(
        stale,
        [*FIELDS, "version", "digest", "updated_at", "extra", "local", "task_state", "state_reason", "state_at"],
        batch_size=200,
    )
    rows = fresh + stale
    _write_parts(rows, stale, bodies)
    models.ItemVersion.objects.bulk_create(
        models.ItemVersion(
            item=row,
            version=row.version,
            body=bodies[row.key],
            at=moment,
            by=str(by or ""),
            reason=reason[:300],
        )
        for row in rows
    )
    for row in rows:
        ledger.write("hall.item.published", row.ref, by=by, key=row.key, version=row.version, digest=row.digest)
        emit(data.ItemChanged(row.ref, row.key, row.version, row.task_state))
    _index(rows, bodies)
    return len(fresh), len(stale)


def _keep_local(present: Mapping[str, models.Item], bodies: dict[str, dict[str, Any]], edited: bool) -> None:
    """What an office edited wins over packs and lists; what it edits now is noted for the next time."""
    rows = [row for row in present.values() if row.local or edited]
    for version in models.ItemVersion.objects.filter(item__in=rows, version=F("item__version")).select_related("item"):
        row, body, former = present[version.item.key], bodies[version.item.key], version.body
        if edited:
            changed = {name for name in {*body, *former} - _STATE if body.get(name) != former.get(name)}
            row.local = sorted({*row.local, *changed})
            continue
        for name in row.local:
            body.pop(name, None)
        body |= {name: former[name] for name in row.local if name in former}


_STATE = {"task_state", "state_reason"}
_OUTSIDE = {*_STATE, *models.PARTS}
_DEFAULTS: dict[str, Any] = {f.name: f.get_default() for f in models.Item._meta.concrete_fields}


def _body(draft: data.ItemDraft) -> dict[str, Any]:
    """The wording as JSON: what a version keeps and what the digest is taken of."""
    body: dict[str, Any] = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in draft.values.items()
        if value not in (None, "", [], {})
    }
    if not body.get("task_name"):
        raise Invalid({"task_name": _("An item needs a name.")})
    for part, allowed in _PART_FIELDS.items():
        listed = [dict(each) for each in getattr(draft, part)]
        for each in listed:
            if strange := sorted(set(each) - allowed):
                raise Invalid({part: _("Items have no field %s here.") % strange[0]})
        if listed:
            body[part] = listed
    return body


def _value(name: str, body: Mapping[str, Any]) -> Any:
    default = _DEFAULTS[name]
    value = body.get(name, list(default) if isinstance(default, list) else default)
    if name in ("plan_effective_date", "plan_cancel_date") and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def _write_parts(rows: list[models.Item], stale: list[models.Item], bodies: Mapping[str, Mapping[str, Any]]) -> None:
    for part, model in models.PARTS.items():
        manager: Any = model.objects
        if stale:
            manager.filter(item__in=stale).delete()
        manager.bulk_create(
            model(item=row, order_num=number, **each)
            for row in rows
            for number, each in enumerate(bodies[row.key].get(part, ()), 1)
        )


def _index(rows: Sequence[models.Item], bodies: Mapping[str, Mapping[str, Any]]) -> None:
    search.index_many(
        _document(row, bodies[row.key].get("materials", ()))
        for row in rows
        if row.task_state != data.ItemState.CANCELLED
    )


def _document(row: models.Item, materials: Sequence[Mapping[str, Any]]) -> search.Document:
    named = [row.dept_name, row.group, row.task_code, *row.user_topic_type, *row.corp_topic_type]
    return search.Document(
        row.ref,
        row.task_name,
        text=" ".join(filter(None, (row.summary, row.accept_condition[:2000], row.result_name))),
        keywords=" ".join(filter(None, [*named, *(str(each.get("material_name", "")) for each in materials)])),
        facets={
            "department": row.office or row.dept_name,
            "audience": row.service_object,
            "type": row.task_type,
        },
        # What can be done online stands before what is only described.
        boost=1.5 if row.form_key else 1.0,
    )


def set_state(row: models.Item, state: data.ItemState, reason: str, by: Ref | None) -> None:
    """Pause, resume or cancel an item that is locked, with a reason that the public reads. What is cancelled stays so.

    Cases that are open go on; nobody can begin a new one. Offices ask for it by `editing.ask_state`.
    """
    if row.task_state == data.ItemState.CANCELLED:
        raise Refused(_("A cancelled item cannot be put back into use; publish a new one."), code="cancelled")
    if row.task_state == state:
        return
    row.task_state, row.state_at = state, now()
    row.state_reason = reason if state != data.ItemState.IN_USE else ""
    row.save(update_fields=["task_state", "state_at", "state_reason"])
    ledger.write("hall.item.state", row.ref, by=by, state=state, reason=reason)
    emit(data.ItemChanged(row.ref, row.key, row.version, state))
    if state == data.ItemState.CANCELLED:
        search.remove(row.ref)
