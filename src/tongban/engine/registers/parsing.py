"""From a definition file to a `RegisterDefinition`, with a finding per fault (file and line)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from .data import (
    SYSTEM_COLUMNS,
    DefinitionInvalid,
    Disclosure,
    Field,
    FieldType,
    Finding,
    Level,
    Mask,
    RegisterDefinition,
    Search,
    Title,
    Zone,
)
from .yamlsource import Node, load

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RETENTION = re.compile(r"permanent|[1-9][0-9]{0,2}y")
_REGISTER_KEYS = {
    "key", "title", "owner", "level", "zone", "personal", "portal", "subject", "natural_key", "order",
    "columns", "label", "fields",
}  # fmt: skip
_FIELD_KEYS = {
    "name", "title", "type", "codes", "register", "required", "source", "mask", "index", "search", "similar",
    "retention", "disclosure", "history", "retired", "max_length",
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
_TYPED_MASK = {FieldType.PERSON_ID: Mask.NUMBER, FieldType.PHONE: Mask.PHONE}

E = TypeVar("E", bound=StrEnum)


def parse(text: str, file: str = "<definition>") -> RegisterDefinition:
    """Check a definition and return it. Raises `DefinitionInvalid` with every finding, not only the first."""
    root, findings = load(text, file)
    reader = _Reader(file, findings)
    definition = reader.register(root, text) if root is not None else None
    if reader.findings or definition is None:
        raise DefinitionInvalid(sorted(reader.findings, key=lambda finding: finding.line))
    return definition


class _Reader:
    """Walks the nodes of one file and collects findings."""

    def __init__(self, file: str, findings: Sequence[Finding]) -> None:
        self.file = file
        self.findings = list(findings)

    def fault(self, node: Node, message: str) -> None:
        self.findings.append(Finding(self.file, node.line, message))

    def register(self, root: Node, text: str) -> RegisterDefinition | None:
        if not isinstance(root.value, dict):
            self.fault(root, "a register is a mapping with the key `key`")
            return None
        self._only(root, _REGISTER_KEYS, "a register")
        personal = self._bool(root, "personal", False)
        fields = self._fields(root, personal)
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
            file=self.file,
            text=text,
        )
        self._whole(root, definition)
        return definition

    def _fields(self, root: Node, personal: bool) -> list[Field]:
        node = root.value.get("fields")
        if node is None or not isinstance(node.value, list) or not node.value:
            self.fault(node or root, "`fields` must be a list with at least one field")
            return []
        return [field for item in node.value if (field := self._field(item, personal)) is not None]

    def _field(self, node: Node, personal: bool) -> Field | None:
        if not isinstance(node.value, dict):
            self.fault(node, "a field is a mapping with `name`, `title` and `type`")
            return None
        self._only(node, _FIELD_KEYS, "a field")
        type_ = self._choice(node, "type", FieldType, None)
        if type_ is None:
            return None
        codes, choices = self._codes(node, type_)
        field = Field(
            name=self._name(node, "name"),
            title=self._title(node),
            type=type_,
            codes=codes,
            choices=choices,
            register=self._text(node, "register"),
            required=self._bool(node, "required", False),
            source=self._text(node, "source"),
            mask=self._choice(node, "mask", Mask, _TYPED_MASK.get(type_, Mask.NONE) if personal else Mask.NONE),
            index=self._bool(node, "index", False),
            search=self._choice(node, "search", Search, Search.NONE),
            similar=self._bool(node, "similar", False),
            retention=self._text(node, "retention") or "permanent",
            disclosure=self._choice(node, "disclosure", Disclosure, Disclosure.NONE),
            history=self._bool(node, "history", True),
            retired=self._bool(node, "retired", False),
            max_length=self._int(node, "max_length"),
            line=node.line,
        )
        self._one(node, field)
        return field

    def _one(self, node: Node, field: Field) -> None:
        """Rules of a single field."""
        if field.name in _RESERVED or field.name.endswith(("_division", "_point")) or "__" in field.name:
            self.fault(node, f"{field.name} is reserved; choose another name")
        if field.type is FieldType.REF and not field.register:
            self.fault(node, f"{field.name}: a ref needs `register`, the register it points to")
        if field.search is not Search.NONE and field.type not in _LINEAR + _WORDS:
            self.fault(node, f"{field.name}: {field.type} cannot be searched")
        if field.search is Search.WORDS and field.type not in _WORDS:
            self.fault(node, f"{field.name}: `search: words` is for text and place")
        if field.similar and field.type is not FieldType.TEXT:
            self.fault(node, f"{field.name}: `similar` is for text")
        if field.index and field.type not in _LINEAR:
            self.fault(node, f"{field.name}: {field.type} cannot be indexed")
        if not _RETENTION.fullmatch(field.retention):
            self.fault(node, f"{field.name}: retention is `permanent` or years such as `30y`")
        if field.required and field.retired:
            self.fault(node, f"{field.name}: a retired field cannot be required")

    def _whole(self, root: Node, definition: RegisterDefinition) -> None:
        """Rules between the parts of a definition."""
        seen: dict[str, Field] = {}
        for field in definition.fields:
            for column in field.columns:
                if column in seen:
                    self.findings.append(Finding(self.file, field.line, f"{column} is declared twice"))
                seen[column] = field
        if not definition.natural_key:
            self.fault(root, "`natural_key` names the field or fields that tell rows apart")
        for part in ("natural_key", "order", "columns"):
            for name in getattr(definition, part):
                self._known(root, definition, part, name.removeprefix("-"))
        if definition.label:
            self._known(root, definition, "label", definition.label)
        for name in definition.natural_key:
            named = definition.by_name.get(name)
            if named is not None and (not named.required or named.type not in _LINEAR):
                self.fault(root, f"natural_key: {name} must be required and of a simple type")
        if definition.personal and definition.subject not in definition.by_name:
            self.fault(root, "a personal register names its `subject`, the field with the person's number")
        if definition.zone is Zone.PUBLIC and (definition.personal or definition.level is not Level.PUBLIC):
            self.fault(root, "only public, impersonal registers may be in the public zone")

    def _known(self, root: Node, definition: RegisterDefinition, part: str, name: str) -> None:
        field = definition.by_name.get(name)
        if part == "order" and name in ("created_at", "updated_at"):
            return
        if field is None or field.retired:
            self.fault(root.value[part], f"{part}: there is no field {name}")
        elif part == "order" and not (field.required and field.type in _LINEAR):
            self.fault(root.value[part], f"order: {name} must be required and of a simple type")

    # --- values ---------------------------------------------------------------------------------------

    def _only(self, node: Node, known: set[str], what: str) -> None:
        for key, value in node.value.items():
            if key not in known:
                self.fault(value, f"{what} has no `{key}`; known are {', '.join(sorted(known))}")

    def _text(self, node: Node, key: str, required: bool = False) -> str:
        value = node.value.get(key)
        if value is None:
            if required:
                self.fault(node, f"`{key}` is missing")
            return ""
        if not isinstance(value.value, str) or not value.value.strip():
            self.fault(value, f"`{key}` must be text")
            return ""
        return str(value.value).strip()

    def _name(self, node: Node, key: str) -> str:
        text = self._text(node, key, required=True)
        if text and not _NAME.fullmatch(text):
            self.fault(node.value[key], f"{text}: names have small letters, digits and _, at most 40")
        return text

    def _title(self, node: Node) -> Title:
        value = node.value.get("title")
        parts = value.plain() if value is not None else None
        if not isinstance(parts, dict) or set(parts) != {"zh", "en"} or not all(parts.values()):
            self.fault(value or node, "`title` needs `zh` and `en`")
            return Title("", "")
        return Title(str(parts["zh"]), str(parts["en"]))

    def _bool(self, node: Node, key: str, default: bool) -> bool:
        value = node.value.get(key)
        if value is None:
            return default
        if not isinstance(value.value, bool):
            self.fault(value, f"`{key}` must be true or false")
            return default
        return value.value

    def _int(self, node: Node, key: str) -> int:
        value = node.value.get(key)
        if value is None:
            return 0
        if not isinstance(value.value, int) or isinstance(value.value, bool) or value.value < 1:
            self.fault(value, f"`{key}` must be a whole number above 0")
            return 0
        return value.value

    def _choice(self, node: Node, key: str, kind: type[E], default: Any) -> Any:
        value = node.value.get(key)
        if value is None:
            if default is None:
                self.fault(node, f"`{key}` is missing")
            return default
        plain = value.plain()
        if plain not in [item.value for item in kind]:
            self.fault(value, f"`{key}` is one of {', '.join(item.value for item in kind)}")
            return default
        return kind(plain)

    def _names(self, node: Node, key: str) -> tuple[str, ...]:
        value = node.value.get(key)
        if value is None:
            return ()
        plain = value.plain()
        plain = [plain] if isinstance(plain, str) else plain
        if not isinstance(plain, list) or not all(isinstance(item, str) for item in plain):
            self.fault(value, f"`{key}` is a list of field names")
            return ()
        if len(set(plain)) != len(plain):
            self.fault(value, f"`{key}` names a field twice")
        return tuple(plain)

    def _codes(self, node: Node, type_: FieldType) -> tuple[str, dict[str, Title]]:
        """`codes` is the key of a code set, or the codes themselves with their titles."""
        value = node.value.get("codes")
        if type_ is FieldType.CODE and value is None:
            self.fault(node, "a code field needs `codes`: a code set, or the codes with their titles")
        if value is None:
            return "", {}
        if type_ is not FieldType.CODE:
            self.fault(value, "`codes` is for fields of type code")
            return "", {}
        if isinstance(value.value, str):
            return value.value, {}
        choices: dict[str, Title] = {}
        for code, item in value.value.items() if isinstance(value.value, dict) else ():
            parts = item.plain()
            if not isinstance(parts, dict) or set(parts) != {"zh", "en"}:
                self.fault(item, f"code {code} needs `zh` and `en`")
                continue
            choices[code] = Title(str(parts["zh"]), str(parts["en"]))
        if not choices:
            self.fault(value, "`codes` has no codes")
        return "", choices
