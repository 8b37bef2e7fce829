"""Installing what a pack holds, kind by kind; each says only what it really changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tongban.base.kernel.api import NotFound, Ref
from tongban.data.licences import api as licences
from tongban.data.licences.data import LicenceType
from tongban.engine.forms import api as forms
from tongban.engine.process import api as process
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Title
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Reach
from tongban.work.hall import api as hall

from .data import Change, Pack
from .items import draft_of, service_of
from .models import Table
from .places import rows_of

if TYPE_CHECKING:
    from .checking import Library

T = TypeVar("T")


def install(pack: Pack, library: Library, by: Ref | None, local: Mapping[str, Any]) -> list[Change]:
    """Everything a pack holds, in the order in which its parts build on each other."""
    return [
        *_codes(pack),
        *_registers(pack, by),
        *_tables(pack),
        *_licences(pack),
        *_forms(pack, library),
        *_processes(pack, by),
        *_roles(pack, by),
        *publish_items(pack, library, by, local),
    ]


def _before(find: Callable[[str], T], key: str) -> T | None:
    try:
        return find(key)
    except NotFound:
        return None


def _compared(what: str, key: str, before: object, after: object, detail: str = "") -> list[Change]:
    if before == after:
        return []
    return [Change(what, key, "changed" if before else "added", detail)]


def _codes(pack: Pack) -> list[Change]:
    changes = []
    for name, text in pack.seeds.items():
        rows = rows_of(text)
        wanted = {row["code"]: Title(row.get("zh") or row.get("name") or "", row.get("en") or "") for row in rows}
        changes += _compared("codes", name, dict(registers.codes(name)), wanted, str(len(rows)))
        registers.load_codes(name, rows)
    return changes


def _registers(pack: Pack, by: Ref | None) -> list[Change]:
    definitions = [registers.parse(text, f"{pack.key}/{file}") for file, text in pack.registers.items()]
    changes = []
    for each in definitions:
        before = _before(registers.definition, each.key)
        changes += _compared("register", each.key, before and before.text, each.text, each.title.zh)
    ddl = registers.apply(definitions, by=by)
    return changes + [Change("register", pack.key, "ddl", statement) for statement in ddl]


def _tables(pack: Pack) -> list[Change]:
    changes = []
    for file, text in pack.tables.items():
        name, _dot, suffix = file.rpartition(".")
        before = Table.objects.filter(name=name).values_list("text", flat=True).first()
        Table.objects.update_or_create(name=name, defaults={"pack": pack.key, "format": suffix, "text": text})
        changes += _compared("table", name, before, text)
    return changes


def _licences(pack: Pack) -> list[Change]:
    changes = []
    for each in pack.licences:
        title = each["title"]
        wanted = LicenceType(each["key"], title["zh"], title["en"], each["code"], int(each.get("years", 0)))
        changes += _compared("licence", wanted.key, _before(licences.licence_type, wanted.key), wanted, wanted.title_zh)
        licences.define_types([wanted])
    return changes


def _forms(pack: Pack, library: Library) -> list[Change]:
    changes = []
    for file, text in pack.forms.items():
        where = f"{pack.key}/forms/{file}"
        before = _before(forms.current, forms.parse(text, where, library.form_field, library.code_set).key)
        form = forms.publish(text, where, library.form_field, library.code_set)
        changes += _compared("form", form.key, before and before.digest, form.digest, form.title.zh)
    return changes


def _processes(pack: Pack, by: Ref | None) -> list[Change]:
    changes = []
    for key, xml in pack.processes.items():
        before = _before(process.definition, key)
        after = process.publish(key, xml, by=by)
        changes += _compared("process", key, before, after, after.hash[:12])
    return changes


def _roles(pack: Pack, by: Ref | None) -> list[Change]:
    """Roles, with a line for each right: whoever installs the pack sees all it asks for, changed or not (T27)."""
    changes = []
    before = {key: (title, rights) for key, title, rights in identity.roles()}
    for role in pack.roles:
        key, reach, title = role["key"], Reach(role.get("reach", "own")), role["title"]
        identity.define_role(key, title["zh"], role["permissions"], reach=reach, title_en=title["en"], by=by)
        changes += _compared(
            "role", key, before.get(key), (title["zh"], tuple(sorted(role["permissions"]))), title["zh"]
        )
        for right in role["permissions"]:
            words = f"{right} ({identity.permissions.get(right)}), {reach.value}"
            changes.append(Change("permission", key, "granted", words))
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
            changes += _compared("service", draft.key, _before(hall.service, draft.key), service)
            hall.define_service(service)
    return changes
