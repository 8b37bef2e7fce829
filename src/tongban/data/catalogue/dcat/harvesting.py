"""Harvest: a stranger's catalogue in, a report out. Nothing in the file is believed, fetched or run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import judging, parsing, plain, progress, reading, schema_org, streaming
from .report import Entries, Entry, Finding, Report, Unreadable


def harvest(source: str, read: Callable[[], bytes], base: str = "", file: Path | None = None) -> Report:
    """Judge what `read` gives. Never raises: what cannot be harvested is a report with `failure`.

    `base` is the address the file came from, for the relative addresses in it. `file` is where it lies, if it does:
    plain JSON is then judged row by row.
    """
    form = encoding = ""
    try:
        if file is not None and (report := _streamed(source, file)) is not None:
            return report
        progress.at("reading")
        text, encoding, said = reading.text_of(read())
        parsed = parsing.parse(text, base or parsing.BASE)
        del text
        form, said = parsed.format, [*said, *parsed.findings]
        if parsed.statements is None:
            return _plain(source, encoding, parsed.document, said)
        if schema_org.translated(parsed.statements):
            said.append(Finding("schema_org", "it is written in the words of schema.org; they were read as DCAT"))
        catalogues, found, more = judging.judged(parsed.statements)
        entries = _kept(found)
        _some(catalogues, entries, said)
        return Report(source, form, encoding, tuple(catalogues), entries, (*said, *more))
    except Unreadable as failure:
        return Report(source, form, encoding, failure=failure)
    except (RecursionError, MemoryError):
        return Report(source, form, encoding, failure=Unreadable("too_deep", "nested too deeply, or too large"))
    except Exception as error:  # a fault of ours, and still an answer for whoever gave us the file
        message = f"this file could not be judged: {type(error).__name__}"
        return Report(source, form, encoding, failure=Unreadable("not_judged", message))


def _streamed(source: str, file: Path) -> Report | None:
    """The report on a catalogue in plain JSON; None for everything else."""
    try:
        with streaming.document(file) as document:
            return _plain(source, "utf-8", document, [])
    except streaming.Odd:
        return None


def _plain(source: str, encoding: str, document: Any, said: list[Finding]) -> Report:
    form, found, more = plain.judged(document)
    return Report(source, form, encoding, (), _kept(found), (*said, *more))


def _kept(found: Iterable[Entry]) -> Entries:
    entries = Entries()
    progress.at("entries judged", entries.__len__)
    entries.take(found)
    return entries


def _some(catalogues: list[Entry], entries: Entries, said: list[Finding]) -> None:
    if catalogues or len(entries):
        return
    unknown = any(one.code == "context_not_fetched" for one in said)
    because = "; its words are defined at an address that is not fetched" if unknown else ""
    raise Unreadable(
        "no_entries", f"well-formed, but it describes no catalogue, dataset or data service of DCAT{because}"
    )
