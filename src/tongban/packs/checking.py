"""Every reference of a pack is checked before anything is installed (rule 4): without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tongban.base.kernel.api import DefinitionError
from tongban.base.rules import api as rules
from tongban.engine.forms import api as forms
from tongban.engine.forms.data import FormDefinition, Option, Title
from tongban.engine.process import api as process
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import DefinitionInvalid, RegisterDefinition

from .data import Pack
from .items import ITEM_KEYS, RESULT_KEYS, SERVICE_KEYS
from .places import region_codes, rows_of


@dataclass
class Library:
    """What the packs together define: enough to look up every reference."""

    registers: dict[str, RegisterDefinition] = field(default_factory=dict)
    codes: dict[str, list[Option]] = field(default_factory=dict)
    forms: dict[str, FormDefinition] = field(default_factory=dict)
    processes: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    licences: set[str] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

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


def check(packs: Sequence[Pack]) -> Library:
    """Read everything the packs define. `Library.findings` lists what is wrong, as `file:line: what`."""
    library = Library(processes={f"shared:{key}" for key in process.shared()})
    for name, rows in region_codes().items():
        library.codes[name] = _options(rows)
    for pack in packs:
        _check_pack(pack, library)
    return library


def _check_pack(pack: Pack, library: Library) -> None:
    for name, text in pack.seeds.items():
        library.codes[name] = _options(rows_of(text))
    for file, text in pack.registers.items():
        try:
            definition = registers.parse(text, f"{pack.key}/{file}")
        except DefinitionInvalid as error:
            library.findings += [str(finding) for finding in error.findings]
        else:
            library.registers[definition.key] = definition
    for file, text in pack.tables.items():
        _check_table(pack, file, text, library)
    for file, text in pack.forms.items():
        try:
            form = forms.parse(text, f"{pack.key}/{file}", library.form_field, library.code_set)
        except DefinitionError as error:
            library.findings += error.findings
        else:
            library.forms[form.key] = form
    for key, xml in pack.processes.items():
        library.processes.add(key)
        for finding in process.check(xml):
            where = f"{pack.key}/processes/{key}.bpmn:{finding.line}"
            library.findings.append(f"{where}: {finding.element}: {finding.reason}")
    library.licences |= {str(licence.get("key")) for licence in pack.licences}
    for item in pack.items:
        library.findings += [f"{pack.key}/items.yaml: {item.get('key')}: {text}" for text in _check_item(item, library)]


def _options(rows: Sequence[Mapping[str, str]]) -> list[Option]:
    return [Option(row["code"], Title(row.get("zh") or row.get("name") or row["code"], row.get("en") or "")) for row in rows]


def _check_table(pack: Pack, file: str, text: str, library: Library) -> None:
    name = file.rpartition(".")[0]
    try:
        if file.endswith(".csv"):
            rules.load_table_csv(text, name)
        else:
            rules.load_dmn(text.encode())
    except rules.FeelError as error:
        library.findings.append(f"{pack.key}/rules/{file}: {error}")
    library.tables.add(name)


def _check_item(item: Mapping[str, Any], library: Library) -> list[str]:
    wrong = [f"unknown key {key!r}" for key in item if key not in ITEM_KEYS]
    if not isinstance(item.get("task_name"), Mapping | str):
        wrong.append("task_name is missing")
    service = item.get("service")
    if service is None:
        return wrong
    wrong += [f"service: unknown key {key!r}" for key in service if key not in SERVICE_KEYS]
    form = library.forms.get(str(service.get("form")))
    if form is None:
        return [*wrong, f"service: there is no form {service.get('form')!r}"]
    if service.get("process") not in library.processes:
        wrong.append(f"service: there is no process {service.get('process')!r}")
    if not service.get("first"):
        wrong.append("service: `first` is missing: the role of the accepting office")
    names = (*form.names, "today", "case_no", "applicant")
    wrong += _expressions("inputs", service.get("inputs") or {}, names)
    for unique in service.get("unique") or ():
        if unique.get("answer") not in form.names:
            wrong.append(f"unique: the form has no answer {unique.get('answer')!r}")
        wrong += _register_fields(library, str(unique.get("register")), [str(unique.get("field"))])
    return wrong + _check_result(service.get("result") or {}, library, names)


def _check_result(result: Mapping[str, Any], library: Library, names: tuple[str, ...]) -> list[str]:
    wrong = [f"result: unknown key {key!r}" for key in result if key not in RESULT_KEYS]
    if result.get("licence") and result["licence"] not in library.licences:
        wrong.append(f"result: there is no licence type {result['licence']!r}")
    values = result.get("values") or {}
    assigned = (*names, *(result.get("assign") or {}))
    if result.get("register"):
        wrong += _register_fields(library, str(result["register"]), list(values))
        wrong += _expressions("values", values, assigned)
    return wrong + _expressions("face", result.get("face") or {}, (*assigned, *values, "today", "holder"))


def _register_fields(library: Library, key: str, fields: Sequence[str]) -> list[str]:
    register = library.registers.get(key)
    if register is None:
        return [f"there is no register {key!r}"]
    return [f"the register {key} has no item {name!r}" for name in fields if name not in register.by_name]


def _expressions(place: str, texts: Mapping[str, str], names: Sequence[str]) -> list[str]:
    wrong = []
    for key, text in texts.items():
        try:
            rules.compile_expression(str(text), names)
        except rules.FeelError as error:
            wrong.append(f"{place}.{key}: {error}")
    return wrong
