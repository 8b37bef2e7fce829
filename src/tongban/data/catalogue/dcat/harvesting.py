"""Harvest: a stranger's catalogue in, a report out. Nothing in the file is believed, fetched or run."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import IO, Any

from . import judging, parsing, plain, progress, reading, schema_org, streaming
from .report import Entries, Entry, Finding, Report, Unreadable, shown
from .statements import Statements
from .values import BASE


def harvest(source: str, read: Callable[[], bytes | IO[bytes]], base: str = "") -> Report:
    """Judge what `read` gives. Never raises: what cannot be harvested is a report with `failure`.

    `base` is the address the file came from, for the relative addresses in it.
    """
    progress.at("reading")
    encoding = ""
    try:
        content = read()
        with io.BytesIO(content) if isinstance(content, bytes) else content as given:
            file, encoding, said = reading.utf8_of(given)
            with file:
                return _report(source, file, encoding, said, base or BASE)
    except Unreadable as failure:
        return Report(source, "", encoding, failure=failure)
    except (RecursionError, MemoryError):
        return Report(source, "", encoding, failure=Unreadable("too_deep", "nested too deeply, or too large"))
    except Exception as error:  # a fault of ours, and still an answer for whoever gave us the file
        message = f"this file could not be judged: {type(error).__name__}"
        return Report(source, "", encoding, failure=Unreadable("not_judged", message))


def _report(source: str, file: IO[bytes], encoding: str, said: list[Finding], base: str) -> Report:
    try:  # plain JSON row by row
        with streaming.document(file) as document:
            return _plain(source, encoding, document, said)
    except streaming.Odd:
        file.seek(0)
    parsed = parsing.parse(file, base, _empty)
    said = [*said, *parsed.findings]
    try:
        if parsed.statements is None:
            return _plain(source, encoding, parsed.document, said)
        if schema_org.translated(parsed.statements):
            said.append(Finding("schema_org", "it is written in the words of schema.org; they were read as DCAT"))
        catalogues, found, more = judging.judged(parsed.statements)
        entries = _kept(found)
        _some(catalogues, entries, said, parsed.statements)
    except Unreadable as failure:
        return Report(source, parsed.format, encoding, failure=failure)
    return Report(source, parsed.format, encoding, tuple(catalogues), entries, (*said, *more))


def _empty() -> Statements:
    return Statements((*judging.CLASSES, *schema_org.CLASSES), (*judging.LISTING, *schema_org.LISTING))


def _plain(source: str, encoding: str, document: Any, said: list[Finding]) -> Report:
    form, found, more = plain.judged(document)
    return Report(source, form, encoding, (), _kept(found), (*said, *more))


def _kept(found: Iterable[Entry]) -> Entries:
    entries = Entries()
    progress.at("entries judged", entries.__len__)
    entries.take(found)
    return entries


def _some(catalogues: list[Entry], entries: Entries, said: list[Finding], statements: Statements) -> None:
    if catalogues or len(entries):
        return
    unknown = any(one.code == "context_not_fetched" for one in said)
    because = "; its words are defined at an address that is not fetched" if unknown else ""
    if statements.others:
        because += f"; what it describes is of {', '.join(shown(one) for one in statements.others)}"
    raise Unreadable(
        "no_entries", f"well-formed, but it describes no catalogue, dataset or data service of DCAT{because}"
    )
