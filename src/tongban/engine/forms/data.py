"""Form definitions and the values that travel with them (DATA-46, SVC-10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from django.utils.functional import lazystr
from django.utils.translation import get_language

from tongban.base.kernel.data import Text

Answers = dict[str, Any]
"""What was answered, JSON-able: text, whole number, decimal as text, truth value, ISO date or time,
a place as ``{"division", "text"}``, several choices as a list, a repeat group as a list of answers."""


class FieldType(StrEnum):
    """The register types an applicant can fill in, and ``group`` for rows that repeat."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    MONEY = "money"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    CODE = "code"
    PERSON_ID = "person_id"
    CREDIT_CODE = "credit_code"
    PHONE = "phone"
    EMAIL = "email"
    PLACE = "place"
    GROUP = "group"


@dataclass(frozen=True)
class Title:
    """A text of a definition in both languages; packs carry them side by side."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.in_language(None)

    def in_language(self, language: str | None) -> str:
        """The text in ``language`` ("zh", "en"; None: the one active now); the other one where it is
        empty."""
        language = language or get_language() or "zh"
        first, second = (self.en, self.zh) if language.startswith("en") else (self.zh, self.en)
        return first or second

    @property
    def lazy(self) -> Text:
        """The text in the language active when it is shown, for messages that travel."""
        return lazystr(self)


@dataclass(frozen=True)
class Option:
    """One choice of a code field."""

    code: str
    title: Title


@dataclass(frozen=True)
class Check:
    """A rule in FEEL that must be true, and what to say when it is not."""

    rule: str
    message: Title


@dataclass(frozen=True)
class Field:
    """One question. ``register`` names the register item it feeds (``legal_entity.name``), ``prefill`` the
    source it can be filled from (``population.address``; inside a group: its first entry); ``mask`` how it is
    shown to those who need not know it (``none``, ``name``, ``number``, ``phone``, ``address``, ``all``)."""

    name: str
    title: Title
    type: FieldType
    required: bool = False
    help: Title | None = None
    options: tuple[Option, ...] = ()
    multiple: bool = False
    max_length: int = 200
    minimum: str | None = None
    maximum: str | None = None
    decimals: int = 2
    lines: int = 1
    unit: Title | None = None
    condition: str | None = None
    checks: tuple[Check, ...] = ()
    default: Any = None
    prefill: str | None = None
    register: str | None = None
    mask: str = "none"
    fields: tuple[Field, ...] = ()
    min_rows: int = 0
    max_rows: int = 50

    def titled(self, code: object) -> str:
        """The title of the option with this code; the code itself when it is no longer offered."""
        return next((str(option.title) for option in self.options if option.code == code), str(code))


@dataclass(frozen=True)
class Material:
    """A slot for papers. ``licence``: type of e-licence that replaces the upload; ``situations``: the
    answers (question -> codes) under which it is wanted; ``source`` and ``necessity`` are the codes of
    standards 1.1 (10 own, 20 issued by government, 99 other; 1 needed, 2 not needed, 3 may follow)."""

    name: str
    title: Title
    required: bool = True
    help: Title | None = None
    formats: tuple[str, ...] = ("pdf", "jpg", "png")
    max_bytes: int = 20 * 1024 * 1024
    max_files: int = 5
    licence: str | None = None
    condition: str | None = None
    situations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    source: str = "10"
    necessity: str = "1"
    issuer: Title | None = None


@dataclass(frozen=True)
class Page:
    """One step of the form."""

    name: str
    title: Title
    fields: tuple[Field, ...]
    help: Title | None = None
    condition: str | None = None


Named = TypeVar("Named", Field, Material, Page)


def _named(things: Iterable[Named], name: str) -> Named:
    for thing in things:
        if thing.name == name:
            return thing
    raise KeyError(name)


@dataclass(frozen=True)
class FormDefinition:
    """A checked form. ``digest`` binds an application to the very definition it was filled in with;
    ``source`` is the definition with everything looked up, so that it can be parsed again anywhere."""

    key: str
    title: Title
    pages: tuple[Page, ...]
    materials: tuple[Material, ...] = ()
    situations: tuple[Field, ...] = ()
    sources: tuple[tuple[str, Title], ...] = ()
    digest: str = ""
    source: str = ""

    def __iter__(self) -> Iterator[Field]:
        """All top-level fields: the situation questions, then page by page."""
        yield from self.situations
        for page in self.pages:
            yield from page.fields

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The top-level names that conditions and checks may use."""
        return tuple(field.name for field in self)

    def field(self, name: str) -> Field:
        """The top-level field ``name``. Raises KeyError."""
        return _named(self, name)

    def field_at(self, path: str) -> Field:
        """The field at a path such as ``name`` or ``shareholders.0.holder``. Raises KeyError."""
        name, _dot, inner = path.partition(".")
        found = self.field(name)
        return _named(found.fields, inner.rpartition(".")[2]) if inner else found

    def page(self, name: str) -> Page:
        """The page ``name``. Raises KeyError."""
        return _named(self.pages, name)

    def material(self, name: str) -> Material:
        """The material slot ``name``. Raises KeyError."""
        return _named(self.materials, name)

    def source_title(self, source: str) -> Title:
        """What the applicant reads as the origin of a prefilled value."""
        return dict(self.sources).get(source) or SOURCES.get(source) or Title(source, source)


@dataclass(frozen=True)
class Fragment:
    """What applies now, given the answers so far."""

    pages: tuple[Page, ...]
    fields: tuple[Field, ...]
    materials: tuple[Material, ...]


@dataclass(frozen=True)
class Prefilled:
    """A value that the system already had, and where it comes from."""

    value: Any
    source: Title


@dataclass(frozen=True)
class Change:
    """One answer that differs between two versions; None: not there."""

    key: str
    title: str
    old: Any
    new: Any


FieldSource = Callable[[str], "Mapping[str, Any] | None"]
"""``legal_entity.name`` -> the keys of a field definition (``title``, ``type``, ``max_length``, ...) or
None."""

CodeSource = Callable[[str], "Sequence[Option] | None"]
"""The key of a code set -> its options in order, or None."""

SOURCES: Mapping[str, Title] = {
    "applicant": Title("实名账户", "your verified account"),
    "population": Title("人口基础信息库", "the population register"),
    "legal_entity": Title("法人单位基础信息库", "the register of legal entities"),
    "licence": Title("电子证照库", "the licence library"),
}
"""Titles of the usual sources; a form can name its own under ``sources``."""
