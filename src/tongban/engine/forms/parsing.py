"""From a pack's YAML to a checked definition: every mistake with its file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tongban.base.kernel.api import Lines, Path, canonical
from tongban.base.rules.data import FeelError

from .conditions import compiled
from .data import (
    Check,
    CodeSource,
    Field,
    FieldSource,
    FieldType,
    FormDefinition,
    Material,
    Option,
    Page,
    Title,
)
from .values import Wrong, clean

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_FORM = {"form", "title", "sources", "situations", "pages", "materials"}
_PAGE = {"name", "title", "help", "condition", "fields"}
_FIELD = {
    *("register", "name", "title", "type", "required", "help", "options", "code_set", "multiple"),
    *("max_length", "min", "max", "decimals", "lines", "unit", "condition", "checks", "default"),
    *("prefill", "mask", "fields", "rows"),
}
_MATERIAL = {
    *("name", "title", "required", "help", "formats", "max_size", "max_files", "licence", "condition"),
    *("situations", "source", "necessity", "issuer"),
}
_FORMATS = {"pdf", "jpg", "png", "ofd", "docx", "xlsx", "zip"}
_MASKS = {"none", "name", "number", "phone", "address", "all"}
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2}
_USUAL_MASK = {FieldType.PERSON_ID: "number", FieldType.PHONE: "phone"}


def parse(
    text: str, file: str, registers: FieldSource | None = None, codes: CodeSource | None = None
) -> FormDefinition:
    """The form that ``text`` (YAML or JSON) defines. ``registers`` and ``codes`` look up what it refers to.

    Raises DefinitionError with one finding ``file:line: ...`` for each mistake."""
    return _Reader(text, file, registers, codes).form()


class _Reader:
    def __init__(self, text: str, file: str, registers: FieldSource | None, codes: CodeSource | None) -> None:
        self.lines = Lines(text, file)
        self.registers = registers
        self.codes = codes
        self.inner: set[str] = set()  # names of fields in rows: filters over a group may use them

    def form(self) -> FormDefinition:
        data = self.mapping((), self.lines.data, _FORM)
        situations: list[Field] = []
        earlier: list[str] = []
        for i, item in enumerate(self.sequence(("situations",), data.get("situations", []))):
            situations += self.field(("situations", i), item, earlier)
        pages = [
            self.page(("pages", i), item, earlier)
            for i, item in enumerate(self.sequence(("pages",), data.get("pages", [])))
        ]
        if not pages:
            self.lines.wrong((), "a form needs pages with fields")
        self.distinct(("pages",), [page.name for page in pages])
        materials = self.materials(data, earlier, situations)
        sources = self.mapping(("sources",), data.get("sources", {}), None)
        result = FormDefinition(
            key=self.name((), data, "form"),
            title=self.bilingual((), data, "title", required=True),
            pages=tuple(pages),
            materials=materials,
            situations=tuple(situations),
            sources=tuple((key, self.bilingual(("sources",), sources, key)) for key in sources),
        )
        self.lines.stop_if_wrong()
        self.check_checks(result)
        self.lines.stop_if_wrong()
        source = canonical(data).decode()
        digest = hashlib.sha256(source.encode()).hexdigest()
        return replace(result, digest=digest, source=source)

    def page(self, path: Path, data: Any, earlier: list[str]) -> Page:
        data = self.mapping(path, data, _PAGE)
        condition = self.expression(path, data, "condition", earlier)
        fields: list[Field] = []
        for i, item in enumerate(self.sequence((*path, "fields"), data.get("fields", []))):
            fields += self.field((*path, "fields", i), item, earlier)
        if not fields:
            self.lines.wrong(path, "a page needs fields")
        return Page(
            name=self.name(path, data),
            title=self.bilingual(path, data, "title", required=True),
            fields=tuple(fields),
            help=self.bilingual(path, data, "help") if "help" in data else None,
            condition=condition,
        )

    def field(self, path: Path, raw: Any, earlier: list[str], in_group: bool = False) -> list[Field]:
        """The field, or nothing when it cannot even be named. Adds its name to those that later ones may
        use."""
        data = self.mapping(path, raw, _FIELD)
        register = data.get("register")
        if register:
            self.look_up(path, data)
        name = self.name(path, data)
        if name in earlier:
            self.lines.wrong(path, f"the field {name!r} stands here twice")
        kind = self.type(path, data)
        condition = self.expression(path, data, "condition", earlier)
        coded = kind is FieldType.CODE or (kind is FieldType.PLACE and {"options", "code_set"} & set(data))
        options = self.options(path, data) if coded else ()
        rows: tuple[Field, ...] = ()
        least, most = 0, 50
        if kind is FieldType.GROUP:
            rows = self.rows(path, data, earlier, in_group)
            least, most = self.row_limits(path, data)
        earlier.append(name)
        result = Field(
            name=name,
            title=self.bilingual(path, data, "title", required=True),
            type=kind,
            required=self.truth(path, data, "required"),
            help=self.bilingual(path, data, "help") if "help" in data else None,
            options=options,
            multiple=self.truth(path, data, "multiple"),
            max_length=self.number(path, data, "max_length", 200, 1, 20_000),
            minimum=data.get("min"),
            maximum=data.get("max"),
            decimals=self.number(path, data, "decimals", 2, 0, 8),
            lines=self.number(path, data, "lines", 1, 1, 40),
            unit=self.bilingual(path, data, "unit") if "unit" in data else None,
            condition=condition,
            checks=self.checks(path, data),
            prefill=self.prefill(path, data),
            register=register,
            mask=self.one_of(path, data, "mask", _MASKS, _USUAL_MASK.get(kind, "none")),
            fields=rows,
            min_rows=least,
            max_rows=most,
        )
        return [self.with_default(path, data, result)]

    def look_up(self, path: Path, data: dict[str, Any]) -> None:
        """Fill in what the register says about its item; what the form says itself wins."""
        key = str(data["register"])
        known: Mapping[str, Any] | None = None
        if self.registers:
            known = self.registers(key)
            if known is None:
                self.lines.wrong((*path, "register"), f"no register item {key!r}")
        elif "type" not in data:
            self.lines.wrong((*path, "register"), f"{key!r} cannot be looked up here")
        for name, value in {"name": key.rpartition(".")[2], **(known or {})}.items():
            data.setdefault(name, _texts(value))

    def rows(self, path: Path, data: dict[str, Any], earlier: list[str], in_group: bool) -> tuple[Field, ...]:
        if in_group:
            self.lines.wrong(path, "a group inside a group is not possible")
        inside = list(earlier)
        fields: list[Field] = []
        for i, item in enumerate(self.sequence((*path, "fields"), data.get("fields", []))):
            fields += self.field((*path, "fields", i), item, inside, in_group=True)
        if not fields:
            self.lines.wrong(path, "a group needs fields")
        self.inner |= {field.name for field in fields}
        return tuple(fields)

    def row_limits(self, path: Path, data: dict[str, Any]) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{1,3})\.\.(\d{1,3})", str(data.get("rows", "0..50")))
        if not match or not int(match[1]) <= int(match[2]) <= 200:
            self.lines.wrong((*path, "rows"), "rows are written as 1..50, at most 200")
            return 0, 50
        return int(match[1]), int(match[2])

    def options(self, path: Path, data: dict[str, Any]) -> tuple[Option, ...]:
        if "code_set" in data:
            found = self.codes(str(data["code_set"])) if self.codes else None
            if found is None:
                self.lines.wrong((*path, "code_set"), f"no code set {data['code_set']!r}")
                return ()
            # Written into the source, so that a stored form keeps the codes it was made with.
            del data["code_set"]
            data["options"] = [{"code": o.code, "title": {"zh": o.title.zh, "en": o.title.en}} for o in found]
            return tuple(found)
        result = []
        for i, item in enumerate(self.sequence((*path, "options"), data.get("options", []))):
            where = (*path, "options", i)
            item = self.mapping(where, item, {"code", "title"})
            result.append(Option(str(item.get("code", "")), self.bilingual(where, item, "title", required=True)))
        if not result or not all(option.code for option in result):
            self.lines.wrong(path, "a code field needs options, each with a code")
        self.distinct((*path, "options"), [option.code for option in result])
        return tuple(result)

    def checks(self, path: Path, data: dict[str, Any]) -> tuple[Check, ...]:
        result = []
        for i, item in enumerate(self.sequence((*path, "checks"), data.get("checks", []))):
            where = (*path, "checks", i)
            item = self.mapping(where, item, {"rule", "message"})
            message = self.bilingual(where, item, "message", required=True)
            result.append(Check(str(item.get("rule", "")), message))
        return tuple(result)

    def materials(self, data: dict[str, Any], names: list[str], situations: Sequence[Field]) -> tuple[Material, ...]:
        result = []
        for i, item in enumerate(self.sequence(("materials",), data.get("materials", []))):
            result.append(self.material(("materials", i), item, names, situations))
        self.distinct(("materials",), [material.name for material in result])
        return tuple(result)

    def material(self, path: Path, raw: Any, names: list[str], situations: Sequence[Field]) -> Material:
        data = self.mapping(path, raw, _MATERIAL)
        formats = tuple(self.sequence((*path, "formats"), data.get("formats", ["pdf", "jpg", "png"])))
        if unknown := set(map(str, formats)) - _FORMATS:
            self.lines.wrong((*path, "formats"), f"formats not accepted: {', '.join(sorted(unknown))}")
        return Material(
            name=self.name(path, data),
            title=self.bilingual(path, data, "title", required=True),
            required=self.truth(path, data, "required", True),
            help=self.bilingual(path, data, "help") if "help" in data else None,
            formats=formats,
            max_bytes=self.size(path, data),
            max_files=self.number(path, data, "max_files", 5, 1, 50),
            licence=data.get("licence"),
            condition=self.expression(path, data, "condition", names),
            situations=self.situations(path, data, situations),
            source=self.one_of(path, data, "source", {"10", "20", "99"}, "10"),
            necessity=self.one_of(path, data, "necessity", {"1", "2", "3"}, "1"),
            issuer=self.bilingual(path, data, "issuer") if "issuer" in data else None,
        )

    def situations(
        self, path: Path, data: dict[str, Any], known: Sequence[Field]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        questions = {field.name: {option.code for option in field.options} for field in known}
        result = []
        for name, codes in self.mapping((*path, "situations"), data.get("situations", {}), None).items():
            wanted = tuple(map(str, codes)) if isinstance(codes, list) else (str(codes),)
            if not set(wanted) <= questions.get(name, set()):
                self.lines.wrong((*path, "situations", name), f"no such situation: {name} = {', '.join(wanted)}")
            result.append((name, wanted))
        return tuple(result)

    def check_checks(self, form: FormDefinition) -> None:
        """Checks may use every name of the form, and inside a group also the row's."""
        every: list[tuple[Path, Sequence[Field]]] = [(("situations",), form.situations)]
        every += [(("pages", i, "fields"), page.fields) for i, page in enumerate(form.pages)]
        for path, fields in every:
            for j, field in enumerate(fields):
                self.check_check((*path, j), field, form.names)
                for k, inner in enumerate(field.fields):
                    self.check_check((*path, j, "fields", k), inner, (*form.names, *(f.name for f in field.fields)))

    def check_check(self, path: Path, field: Field, names: tuple[str, ...]) -> None:
        for i, check in enumerate(field.checks):
            self.compile((*path, "checks", i), check.rule, names)

    # The small readers.

    def mapping(self, path: Path, data: Any, allowed: set[str] | None) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.lines.wrong(path, "a mapping (key: value) is expected here")
            return {}
        for key in data:
            if allowed is not None and key not in allowed:
                self.lines.wrong((*path, key), f"unknown key {key!r}; known are {', '.join(sorted(allowed))}")
        return data

    def sequence(self, path: Path, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.lines.wrong(path, "a list is expected here")
            return []
        return data

    def name(self, path: Path, data: Mapping[str, Any], key: str = "name") -> str:
        name = data.get(key, "")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self.lines.wrong((*path, key), f"{key}: a name of a-z, 0-9 and _ is expected, not {name!r}")
        return str(name)

    def type(self, path: Path, data: Mapping[str, Any]) -> FieldType:
        try:
            return FieldType(data.get("type", "text"))
        except ValueError:
            self.lines.wrong((*path, "type"), f"unknown type {data['type']!r}; known are {', '.join(FieldType)}")
            return FieldType.TEXT

    def bilingual(self, path: Path, data: Mapping[str, Any], key: str, required: bool = False) -> Title:
        value = data.get(key)
        if isinstance(value, str):
            return Title(value, "")
        if value is None:
            if required:
                self.lines.wrong(path, f"{key} is missing")
            return Title("", "")
        value = self.mapping((*path, key), value, {"zh", "en"})
        return Title(str(value.get("zh", "")), str(value.get("en", "")))

    def truth(self, path: Path, data: Mapping[str, Any], key: str, usual: bool = False) -> bool:
        value = data.get(key, usual)
        if value in (True, "true", False, "false"):
            return value in (True, "true")
        self.lines.wrong((*path, key), f"{key}: true or false is expected, not {value!r}")
        return usual

    def number(self, path: Path, data: Mapping[str, Any], key: str, usual: int, least: int, most: int) -> int:
        value = str(data.get(key, usual))
        if value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most:
            return int(value)
        self.lines.wrong((*path, key), f"{key}: a whole number from {least} to {most} is expected, not {value!r}")
        return usual

    def size(self, path: Path, data: Mapping[str, Any]) -> int:
        match = re.fullmatch(r"(\d{1,6}) ?(KB|MB|B)", str(data.get("max_size", "20MB")))
        if match and 0 < (size := int(match[1]) * _UNITS[match[2]]) <= 200 * 1024**2:
            return size
        self.lines.wrong((*path, "max_size"), "max_size is written as 20MB, at most 200MB")
        return 20 * 1024**2

    def one_of(self, path: Path, data: Mapping[str, Any], key: str, allowed: set[str], usual: str) -> str:
        value = str(data.get(key, usual))
        if value not in allowed:
            self.lines.wrong((*path, key), f"{key}: one of {', '.join(sorted(allowed))} is expected, not {value!r}")
        return value

    def prefill(self, path: Path, data: Mapping[str, Any]) -> str | None:
        value = data.get("prefill")
        if value is not None and not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", str(value)):
            self.lines.wrong((*path, "prefill"), f"prefill is written as source.item, not {value!r}")
        return value

    def expression(self, path: Path, data: Mapping[str, Any], key: str, names: Sequence[str]) -> str | None:
        """A condition may use the names before it only, so that answering from top to bottom settles it."""
        if key not in data:
            return None
        self.compile((*path, key), str(data[key]), tuple(names))
        return str(data[key])

    def compile(self, path: Path, text: str, names: tuple[str, ...]) -> None:
        try:
            used = compiled(text, names).names
        except FeelError as error:
            self.lines.wrong(path, f"not a FEEL expression: {text!r}: {error}")
            return
        if unknown := sorted(used - {*names, *self.inner}):
            self.lines.wrong(path, f"names not known here: {', '.join(unknown)} in {text!r}")

    def distinct(self, path: Path, names: Sequence[str]) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.lines.wrong(path, f"{name!r} stands here twice")

    def with_default(self, path: Path, data: Mapping[str, Any], field: Field) -> Field:
        try:
            for key in ("min", "max"):
                if key in data and data[key] != "today":
                    clean(Field(field.name, field.title, field.type, decimals=field.decimals), data[key])
            if "default" in data:
                return replace(field, default=clean(field, data["default"]))
        except Wrong as wrong:
            self.lines.wrong(path, f"min, max or default: {wrong}")
        return field


def _texts(value: Any) -> Any:
    """As if it had been read from the file, where every scalar is a text: the source must parse to itself."""
    if isinstance(value, Mapping):
        return {str(key): _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
