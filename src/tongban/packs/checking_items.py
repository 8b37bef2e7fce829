"""The references of `items.yaml`: forms, processes, offices, registers, licences, and every expression."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tongban.base.kernel.api import Lines, Path
from tongban.base.rules import api as rules
from tongban.base.rules.data import FeelError
from tongban.work.hall.data import Right

from .data import Pack

if TYPE_CHECKING:
    from .checking import Library

# Variables that tasks leave behind.
_SET_BY_PROCESS = ("offices", "office", "outcome", "outcomes", "opinion", "answer")


def check_items(pack: Pack, library: Library) -> list[str]:
    """What is wrong with the items of a pack, as `file:line: what`."""
    lines = Lines(pack.texts["items.yaml"], f"{pack.key}/items.yaml")
    for i, item in enumerate(pack.items):
        library.own("item", item["key"], pack.key, lines.file + ":1")
        _Item(pack, library, lines, ("items", i)).check(item)
    return lines.findings


class _Item:
    def __init__(self, pack: Pack, library: Library, lines: Lines, path: Path) -> None:
        self.pack, self.library, self.lines, self.path = pack, library, lines, path

    def wrong(self, path: Path, what: str) -> None:
        self.lines.wrong((*self.path, *path), what)

    def check(self, item: Mapping[str, Any]) -> None:
        self.office(("department",), item["department"])
        self.offices(("joint_departments",), item.get("joint_departments") or ())
        for i, step in enumerate(item.get("steps") or ()):
            self.office(("steps", i, "department"), step["department"])
        if service := item.get("service"):
            self.service(service)

    def offices(self, path: Path, parts: Sequence[str]) -> None:
        for i, part in enumerate(parts):
            self.office((*path, i), part)

    def office(self, path: Path, part: str) -> None:
        if not self.library.plays(part):
            self.wrong(path, f"no office of this region plays the part {part!r}")

    def service(self, service: Mapping[str, Any]) -> None:
        self.office(("service", "first"), service["first"])
        self.offices(("service", "offices"), service.get("offices") or ())
        self.offices(("service", "tell"), service.get("tell") or ())
        if service["process"] not in self.library.processes:
            self.wrong(("service", "process"), f"there is no process {service['process']!r}")
        form = self.library.forms.get(service["form"])
        if form is None:
            self.wrong(("service", "form"), f"there is no form {service['form']!r}")
            return
        self.expressions(("service", "inputs"), service.get("inputs") or {}, (*form.names, "today"))
        self.tables(service)
        for i, unique in enumerate(service.get("unique") or ()):
            if unique["answer"] not in form.names:
                self.wrong(("service", "unique", i, "answer"), f"the form has no answer {unique['answer']!r}")
            self.register(("service", "unique", i, "register"), unique["register"])
            self.fields(("service", "unique", i, "field"), unique["register"], {"": unique["field"]})
        self.result(service.get("result") or {}, form.names)

    def tables(self, service: Mapping[str, Any]) -> None:
        """Decision tables see the inputs and what the process itself sets; anything else would be null unnoticed."""
        tables = sorted(self.library.tables_of.get(service["process"], ()))
        given = {*(service.get("inputs") or {}), *_SET_BY_PROCESS}
        given |= {output for table in tables for output in self.library.outputs.get(table, ())}
        for table in tables:
            if unknown := sorted(self.library.tables.get(table, frozenset()) - given):
                what = f"inputs: the decision table {table} reads {', '.join(unknown)}, which nothing gives"
                self.wrong(("service", "inputs"), what)

    def result(self, result: Mapping[str, Any], answers: Sequence[str]) -> None:
        where: Path = ("service", "result")
        if (licence := result.get("licence")) and licence not in self.library.licences:
            self.wrong((*where, "licence"), f"there is no licence type {licence!r}")
        names = (*answers, "case_no", "today", "applicant")
        values, face = result.get("values") or {}, result.get("face") or {}
        self.expressions((*where, "values"), values, (*names, *(result.get("assign") or {})))
        self.expressions((*where, "face"), face, (*names, *values))
        for key in ("holder_name", "holder_number"):
            if key in result and result[key] not in face:
                self.wrong((*where, key), f"{key}: the face has no line {result[key]!r}")
        if right := result.get("right"):
            self.right(where, right, result, answers)
            return
        if "register" not in result:
            if values:
                self.wrong((*where, "values"), "values: for which register?")
            return
        self.register((*where, "register"), result["register"])
        self.fields((*where, "values"), result["register"], {name: name for name in values})
        self.complete(where, result["register"], values)

    def right(self, where: Path, right: str, result: Mapping[str, Any], answers: Sequence[str]) -> None:
        if right != Right.CORRECT:
            return
        self.register((*where, "register"), result.get("register", ""))
        for name in ("field", "value"):
            if name not in answers:
                self.wrong((*where, "right"), f"right: a correction needs the answer {name!r}")

    def register(self, path: Path, key: str) -> None:
        if key not in self.library.registers:
            self.wrong(path, f"there is no register {key!r}")

    def fields(self, path: Path, key: str, names: Mapping[str, str]) -> None:
        register = self.library.registers.get(key)
        for at, name in names.items():
            if register and name not in register.by_name:
                self.wrong((*path, at) if at else path, f"the register {key} has no item {name!r}")

    def complete(self, path: Path, key: str, values: Collection[str]) -> None:
        register = self.library.registers.get(key)
        missing = [f.name for f in register.fields if f.required and f.name not in values] if register else []
        if missing:
            self.wrong((*path, "values"), f"values: the register {key} also needs {', '.join(missing)}")

    def expressions(self, path: Path, texts: Mapping[str, str], names: Sequence[str]) -> None:
        for key, text in texts.items():
            try:
                used = rules.compile_expression(text, names).names
            except FeelError as error:
                self.wrong((*path, key), f"{key}: not a FEEL expression: {error}")
                continue
            if unknown := sorted(used - set(names)):
                self.wrong((*path, key), f"{key}: names not known here: {', '.join(unknown)}")
