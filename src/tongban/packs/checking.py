"""Every reference of a pack is checked before anything is installed (rule 4): without a database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tongban.base.kernel.api import DefinitionError, Lines, Path
from tongban.base.rules import api as rules
from tongban.base.rules.data import FeelError, ModelError, TableError
from tongban.engine.forms import api as forms
from tongban.engine.forms.data import FormDefinition, Option, Title
from tongban.engine.process import api as process
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import RegisterDefinition

from .checking_items import check_items
from .data import Pack
from .items import OF_PROCESS
from .permissions import not_for_packs
from .places import region_codes, region_parts, rows_of
from .shapes import NAME

# What the hall knows about the applicant besides the registers (sources of prefilled answers).
_ACCOUNT = {"applicant": {"name", "id_number", "phone"}, "population": {"county"}}


@dataclass
class Library:
    """What the packs together define: enough to look up every reference."""

    registers: dict[str, RegisterDefinition] = field(default_factory=dict)
    codes: dict[str, list[Option]] = field(default_factory=dict)
    forms: dict[str, FormDefinition] = field(default_factory=dict)
    processes: set[str] = field(default_factory=set)
    # The variables each decision table reads; a DMN model says nothing about its own.
    tables: dict[str, frozenset[str]] = field(default_factory=dict)
    outputs: dict[str, frozenset[str]] = field(default_factory=dict)
    tables_of: dict[str, set[str]] = field(default_factory=dict)
    licences: set[str] = field(default_factory=set)
    # Parts that offices of the region play; None where the region does not say.
    parts: frozenset[str] | None = None
    # Which pack defines a thing, as `form enterprise_registration`.
    owners: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def own(self, kind: str, key: str, pack: str, where: str) -> None:
        """Note who defines a thing. Two packs must not define the same one: the second would change the first."""
        owner = self.owners.setdefault(f"{kind} {key}", pack)
        if owner != pack:
            self.findings.append(f"{where}: the {kind} {key!r} belongs to the pack {owner}")

    def of(self, pack: str) -> list[str]:
        """What one pack defines."""
        return sorted(thing for thing, owner in self.owners.items() if owner == pack)

    def form_field(self, name: str) -> Mapping[str, Any] | None:
        """What a register says about its item, as a form's field wants it (one definition of each datum, rule 3)."""
        key, _dot, item = name.partition(".")
        register = self.registers.get(key)
        found = register.by_name.get(item) if register else None
        if found is None:
            return None
        known: dict[str, Any] = {
            "title": {"zh": found.title.zh, "en": found.title.en},
            "type": found.type.value,
            "required": found.required,
        }
        if found.max_length:
            known["max_length"] = found.max_length
        if found.choices:
            known["options"] = [{"code": c, "title": {"zh": t.zh, "en": t.en}} for c, t in found.choices.items()]
        elif found.codes:
            known["code_set"] = found.codes
        return known

    def code_set(self, name: str) -> Sequence[Option] | None:
        """The options of a code set, in order."""
        return self.codes.get(name)

    def plays(self, part: str) -> bool:
        """Whether an office of the region plays this part."""
        return self.parts is None or part in self.parts


def check(packs: Sequence[Pack]) -> Library:
    """Read everything the packs define. `Library.findings` lists what is wrong, as `file:line: what`."""
    library = Library(processes={f"shared:{key}" for key in process.shared()}, parts=region_parts())
    for name, rows in region_codes().items():
        library.codes[name] = _options(rows)
    for pack in packs:
        _check_pack(pack, library)
    return library


def _check_pack(pack: Pack, library: Library) -> None:
    if not library.plays(pack.owner):
        where = f"{pack.key}/pack.yaml:{line_of(pack, 'pack.yaml', ('owner',))}"
        library.findings.append(f"{where}: owner: no office of this region plays the part {pack.owner!r}")
    for name, text in pack.seeds.items():
        _check_seed(pack, name, text, library)
    _check_registers(pack, library)
    for file, text in pack.tables.items():
        _check_table(pack, file, text, library)
    _check_licences(pack, library)
    for file, text in pack.forms.items():
        _check_form(pack, file, text, library)
    for key, xml in pack.processes.items():
        _check_process(pack, key, xml, library)
    _check_roles(pack, library)
    if "items.yaml" in pack.texts:
        library.findings += check_items(pack, library)
    _check_cases(pack, library)


def line_of(pack: Pack, file: str, path: Path) -> int:
    """The line a value stands on."""
    lines = Lines(pack.texts[file], file)
    lines.wrong(path, "")
    return int(lines.findings[0].split(":")[1])


def _options(rows: Sequence[Mapping[str, str]]) -> list[Option]:
    return [
        Option(row["code"], Title(row.get("zh") or row.get("name") or row["code"], row.get("en") or "")) for row in rows
    ]


def _check_seed(pack: Pack, name: str, text: str, library: Library) -> None:
    where = f"{pack.key}/seed/{name}.csv"
    if not re.fullmatch(NAME, name):
        library.findings.append(f"{where}:1: the name of a code set has small letters, digits and _")
    rows = rows_of(text)
    if not rows or "code" not in rows[0] or not {"zh", "name"} & set(rows[0]):
        library.findings.append(f"{where}:1: a heading line with `code` and `zh` (or `name`), and rows, are expected")
        return
    seen: set[str] = set()
    for line, row in enumerate(rows, 2):
        if not row["code"] or row["code"] in seen or None in row:
            library.findings.append(f"{where}:{line}: the code is missing or stands here twice, or a cell too many")
        seen.add(row["code"])
    library.own("code set", name, pack.key, f"{where}:1")
    library.codes[name] = _options(rows)


def _check_registers(pack: Pack, library: Library) -> None:
    added: list[RegisterDefinition] = []
    for file, text in pack.registers.items():
        where = f"{pack.key}/registers/{file}"
        try:
            definition = registers.parse(text, where)
        except DefinitionError as error:
            library.findings += error.findings
        else:
            library.own("register", definition.key, pack.key, f"{where}:1")
            library.registers[definition.key] = definition
            added.append(definition)
    for definition in added:
        for item in definition.fields:
            if item.register and item.register not in library.registers:
                library.findings.append(f"{definition.file}:{item.line}: {item.name}: no register {item.register!r}")
            if item.codes and item.codes not in library.codes:
                library.findings.append(f"{definition.file}:{item.line}: {item.name}: no code set {item.codes!r}")


def _check_table(pack: Pack, file: str, text: str, library: Library) -> None:
    name, where = file.rpartition(".")[0], f"{pack.key}/rules/{file}"
    reads = sets = frozenset[str]()
    try:
        if file.endswith(".csv"):
            table = rules.load_table_csv(text, name)
            reads, sets = table.names, frozenset(output.name for output in table.outputs)
        else:
            rules.load_dmn(text.encode())
    except TableError as error:
        library.findings.append(f"{where}:{error.row or 1}: {error.column}: {error.message}")
    except ModelError as error:
        library.findings.append(f"{where}:{error.line or 1}: {error.element}: {error.message}")
    except FeelError as error:
        library.findings.append(f"{where}:{error.line or 1}: {error.message}")
    library.own("decision table", name, pack.key, f"{where}:1")
    library.tables[name], library.outputs[name] = reads, sets


def _check_licences(pack: Pack, library: Library) -> None:
    for i, licence in enumerate(pack.licences):
        where = f"{pack.key}/items.yaml:{line_of(pack, 'items.yaml', ('licences', i))}"
        library.own("licence type", licence["key"], pack.key, where)
        library.licences.add(licence["key"])


def _check_form(pack: Pack, file: str, text: str, library: Library) -> None:
    where = f"{pack.key}/forms/{file}"
    try:
        form = forms.parse(text, where, library.form_field, library.code_set)
    except DefinitionError as error:
        library.findings += error.findings
        return
    library.own("form", form.key, pack.key, f"{where}:1")
    library.forms[form.key] = form
    lines = Lines(text, where)
    own_sources = {key for key, _title in form.sources}
    for path, value in _walk(lines.data):
        if path[-1] == "prefill" and not _known_source(str(value), own_sources, library):
            lines.wrong(path, f"prefill: nothing is known as {value!r}")
    own = _filled_by(form.key, pack)  # what this form fills cannot give its answers
    held = {f"{key}.{name}" for key, found in library.registers.items() if key not in own for name in found.by_name}
    again = {field.name for field in forms.asked_again(form, held)}
    for path, value in _walk(lines.data):
        if path[-1] == "name" and path[-2:-1] != ("checks",) and value in again:
            instead = "fill it in from there (prefill), or declare it here (DATA-46)"
            lines.wrong(path, f"{value}: a register holds this already; {instead}")
    for i, material in enumerate(form.materials):
        if material.licence and material.licence not in library.licences:
            lines.wrong(("materials", i, "licence"), f"licence: there is no licence type {material.licence!r}")
    library.findings += lines.findings


def _filled_by(form: str, pack: Pack) -> set[str]:
    """The registers into which the answers of a form go when its item is granted."""
    services = (item.get("service") or {} for item in pack.items)
    return {(one.get("result") or {}).get("register", "") for one in services if one.get("form") == form}


def _known_source(prefill: str, own_sources: Collection[str], library: Library) -> bool:
    source, _dot, item = prefill.partition(".")
    register = library.registers.get(source)
    return (
        source in own_sources or item in _ACCOUNT.get(source, ()) or (register is not None and item in register.by_name)
    )


def _walk(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every text in a document, with the way to it."""
    pairs: Any = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        if isinstance(value, str):
            yield (*path, key), value
        else:
            yield from _walk(value, (*path, key))


def _check_process(pack: Pack, key: str, xml: bytes, library: Library) -> None:
    where = f"{pack.key}/processes/{key}.bpmn"
    if not re.fullmatch(NAME, key):
        library.findings.append(f"{where}:1: the name of a process has small letters, digits and _")
    library.own("process", key, pack.key, f"{where}:1")
    library.processes.add(key)
    for finding in process.check(xml):
        library.findings.append(f"{where}:{finding.line}: {finding.element}: {finding.reason}")
    for number, line in enumerate(xml.decode().splitlines(), 1):
        for kind, value in OF_PROCESS.findall(line):
            if kind == "table":
                library.tables_of.setdefault(key, set()).add(value)
            if kind == "table" and value not in library.tables:
                library.findings.append(f"{where}:{number}: there is no decision table {value!r}")
            if kind == "office" and not library.plays(value):
                library.findings.append(f"{where}:{number}: no office of this region plays the part {value!r}")


def _check_roles(pack: Pack, library: Library) -> None:
    """A pack may ask for the rights of daily work only, under role names of its own (T27)."""
    if not pack.roles:
        return
    lines = Lines(pack.texts["roles.yaml"], f"{pack.key}/roles.yaml")
    for i, role in enumerate(pack.roles):
        if not role["key"].startswith(f"{pack.key}_"):
            lines.wrong(("roles", i, "key"), f"key: the roles of this pack begin with {pack.key}_")
        for j, permission in enumerate(role["permissions"]):
            if reason := not_for_packs(permission):
                lines.wrong(("roles", i, "permissions", j), reason)
        library.own("role", role["key"], pack.key, lines.file)
    library.findings += lines.findings


def _check_cases(pack: Pack, library: Library) -> None:
    if not pack.cases:
        return
    lines = Lines(pack.texts["cases.yaml"], f"{pack.key}/cases.yaml")
    items = {item["key"] for item in pack.items if item.get("service")}
    titles: set[str] = set()
    for i, case in enumerate(pack.cases):
        where: Path = ("cases", i)
        if case["title"] in titles:
            lines.wrong((*where, "title"), "title: another case has the same")
        titles.add(case["title"])
        if not items or case.get("item", next(iter(items))) not in items:
            lines.wrong(
                (*where, "item"), f"item: the pack has no item {case.get('item', '')!r} that can be applied for"
            )
        for path, value in _walk(case, where):
            if path[-1] == "office" and not library.plays(value):
                lines.wrong(path, f"no office of this region plays the part {value!r}")
            if path[-1] == "register" and value not in library.registers:
                lines.wrong(path, f"there is no register {value!r}")
    library.findings += lines.findings
