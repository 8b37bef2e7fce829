"""Installing packs: all or nothing, in one transaction. `plan` is `apply` rolled back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import DefinitionError, Ref, Refused, emit, now
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
from .data import PACK, Change, Pack, PackApplied
from .items import draft_of, service_of
from .loading import load
from .models import Installed, Table
from .places import pack_folder, packs_folder, region, region_codes, rows_of, with_needs


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
    defines the same thing, and where a pack is not the one whose digest was planned (`digests`). `local` takes the
    place of the region's own values.
    """
    packs, library = read(names)
    changes: list[Change] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('packs.apply'))")
        cursor.execute("SELECT set_config('tongban.system', 'on', true)")
        for name, rows in region_codes().items():
            registers.load_codes(name, rows)
        for pack in packs:
            if digests is not None and digests.get(pack.key) != pack.digest:
                raise Refused(_("The pack “%s” was changed since it was planned. Please plan again.") % pack.key)
            before = Installed.objects.filter(key=pack.key).first()
            if before and before.digest == pack.digest:
                continue
            _refuse_downgrade(pack, before, older)
            changes += _install(pack, library, before, by, region() if local is None else local)
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
    pack: Pack, library: Library, before: Installed | None, by: Ref | None, local: Mapping[str, Any]
) -> list[Change]:
    defines = sorted(thing for thing, owner in library.owners.items() if owner == pack.key)
    _refuse_others(pack, defines)
    how = "changed" if before else "added"
    changes = [Change("pack", pack.key, how, f"{before.version} → {pack.version}" if before else pack.version)]
    changes += [Change("codes", name, "loaded", str(len(rows_of(text)))) for name, text in pack.seeds.items()]
    for name, text in pack.seeds.items():
        registers.load_codes(name, rows_of(text))
    definitions = [registers.parse(text, f"{pack.key}/{file}") for file, text in pack.registers.items()]
    changes += [Change("register", pack.key, "ddl", statement) for statement in registers.apply(definitions, by=by)]
    changes += _tables(pack) + _licences(pack)
    for file, text in pack.forms.items():
        form = forms.publish(text, f"{pack.key}/forms/{file}", library.form_field, library.code_set)
        changes.append(Change("form", form.key, "published", form.title.zh))
    for key, xml in pack.processes.items():
        changes.append(Change("process", key, "published", process.publish(key, xml, by=by).hash[:12]))
    changes += _roles(pack, by) + publish_items(pack, library, by, local)
    Installed.objects.update_or_create(
        key=pack.key,
        defaults={
            "version": pack.version,
            "title": dict(pack.title),
            "digest": pack.digest,
            "defines": defines,
            "applied_at": now(),
            "applied_by": str(by or ""),
        },
    )
    ledger.write("packs.pack.applied", Ref(PACK, pack.key), by=by, version=pack.version, digest=pack.digest)
    emit(PackApplied(pack.key, pack.version))
    return changes


def _refuse_others(pack: Pack, defines: Sequence[str]) -> None:
    """A pack cannot change what another installed one brought."""
    for other in Installed.objects.exclude(key=pack.key):
        if shared := sorted(set(other.defines) & set(defines)):
            words = {"pack": pack.key, "what": ", ".join(shared), "other": other.key}
            raise Refused(_("%(pack)s: %(what)s belongs to the installed pack %(other)s.") % words, code="taken")


def _tables(pack: Pack) -> list[Change]:
    changes = []
    for file, text in pack.tables.items():
        name, _dot, suffix = file.rpartition(".")
        Table.objects.update_or_create(name=name, defaults={"pack": pack.key, "format": suffix, "text": text})
        changes.append(Change("table", name, "set"))
    return changes


def _licences(pack: Pack) -> list[Change]:
    types = [
        LicenceType(each["key"], each["title"]["zh"], each["title"]["en"], each["code"], int(each.get("years", 0)))
        for each in pack.licences
    ]
    licences.define_types(types)
    return [Change("licence", each.key, "defined", each.title_zh) for each in types]


def _roles(pack: Pack, by: Ref | None) -> list[Change]:
    """Roles, with a line for each right: whoever installs the pack sees what it asks for (T27)."""
    changes = []
    for role in pack.roles:
        reach, title = Reach(role.get("reach", "own")), role["title"]
        identity.define_role(role["key"], title["zh"], role["permissions"], reach=reach, title_en=title["en"], by=by)
        changes.append(Change("role", role["key"], "defined", title["zh"]))
        for right in role["permissions"]:
            words = f"{right} ({identity.permissions.get(right)}), {reach.value}"
            changes.append(Change("permission", role["key"], "granted", words))
    return changes


def publish_items(pack: Pack, library: Library, by: Ref | None, local: Mapping[str, Any]) -> list[Change]:
    """The pack's items and services, with the region's own limits where it has some."""
    changes = []
    limits = local.get("limits") or {}
    division = str(local.get("division", ""))
    for item in pack.items:
        form = library.forms.get((item.get("service") or {}).get("form", ""))
        draft = draft_of(item, pack.key, division, form, limits)
        done = hall.publish([draft], by=by, reason=f"{pack.key} {pack.version}")
        if done.added or done.changed:
            changes.append(Change("item", draft.key, "added" if done.added else "changed", item["task_name"]["zh"]))
        if service := service_of(item, pack.key):
            hall.define_service(service)
            changes.append(Change("service", draft.key, "defined"))
    return changes


def installed() -> list[Installed]:
    """What is installed, by key."""
    return list(Installed.objects.order_by("key"))


def available() -> list[str]:
    """Keys of the packs under `packs/`, whether or not they hold."""
    return sorted(path.parent.name for path in packs_folder().glob("*/pack.yaml"))
