"""Bringing laws into the registers, and saying that one is repealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Row
from tongban.engine.search import api as search
from tongban.engine.search.api import Document

from .data import ARTICLE, LAW, VERSION, Authority, Finding, Report, Text
from .parsing import Unreadable, parse

KIND = "laws.article"
_MOST_BYTES = 5 << 20


def read_folder(folder: Path) -> tuple[list[Text], list[Finding]]:
    """Every `*.md` below a folder as a text; the name of its own folder is the branch of law. No database."""
    texts: list[Text] = []
    findings: list[Finding] = []
    for path in sorted(folder.rglob("*.md")):
        if path.name.startswith("_"):
            continue
        name = str(path.relative_to(folder))
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise Unreadable("too_long", "the file has more than 5 MB")
            category = path.parent.name if path.parent != folder else ""
            texts.append(text := parse(path.read_text("utf-8"), path.stem, category))
        except UnicodeDecodeError:
            findings.append(Finding(name, "error", "encoding", "the file is not in UTF-8"))
        except Unreadable as wrong:
            findings.append(Finding(name, "error", *wrong.args))
        else:
            if not text.stated:
                message = "the text does not say when it takes effect; the day of issue is taken"
                findings.append(Finding(name, "warning", "no_effect", message))
    return texts, findings


def import_folder(folder: Path, *, by: Ref | None = None) -> Report:
    """Read a folder of markdown texts into the registers; reading it again changes nothing (DATA-24).

    All of it in one transaction. A file that cannot be read is refused with its reason and the others go in.
    """
    if not folder.is_dir():
        raise NotFound(_("There is no such folder."))
    texts, findings = read_folder(folder)
    refused = sum(finding.level == "error" for finding in findings)
    return _stored(texts, len(texts) + refused, findings, by)


def _stored(texts: Sequence[Text], files: int, findings: list[Finding], by: Ref | None) -> Report:
    once = {(text.law.name, text.issued): text for text in texts}
    newest: dict[str, Text] = {}
    for text in sorted(once.values(), key=lambda text: text.issued):
        newest[text.law.name] = text
    with transaction.atomic():
        laws = [
            (law.name, law.short, law.authority.value, law.category, law.issuer)
            for law in (text.law for text in newest.values())
        ]
        deliver = partial(registers.bulk, source="laws", by=by, reason="import")
        deliver(LAW, ("name", "short", "authority", "category", "issuer"), laws)
        made = deliver(
            VERSION,
            ("law", "issued", "effective", "stated", "note", "preamble", "articles", "digest"),
            [
                (t.law.name, t.issued, t.effective, t.stated, t.note, t.preamble, len(t.articles), t.digest)
                for t in once.values()
            ],
        )
        rows = [
            (text.law.name, text.issued, one.place, one.label, one.heading, one.text)
            for text in once.values()
            for one in text.articles
        ]
        deliver(ARTICLE, ("law", "issued", "place", "label", "heading", "text"), rows)
        index(newest)
    return Report(
        files=files,
        read=len(texts),
        refused=files - len(texts),
        laws=len(newest),
        added=made.inserted,
        changed=made.updated,
        unchanged=made.unchanged,
        articles=len(rows),
        findings=tuple(findings),
    )


def index(names: Iterable[str]) -> int:
    """Make the newest version of each of these laws findable, article by article; older versions leave the search."""
    versions, articles = registers.model(VERSION), registers.model(ARTICLE)
    documents: list[Document] = []
    for name in names:
        law = registers.find(LAW, name=name)
        newest = versions.objects.filter(law=name, valid_to=None).order_by("-issued").first()
        if law is None or newest is None:
            continue
        for former in articles.objects.filter(law=name).exclude(issued=newest.issued).values_list("id", flat=True):
            search.remove(Ref(KIND, former))
        documents += [
            _document(law, row) for row in articles.objects.filter(law=name, issued=newest.issued, valid_to=None)
        ]
    return search.index_many(documents)


def _document(law: Row, row: object) -> Document:
    label, heading, text = (getattr(row, name) for name in ("label", "heading", "text"))
    return Document(
        Ref(KIND, str(getattr(row, "id", ""))),
        f"{law['name']} {label}",
        text,
        {"law": law["short"], "authority": law["authority"]},
        keywords=f"{law['short']} {heading or ''}",
    )


def repeal(name: str, day: date, *, by: Ref | None, reason: str) -> None:
    """Say that a law is out of force from this day; its newest version carries the date."""
    newest = registers.model(VERSION).objects.filter(law=name, valid_to=None).order_by("-issued").first()
    if newest is None:
        raise NotFound(_("There is no such law."))
    registers.change(VERSION, newest.id, {"repealed": day}, by=by, reason=reason, source="laws")


def set_authority(name: str, authority: Authority, *, by: Ref | None, reason: str) -> None:
    """Correct the level of authority that the import took from the name."""
    row = registers.find(LAW, name=name)
    if row is None:
        raise NotFound(_("There is no such law."))
    registers.change(LAW, row.id, {"authority": authority.value}, by=by, reason=reason, source="laws")
