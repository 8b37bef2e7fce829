"""From a definition file to a `RegisterDefinition`, with a finding per fault (file and line)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, TypeVar

from tongban.base.kernel.api import Lines, Path
from tongban.trust.identity.data import KeyClass

from .data import (
    SYSTEM_COLUMNS,
    Disclosure,
    Field,
    FieldType,
    Level,
    Mask,
    RegisterDefinition,
    Search,
    Title,
    Zone,
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COUNT = re.compile(r"[1-9][0-9]{0,6}")
_RETENTION = re.compile(r"permanent|[1-9][0-9]{0,2}y")
_REGISTER_KEYS = {
    "key", "title", "owner", "level", "zone", "personal", "portal", "subject", "natural_key", "order",
    "columns", "label", "fields",
}  # fmt: skip
_FIELD_KEYS = {
    "name", "title", "type", "codes", "register", "required", "source", "mask", "index", "search", "similar",
    "retention", "disclosure", "history", "retired", "max_length", "sealed",
}  # fmt: skip
_RESERVED = {
    *SYSTEM_COLUMNS,
    "row_id",
    "seq",
    "superseded_at",
    "pk",
    "objects",
    "all",
    "user",
    "order",
    "group",
}
_WORDS = (FieldType.TEXT, FieldType.PLACE)
_LINEAR = (
    FieldType.TEXT, FieldType.INT, FieldType.DECIMAL, FieldType.MONEY, FieldType.BOOL, FieldType.DATE,
    FieldType.DATETIME, FieldType.CODE, FieldType.REF, FieldType.PERSON_ID, FieldType.CREDIT_CODE,
    FieldType.PHONE, FieldType.FILE,
)  # fmt: skip
"""Types a B-tree can hold: only they can be keys, indexed or ordered by."""
_SEALABLE = (FieldType.TEXT, FieldType.PERSON_ID, FieldType.CREDIT_CODE, FieldType.PHONE, FieldType.JSON)
"""Types that may be sealed. Of a code, a day or yes and no the look-up hashes alone would tell: they are few."""
_TYPED_SEAL = {FieldType.PERSON_ID: KeyClass.IDENTITY_NUMBER, FieldType.PHONE: KeyClass.PHONE}
_NAMING = (FieldType.TEXT, FieldType.CODE, FieldType.REF, FieldType.PERSON_ID, FieldType.CREDIT_CODE, FieldType.PHONE)
"""Types whose values have one way of being written, so that a sealed value can be bound to a row named by them."""
_TYPED_MASK = {FieldType.PERSON_ID: Mask.NUMBER, FieldType.PHONE: Mask.PHONE}

E = TypeVar("E", bound=StrEnum)


def parse(text: str, file: str = "<definition>") -> RegisterDefinition:
    """Check a definition and return it. Raises `DefinitionError` with every finding, not only the first."""
    reader = _Reader(text, file)
    definition = reader.register(text)
    reader.lines.stop_if_wrong()
    return definition


class _Reader:
    """Walks the data of one file and collects findings. A path leads to the mapping that is being read."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = Lines(text, file)

    def fault(self, path: Path, message: str) -> None:
        self.lines.wrong(path, message)

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: Any = self.lines.data
        for step in path:
            found = found[step]
        mapping: dict[str, Any] = found
        return mapping

    def _at(self, path: Path, key: str) -> Any:
        """The value of a key in the mapping at a path; None when it is not there."""
        return self._mapping(path).get(key)

    def register(self, text: str) -> RegisterDefinition:
        root: Path = ()
        if not isinstance(self.lines.data, dict):
            self.fault(root, "a register is a mapping with the key `key`")
            self.lines.stop_if_wrong()
        self._only(root, _REGISTER_KEYS, "a register")
        personal = self._bool(root, "personal", False)
        fields = self._fields(personal)
        definition = RegisterDefinition(
            key=self._name(root, "key"),
            title=self._title(root),
            owner=self._text(root, "owner", required=True),
            level=self._choice(root, "level", Level, Level.INTERNAL),
            zone=self._choice(root, "zone", Zone, Zone.OUTER),
            personal=personal,
            portal=self._bool(root, "portal", False),
            subject=self._text(root, "subject"),
            natural_key=self._names(root, "natural_key"),
            order=self._names(root, "order"),
            columns=self._names(root, "columns"),
            label=self._text(root, "label"),
            fields=tuple(fields),
            file=self.lines.file,
            text=text,
        )
        self._whole(definition)
        return definition

    def _fields(self, personal: bool) -> list[Field]:
        items = self.lines.data.get("fields")
        if not isinstance(items, list) or not items:
            self.fault(("fields",), "`fields` must be a list with at least one field")
            return []
        found = (self._field(("fields", i), item, personal) for i, item in enumerate(items))
        return [field for field in found if field is not None]

    def _field(self, path: Path, item: Any, personal: bool) -> Field | None:
        if not isinstance(item, dict):
            self.fault(path, "a field is a mapping with `name`, `title` and `type`")
            return None
        self._only(path, _FIELD_KEYS, "a field")
        type_ = self._choice(path, "type", FieldType, None)
        if type_ is None:
            return None
        codes, choices = self._codes(path, type_)
        field = Field(
            name=self._name(path, "name"),
            title=self._title(path),
            type=type_,
            codes=codes,
            choices=choices,
            register=self._text(path, "register"),
            required=self._bool(path, "required", False),
            source=self._text(path, "source"),
            mask=self._choice(path, "mask", Mask, _TYPED_MASK.get(type_, Mask.NONE) if personal else Mask.NONE),
            index=self._bool(path, "index", False),
            search=self._choice(path, "search", Search, Search.NONE),
            similar=self._bool(path, "similar", False),
            retention=self._text(path, "retention") or "permanent",
            disclosure=self._choice(path, "disclosure", Disclosure, Disclosure.NONE),
            history=self._bool(path, "history", True),
            retired=self._bool(path, "retired", False),
            max_length=self._int(path, "max_length"),
            sealed=str(self._choice(path, "sealed", KeyClass, _TYPED_SEAL.get(type_, ""))),
            line=self.lines.line(path),
        )
        self._one(path, field)
        return field

    def _one(self, path: Path, field: Field) -> None:
        """Rules of a single field."""
        if field.name in _RESERVED or field.name.endswith(("_division", "_point", "_index")) or "__" in field.name:
            self.fault(path, f"{field.name} is reserved; choose another name")
        if field.type is FieldType.REF and not field.register:
            self.fault(path, f"{field.name}: a ref needs `register`, the register it points to")
        if field.search is not Search.NONE and field.type not in _LINEAR + _WORDS:
            self.fault(path, f"{field.name}: {field.type} cannot be searched")
        if field.search is Search.WORDS and field.type not in _WORDS:
            self.fault(path, f"{field.name}: `search: words` is for text and place")
        if field.similar and field.type is not FieldType.TEXT:
            self.fault(path, f"{field.name}: `similar` is for text")
        if field.index and field.type not in _LINEAR:
            self.fault(path, f"{field.name}: {field.type} cannot be indexed")
        if field.sealed and field.type not in _SEALABLE:
            self.fault(path, f"{field.name}: {field.type} cannot be sealed")
        if field.sealed and (field.similar or field.search in (Search.PREFIX, Search.WORDS)):
            self.fault(path, f"{field.name}: a sealed field is found by its whole value only")
        if not _RETENTION.fullmatch(field.retention):
            self.fault(path, f"{field.name}: retention is `permanent` or years such as `30y`")
        if field.required and field.retired:
            self.fault(path, f"{field.name}: a retired field cannot be required")

    def _whole(self, definition: RegisterDefinition) -> None:
        """Rules between the parts of a definition."""
        seen: dict[str, Field] = {}
        for field in definition.fields:
            for column in field.columns:
                if column in seen:
                    self.lines.findings.append(f"{definition.file}:{field.line}: {column} is declared twice")
                seen[column] = field
        if not definition.natural_key:
            self.fault((), "`natural_key` names the field or fields that tell rows apart")
        for part in ("natural_key", "order", "columns"):
            for name in getattr(definition, part):
                self._known(definition, part, name.removeprefix("-"))
        if definition.label:
            self._known(definition, "label", definition.label)
        for name in definition.natural_key:
            named = definition.by_name.get(name)
            if named is not None and (not named.required or named.type not in _LINEAR):
                self.fault((), f"natural_key: {name} must be required and of a simple type")
            if named is not None and definition.sealed and named.type not in _NAMING:
                self.fault((), f"natural_key: {name} must be text or a number of a person or entity: fields are sealed")
        if definition.personal and definition.subject not in definition.by_name:
            self.fault((), "a personal register names its `subject`, the field with the person's number")
        if definition.zone is Zone.PUBLIC and (definition.personal or definition.level is not Level.PUBLIC):
            self.fault((), "only public, impersonal registers may be in the public zone")

    def _known(self, definition: RegisterDefinition, part: str, name: str) -> None:
        field = definition.by_name.get(name)
        if part == "order" and name in ("created_at", "updated_at"):
            return
        if field is None or field.retired:
            self.fault((part,), f"{part}: there is no field {name}")
        elif part == "order" and not (field.required and field.type in _LINEAR and not field.sealed):
            self.fault((part,), f"order: {name} must be required, of a simple type and not sealed")

    # --- values ---------------------------------------------------------------------------------------

    def _only(self, path: Path, known: set[str], what: str) -> None:
        for key in self._mapping(path):
            if key not in known:
                self.fault((*path, key), f"{what} has no `{key}`; known are {', '.join(sorted(known))}")

    def _text(self, path: Path, key: str, required: bool = False) -> str:
        value = self._at(path, key)
        if value is None:
            if required:
                self.fault(path, f"`{key}` is missing")
            return ""
        if not isinstance(value, str) or not value.strip():
            self.fault((*path, key), f"`{key}` must be text")
            return ""
        return value.strip()

    def _name(self, path: Path, key: str) -> str:
        text = self._text(path, key, required=True)
        if text and not _NAME.fullmatch(text):
            self.fault((*path, key), f"{text}: names have small letters, digits and _, at most 40")
        return text

    def _title(self, path: Path) -> Title:
        return self._titled(self._at(path, "title"), (*path, "title"), "`title`")

    def _titled(self, value: Any, path: Path, what: str) -> Title:
        if not isinstance(value, dict) or set(value) != {"zh", "en"} or not all(map(_filled, value.values())):
            self.fault(path, f"{what} needs `zh` and `en`")
            return Title("", "")
        return Title(value["zh"], value["en"])

    def _bool(self, path: Path, key: str, default: bool) -> bool:
        value = self._at(path, key)
        if value is None:
            return default
        if value not in ("true", "false"):
            self.fault((*path, key), f"`{key}` must be true or false")
            return default
        return bool(value == "true")

    def _int(self, path: Path, key: str) -> int:
        value = self._at(path, key)
        if value is None:
            return 0
        if not isinstance(value, str) or not _COUNT.fullmatch(value):
            self.fault((*path, key), f"`{key}` must be a whole number above 0")
            return 0
        return int(value)

    def _choice(self, path: Path, key: str, kind: type[E], default: Any) -> Any:
        value = self._at(path, key)
        if value is None:
            if default is None:
                self.fault(path, f"`{key}` is missing")
            return default
        if value not in [item.value for item in kind]:
            self.fault((*path, key), f"`{key}` is one of {', '.join(item.value for item in kind)}")
            return default
        return kind(value)

    def _names(self, path: Path, key: str) -> tuple[str, ...]:
        value = self._at(path, key)
        if value is None:
            return ()
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
            self.fault((*path, key), f"`{key}` is a list of field names")
            return ()
        if len(set(names)) != len(names):
            self.fault((*path, key), f"`{key}` names a field twice")
        return tuple(names)

    def _codes(self, path: Path, type_: FieldType) -> tuple[str, dict[str, Title]]:
        """`codes` is the key of a code set, or the codes themselves with their titles."""
        value, here = self._at(path, "codes"), (*path, "codes")
        if type_ is FieldType.CODE and value is None:
            self.fault(path, "a code field needs `codes`: a code set, or the codes with their titles")
        if value is None:
            return "", {}
        if type_ is not FieldType.CODE:
            self.fault(here, "`codes` is for fields of type code")
            return "", {}
        if isinstance(value, str):
            return value, {}
        if not isinstance(value, dict) or not value:
            self.fault(here, "`codes` has no codes")
            return "", {}
        return "", {code: self._titled(item, (*here, code), f"code {code}") for code, item in value.items()}


def _filled(text: object) -> bool:
    return isinstance(text, str) and bool(text)
