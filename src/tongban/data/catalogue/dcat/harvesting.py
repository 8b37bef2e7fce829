"""Harvest: a stranger's catalogue in, a report out. Nothing in the file is believed, fetched or run."""

from __future__ import annotations

from collections.abc import Callable

from . import judging, parsing, plain, reading, schema_org
from .report import Entry, Finding, Report, Unreadable


def harvest(source: str, read: Callable[[], bytes], base: str = "") -> Report:
    """Judge what `read` gives. Never raises: what cannot be harvested is a report with `failure`.

    `base` is the address the file came from, for the relative addresses in it.
    """
    form = encoding = ""
    try:
        text, encoding, said = reading.text_of(read())
        parsed = parsing.parse(text, base or parsing.BASE)
        del text
        form, said = parsed.format, [*said, *parsed.findings]
        if parsed.statements is not None:
            if schema_org.translated(parsed.statements):
                said.append(Finding("schema_org", "it is written in the words of schema.org; they were read as DCAT"))
            catalogues, entries, more = judging.judged(parsed.statements)
        else:
            form, entries, more = plain.judged(parsed.document)
            catalogues = []
        _some(catalogues, entries, said, form)
        return Report(source, form, encoding, tuple(catalogues), tuple(entries), (*said, *more))
    except Unreadable as failure:
        return Report(source, form, encoding, failure=failure)
    except (RecursionError, MemoryError):
        return Report(source, form, encoding, failure=Unreadable("too_deep", "nested too deeply, or too large"))
    except Exception as error:  # a fault of ours, and still an answer for whoever gave us the file
        message = f"this file could not be judged: {type(error).__name__}"
        return Report(source, form, encoding, failure=Unreadable("not_judged", message))


def _some(catalogues: list[Entry], entries: list[Entry], said: list[Finding], form: str) -> None:
    if catalogues or entries or form.startswith("data.json") or form == "ckan":
        return
    unknown = any(one.code == "context_not_fetched" for one in said)
    because = "; its words are defined at an address that is not fetched" if unknown else ""
    raise Unreadable(
        "no_entries", f"well-formed, but it describes no catalogue, dataset or data service of DCAT{because}"
    )
