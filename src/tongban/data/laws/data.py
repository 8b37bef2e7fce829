"""The nouns of laws: a text, its versions, its articles, and citations of them (DATA-24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LAW, VERSION, ARTICLE = "law", "law_version", "law_article"
"""The registers of the pack `laws`."""


class Authority(StrEnum):
    """Level of authority of a text, highest first (立法法)."""

    CONSTITUTION = "constitution"
    LAW = "law"
    ADMINISTRATIVE_REGULATION = "administrative_regulation"
    LOCAL_REGULATION = "local_regulation"
    DEPARTMENT_RULE = "department_rule"
    LOCAL_RULE = "local_rule"
    NORMATIVE = "normative"


class Status(StrEnum):
    """What a version is on a day: not yet in effect, in force, replaced by a later version, or repealed."""

    COMING = "coming"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    REPEALED = "repealed"


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `place` orders them: 100 times its number, plus n for 之n; `heading`: its part, chapter, section."""

    place: int
    label: str
    heading: str
    text: str

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text by lines: its first paragraph, then further paragraphs (款) and items (项)."""
        return tuple(self.text.split("\n"))


@dataclass(frozen=True, slots=True)
class Law:
    """A law by name. `short` is the name without 中华人民共和国, as people and documents cite it."""

    name: str
    short: str
    authority: Authority
    category: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Text:
    """A law's text as a file gives it, before it is in the register. `stated`: the text itself says when it takes
    effect; else the day of issue is taken."""

    law: Law
    issued: date
    effective: date
    stated: bool
    note: str
    preamble: str
    articles: tuple[Article, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a law. `until` is the last day before the next version takes effect or it is repealed."""

    law: str
    issued: date
    effective: date
    stated: bool
    repealed: date | None
    until: date | None
    note: str
    preamble: str
    articles: int

    def status(self, on: date) -> Status:
        """What this version is on that day."""
        if on < self.effective:
            return Status.COMING
        if self.repealed and on >= self.repealed:
            return Status.REPEALED
        return Status.REPLACED if self.until and on > self.until else Status.IN_FORCE


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one file. Level `error`: the file was refused; `warning`: it was read all the same."""

    file: str
    level: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did; `unchanged` texts were there already."""

    files: int
    read: int
    refused: int
    laws: int
    added: int
    changed: int
    unchanged: int
    articles: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One article of two versions: `kind` is same, changed, added or removed. Pieces are (text, state) with the states
    same, old and new."""

    kind: str
    old: Article | None
    new: Article | None
    pieces: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a text that names a law and, perhaps, an article: 《立法法》第十二条第二款.

    `found` is the article in the version in force on the day that was asked about; None with `problem` set:
    unknown_law, not_in_force or no_article. A citation of the whole law has no `label` and, once found, only `version`.
    It stands in the text from `start` to `end`; a further article of one law there without the law's name.
    """

    text: str
    law: str
    label: str = ""
    paragraph: int = 0
    item: int = 0
    version: Version | None = None
    found: Article | None = None
    problem: str = ""
    start: int = 0
    end: int = 0
