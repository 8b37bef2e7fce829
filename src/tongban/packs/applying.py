"""Installing packs: all or nothing, in one transaction. `plan` is `apply` rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from tongban.base.kernel.api import DefinitionError, Ref, emit, now
from tongban.base.ledger import api as ledger
from tongban.data.licences import api as licences
from tongban.data.licences.data import LicenceType
from tongban.engine.forms import api as forms
from tongban.engine.process import api as process
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Reach
from tongban.work.hall import api as hall

from .checking import Library, check
from .data import Change, Pack, PackApplied
from .items import draft_of, service_of
from .loading import load
from .models import Installed, Table
from .places import pack_folder, region, region_codes, rows_of, with_needs


class _RolledBack(Exception):
    pass


def read(names: Sequence[str]) -> tuple[list[Pack], Library]:
    """The packs with what they need, checked. `DefinitionError` lists every finding."""
    packs = with_needs([load(pack_folder(name)) for name in names])
    library = check(packs)
    if library.findings:
        raise DefinitionError(library.findings)
    return packs, library


def plan(names: Sequence[str]) -> list[Change]:
    """What `apply` would change, found by doing it and taking it back."""
    changes: list[Change] = []
    try:
        with transaction.atomic():
            changes = apply(names)
            raise _RolledBack
    except _RolledBack:
        registers.forget_definitions()
    return changes


def apply(names: Sequence[str], by: Ref | None = None) -> list[Change]:
    """Install packs and what they need, as the owner of the database. Applying the same again changes nothing."""
    packs, library = read(names)
    changes: list[Change] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('packs.apply'))")
        cursor.execute("SELECT set_config('tongban.system', 'on', true)")
        for name, rows in region_codes().items():
            registers.load_codes(name, rows)
        for pack in packs:
            if not Installed.objects.filter(key=pack.key, digest=pack.digest).exists():
                changes += _install(pack, library, by)
    return changes


def _install(pack: Pack, library: Library, by: Ref | None) -> list[Change]:
    changes = [Change("codes", name, "loaded", str(len(rows_of(text)))) for name, text in pack.seeds.items()]
    for name, text in pack.seeds.items():
        registers.load_codes(name, rows_of(text))
    definitions = [registers.parse(text, f"{pack.key}/{file}") for file, text in pack.registers.items()]
    changes += [Change("register", pack.key, "ddl", statement) for statement in registers.apply(definitions, by=by)]
    for file, text in pack.tables.items():
        name, _dot, suffix = file.rpartition(".")
        Table.objects.update_or_create(name=name, defaults={"pack": pack.key, "format": suffix, "text": text})
        changes.append(Change("table", name, "set"))
    types = [
        LicenceType(each["key"], each["title"]["zh"], each["title"]["en"], each["code"], int(each.get("years", 0)))
        for each in pack.licences
    ]
    licences.define_types(types)
    changes += [Change("licence", each.key, "defined") for each in types]
    for file, text in pack.forms.items():
        form = forms.publish(text, f"{pack.key}/{file}", library.form_field, library.code_set)
        changes.append(Change("form", form.key, "published"))
    for key, xml in pack.processes.items():
        changes.append(Change("process", key, "published", process.publish(key, xml, by=by).hash[:12]))
    for role in pack.roles:
        reach = Reach(role.get("reach", "own"))
        title = role["title"]
        identity.define_role(role["key"], title["zh"], role["permissions"], reach=reach, title_en=title["en"], by=by)
        changes.append(Change("role", role["key"], "defined"))
    changes += _items(pack, library, by)
    Installed.objects.update_or_create(
        key=pack.key,
        defaults={"version": pack.version, "title": dict(pack.title), "digest": pack.digest, "applied_at": now()},
    )
    ledger.write("packs.pack.applied", Ref("packs.pack", pack.key), by=by, version=pack.version, digest=pack.digest)
    emit(PackApplied(pack.key, pack.version))
    return changes


def _items(pack: Pack, library: Library, by: Ref | None) -> list[Change]:
    changes = []
    local = region()
    limits = local.get("limits") or {}
    division = str(local.get("division", ""))
    for item in pack.items:
        form = library.forms.get((item.get("service") or {}).get("form", ""))
        draft = draft_of(item, pack.key, division, form, limits)
        done = hall.publish([draft], by=by, reason=f"{pack.key} {pack.version}")
        if done.added or done.changed:
            changes.append(Change("item", draft.key, "added" if done.added else "changed"))
        if service := service_of(item, pack.key):
            hall.define_service(service)
            changes.append(Change("service", draft.key, "defined"))
    return changes


def installed() -> list[Installed]:
    """What is installed, by key."""
    return list(Installed.objects.order_by("key"))


def available() -> list[Path]:
    """Folders under `packs/` that hold a pack."""
    return sorted(path.parent for path in (Path(settings.TONGBAN_CHECKOUT) / "packs").glob("*/pack.yaml"))
