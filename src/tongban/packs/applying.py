"""Installing packs: all or nothing, in one transaction. `plan` is `apply` rolled back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import DefinitionError, Ref, Refused, emit, now
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers

from .checking import Library, check
from .data import PACK, Change, Pack, PackApplied
from .loading import load
from .models import Installed
from .parts import install
from .places import pack_folder, packs_folder, region, region_codes, with_needs
from .signing import publisher


class _RolledBack(Exception):
    pass


def read(names: Sequence[str]) -> tuple[list[Pack], Library]:
    """The packs with what they need, checked. `DefinitionError` lists every finding."""
    packs = with_needs([load(pack_folder(name)) for name in names])
    library = check(packs)
    if library.findings:
        raise DefinitionError(library.findings)
    return packs, library


def plan(names: Sequence[str], *, older: bool = False) -> list[Change]:
    """What `apply` would change, found by doing it and taking it back."""
    changes: list[Change] = []
    try:
        with transaction.atomic():
            changes = apply(names, older=older)
            raise _RolledBack
    except _RolledBack:
        registers.forget_definitions()
    return changes


def apply(
    names: Sequence[str],
    by: Ref | None = None,
    *,
    older: bool = False,
    digests: Mapping[str, str] | None = None,
    local: Mapping[str, Any] | None = None,
) -> list[Change]:
    """Install packs and what they need, as the owner of the database. Applying the same again changes nothing.

    `Refused` where a newer version is installed and `older` does not ask for the older one, where another pack
    defines the same thing, where a signature is missing or does not hold (`signing`), and where a pack is not the one
    whose digest was planned (`digests`). `local` takes the
    place of the region's own values.
    """
    packs, library = read(names)
    changes: list[Change] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('packs.apply'))")
        cursor.execute("SELECT set_config('tongban.system', 'on', true)")
        for name, rows in region_codes().items():
            registers.load_codes(name, rows)
        together = {pack.key for pack in packs}
        for pack in packs:
            if digests is not None and digests.get(pack.key) != pack.digest:
                raise Refused(_("The pack “%s” was changed since it was planned. Please plan again.") % pack.key)
            signed_by = publisher(pack)
            before = Installed.objects.filter(key=pack.key).first()
            if before and before.digest == pack.digest:
                continue
            _refuse_downgrade(pack, before, older)
            _refuse_others(pack, library, together)
            changes += _install(pack, library, before, by, region() if local is None else local, signed_by)
    return changes


def _refuse_downgrade(pack: Pack, before: Installed | None, older: bool) -> None:
    """An older version brings back old mistakes; it is installed only when asked for (T27)."""
    if before and not older and _numbers(before.version) > _numbers(pack.version):
        text = _(
            "%(pack)s: version %(installed)s is installed, %(wanted)s is older. Ask for the older one if you mean it."
        )
        raise Refused(text % {"pack": pack.key, "installed": before.version, "wanted": pack.version}, code="older")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _install(
    pack: Pack, library: Library, before: Installed | None, by: Ref | None, local: Mapping[str, Any], signed_by: str
) -> list[Change]:
    how = "changed" if before else "added"
    changes = [Change("pack", pack.key, how, f"{before.version} → {pack.version}" if before else pack.version)]
    if signed_by:
        changes.append(Change("publisher", pack.key, "signed", signed_by))
    changes += install(pack, library, by, local)
    Installed.objects.update_or_create(
        key=pack.key,
        defaults={
            "version": pack.version,
            "title": dict(pack.title),
            "digest": pack.digest,
            "publisher": signed_by,
            "defines": library.of(pack.key),
            "applied_at": now(),
            "applied_by": str(by or ""),
        },
    )
    ledger.write(
        "packs.pack.applied", Ref(PACK, pack.key), by=by, version=pack.version, digest=pack.digest, publisher=signed_by
    )
    emit(PackApplied(pack.key, pack.version))
    return changes


def _refuse_others(pack: Pack, library: Library, together: set[str]) -> None:
    """A pack cannot change what another installed one brought. Packs installed together were compared as they are
    now, so that a thing may move from one to the other."""
    for other in Installed.objects.exclude(key__in=together):
        if shared := sorted(set(other.defines) & set(library.of(pack.key))):
            words = {"pack": pack.key, "what": ", ".join(shared), "other": other.key}
            raise Refused(_("%(pack)s: %(what)s belongs to the installed pack %(other)s.") % words, code="taken")


def installed() -> list[Installed]:
    """What is installed, by key."""
    return list(Installed.objects.order_by("key"))


def available() -> list[str]:
    """Keys of the packs under `packs/`, whether or not they hold."""
    return sorted(path.parent.name for path in packs_folder().glob("*/pack.yaml"))
