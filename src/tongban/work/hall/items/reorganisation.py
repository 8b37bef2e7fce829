"""Items whose office changed: a new version with the new office, the former wording is kept."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from tongban.base.kernel.api import Ref
from tongban.trust.identity.data import Office

from ..models import item as models
from .actions import publish
from .data import ItemDraft

_SOME = 500
REASON = "机构改革"


def rehome(keys: Sequence[str], office: Office, by: Ref | None = None) -> int:
    """Let these items be of this office, under its name; gives how many there are."""
    for start in range(0, len(keys), _SOME):
        some = keys[start : start + _SOME]
        versions = models.ItemVersion.objects.filter(item__key__in=some, version=F("item__version"))
        drafts = [_draft(key, body, office) for key, body in versions.values_list("item__key", "body")]
        publish(drafts, by=by, reason=REASON)
    return len(keys)


def _draft(key: str, body: dict[str, object], office: Office) -> ItemDraft:
    parts = {name: body.get(name, []) for name in models.PARTS}
    values = {name: value for name, value in body.items() if name not in parts and name not in _STATE}
    values |= {"office": office.ref.id, "dept_name": office.title, "dept_code": office.uscc or values.get("dept_code")}
    return ItemDraft(key, values, **parts)  # type: ignore[arg-type]


# Publishing keeps the state where the draft does not name one.
_STATE = {"task_state", "state_reason"}


def renamed(office: Office) -> int:
    """The office has another name: so have its items."""
    stale = models.Item.objects.filter(office=office.ref.id).exclude(dept_name=office.title)
    return rehome(list(stale.values_list("key", flat=True)), office)
