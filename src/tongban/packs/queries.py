"""What the pages show of packs: those that lie under `packs/`, and those that are installed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import DefinitionError, NotFound, Text

from .applying import available, read
from .data import Change, Pack
from .loading import load
from .models import Installed, Run
from .places import packs_folder


@dataclass(frozen=True)
class Shown:
    """One pack: as it lies in its folder (`pack`, None when it cannot be read), and as it is installed."""

    key: str
    pack: Pack | None
    installed: Installed | None
    findings: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`broken`, `gone` (no folder any more), `new`, `same`, `older`, or `changed`."""
        if self.pack is None:
            return "broken" if self.findings else "gone"
        if self.installed is None:
            return "new"
        if self.installed.digest == self.pack.digest:
            return "same"
        here, there = (tuple(map(int, each.version.split("."))) for each in (self.pack, self.installed))
        return "older" if here < there else "changed"

    @property
    def title(self) -> dict[str, str]:
        """Title in both languages; the key where nothing better is known."""
        named = self.pack or self.installed
        return dict(named.title) if named else {"zh": self.key, "en": self.key}

    @property
    def readme(self) -> list[tuple[str, list[str]]]:
        """The README as plain text: blocks of kind `heading`, `list` or `text`, with their lines. No markup is run."""
        blocks = []
        for block in re.split(r"\n\s*\n", self.pack.readme.replace("`", "").strip() if self.pack else ""):
            lines = [line.rstrip() for line in block.splitlines()]
            if block.startswith("#"):
                blocks.append(("heading", [lines[0].lstrip("# ")]))
                lines = lines[1:]
            if lines and lines[0].startswith(("-", "*", "|")):
                blocks.append(("list", lines))
            elif lines:
                blocks.append(("text", [re.sub(r"(?<=[^\x00-\xff]) (?=[^\x00-\xff])", "", " ".join(lines))]))
        return blocks


def all_packs() -> list[Shown]:
    """Every pack that lies here or is installed, by key."""
    rows = {row.key: row for row in Installed.objects.all()}
    return [_shown(key, rows.get(key)) for key in sorted({*rows, *available()})]


def one_pack(key: str) -> Shown:
    """One pack, with what is wrong with it."""
    row = Installed.objects.filter(key=key).first()
    here = key in available()
    if row is None and not here:
        raise NotFound()
    shown = _shown(key, row)
    if shown.pack is None:
        return shown
    try:
        read([key])
    except DefinitionError as error:
        return Shown(key, shown.pack, row, tuple(error.findings))
    return shown


def _shown(key: str, row: Installed | None) -> Shown:
    if key not in available():
        return Shown(key, None, row)
    try:
        return Shown(key, load(packs_folder() / key), row)
    except DefinitionError as error:
        return Shown(key, None, row, tuple(error.findings))


_WHAT: dict[str, Text] = {
    "pack": pgettext_lazy("packs", "Pack"),
    "codes": pgettext_lazy("packs", "Code set"),
    "register": pgettext_lazy("packs", "Register"),
    "table": pgettext_lazy("packs", "Decision table"),
    "licence": pgettext_lazy("packs", "Licence type"),
    "form": pgettext_lazy("packs", "Form"),
    "process": pgettext_lazy("packs", "Process"),
    "role": pgettext_lazy("packs", "Role"),
    "permission": pgettext_lazy("packs", "Right"),
    "item": pgettext_lazy("packs", "Item"),
    "service": pgettext_lazy("packs", "Online service"),
}
_HOW: dict[str, Text] = {
    "added": pgettext_lazy("packs", "new"),
    "changed": pgettext_lazy("packs", "changed"),
    "ddl": pgettext_lazy("packs", "table changed"),
    "granted": pgettext_lazy("packs", "given"),
}


@dataclass(frozen=True)
class Ran:
    """A plan or an installation as its page shows it."""

    id: str
    pack: str
    kind: str
    state: str
    ended: bool
    digests: dict[str, str]
    changes: tuple[Change, ...]
    findings: tuple[str, ...]
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def rights(self) -> tuple[Change, ...]:
        """What roles of the pack would be allowed."""
        return tuple(change for change in self.changes if change.what == "permission")

    @property
    def others(self) -> list[dict[str, Text]]:
        """The other changes, in the reader's words; DDL stays as it is."""
        return [
            {
                "what": _WHAT.get(change.what, change.what),
                "key": change.key,
                "how": _HOW.get(change.how, change.how),
                "detail": change.detail,
                "ddl": change.detail if change.how == "ddl" else "",
            }
            for change in self.changes
            if change.what != "permission"
        ]

    @property
    def done(self) -> int:
        """Steps done of three: asked, begun, ended."""
        return 1 + bool(self.started_at) + self.ended


def ran(run: Run) -> Ran:
    """The row as data."""
    return Ran(
        id=run.public_id,
        pack=run.pack,
        kind=run.kind,
        state=run.state,
        ended=run.ended,
        digests=run.digests,
        changes=tuple(Change(**change) for change in run.changes),
        findings=tuple(run.findings),
        asked_at=run.asked_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
    )


def latest(key: str, most: int = 10) -> Sequence[Ran]:
    """The last plans and installations of a pack, newest first."""
    return [ran(run) for run in Run.objects.filter(pack=key).order_by("-id")[:most]]
