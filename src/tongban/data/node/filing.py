"""Files that a department keeps itself, to the holders of grants of mode file: each that is new or changed, once.

A receiver sees of a file's name and key what its grant names. A file that is gone here is not taken away there: the
list of files, which is a resource of rows like others, says that it is gone.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform

from tongban.base.kernel.api import now
from tongban.base.ledger.api import write
from tongban.data.transport.data import language

from . import models
from .conversions import Unfit
from .data import Mapping
from .grants import live, row_name, seen
from .pieces import send_pieces
from .sources.files import PART
from .sources.folders import digest_of, largest_of, root_of
from .taking import check_room

MOST = 20  # files of one turn: what else is due waits no longer
_ODD = re.compile(r"[^\w.-]+")


class _Gone(Exception):
    """The file is not what it was when the source was read: the next run of the source tells."""


def send_own(grant_id: str, mapping: Mapping) -> int:
    """Send a holder the files it does not have yet; how many."""
    sent = 0
    for row in unsent(models.Grant.objects.get(id=grant_id), mapping)[:MOST]:
        try:
            with transaction.atomic():
                grant = live().select_for_update().filter(id=grant_id).first()
                if grant is None:
                    break
                _send(grant, mapping, row)
                sent += 1
        except _Gone:
            continue
    return sent


def unsent(grant: models.Grant, mapping: Mapping) -> QuerySet[models.Row]:
    """Rows of our copy whose file the holder does not have as it is now."""
    rows = models.Row.objects.filter(source_id=mapping.name)
    rows = rows.annotate(sha256=KeyTextTransform(mapping.item_of("sha256"), "body"))
    same = models.Filed.objects.filter(grant=grant, key=OuterRef("key"), sha256=OuterRef("sha256"))
    return rows.filter(~Exists(same)).order_by("id")


def _send(grant: models.Grant, mapping: Mapping, row: models.Row) -> None:
    body, key = row.body, bytes(row.key)
    sha256 = str(body[mapping.item_of("sha256")])
    root = root_of(mapping.source)
    path = root / str(body[mapping.item_of("path")])
    try:
        if digest_of(root, path, largest_of(mapping.source)) != sha256:
            raise _Gone
        size = path.stat().st_size
        check_room(size)
        about = {"cd_key": row_name(grant, key), **(seen(grant, body) or {})}
        name, version = _name(grant, mapping, row), int(now().timestamp() * 1_000_000)
        whole = language.Whole(name=name, size=size, sha256=sha256, version=version, row=about)
        if send_pieces(grant, mapping.shape, path, whole) != sha256:
            raise _Gone
    except (OSError, Unfit):
        raise _Gone from None
    models.Filed.objects.update_or_create(grant=grant, key=key, defaults={"sha256": sha256, "at": now()})
    write("node.file.sent", grant.ref, node=grant.node, name=name, size=size, sha256=sha256)


def _name(grant: models.Grant, mapping: Mapping, row: models.Row) -> str:
    """What the file is called there: as here where all words of its name are granted, and never as another."""
    path = Path(str(row.body[mapping.item_of("path")]))
    own = row_name(grant, bytes(row.key))[:12]
    parts = PART.split(mapping.source.get("path"))[1::2]
    if not all(part != "*" and mapping.item_of(part[1:-1]) in grant.items for part in parts):
        return f"{own}{_ODD.sub('_', path.suffix)}"
    plain = _ODD.sub("_", "_".join(path.with_suffix("").parts)).strip("_.-") or "file"
    while len(plain.encode()) > 150:
        plain = plain[:-1]
    return f"{plain}-{own}{_ODD.sub('_', path.suffix)}"
