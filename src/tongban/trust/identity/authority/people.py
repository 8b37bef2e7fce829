"""Who the three administrators are today."""

from __future__ import annotations

from tongban.base.kernel.api import Ref, today

from .. import models
from ..offices import _at
from .data import Administers


def administrators(kind: Administers | str) -> list[Ref]:
    """The people who hold a post of this kind of administrator today, each once."""
    keys = models.Role.objects.filter(administers=str(kind)).values_list("key", flat=True)
    rows = models.Post.objects.filter(
        _at("valid_from", "until", today()), roles__overlap=list(keys), person__is_active=True
    )
    return [Ref("identity.person", id_) for id_ in sorted(set(rows.values_list("person__public_id", flat=True)))]
