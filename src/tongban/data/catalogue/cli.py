"""`tongban catalogue harvest FILE_OR_URL`: judge another catalogue's file, and keep what is fit as drafts.

Exit status: 0 the file was read, whatever became of its entries; 1 the file as a whole cannot be harvested; 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from .dcat import progress
from .dcat.harvesting import harvest
from .dcat.reading import LARGEST, from_file
from .dcat.report import Entry, Report, Severity, Unreadable, shown

Run = Callable[[argparse.Namespace], int]
SECONDS = 120.0  # a large catalogue on a slow line


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser], run: Run | None = None) -> None:
    """Adds `catalogue harvest`; only `--store` needs a database, `run` is called where one may be needed."""
    catalogue = commands.add_parser("catalogue", help="the catalogue of information resources")
    verbs = catalogue.add_subparsers(dest="verb", metavar="VERB", required=True)
    text = "judge another catalogue's file: every entry accepted, warned or refused, with the reason"
    parser = verbs.add_parser(
        "harvest",
        help=text,
        description=f"{text}. Reads DCAT and DCAT-AP 1 to 3 (Turtle, JSON-LD, RDF/XML, N-Triples, N-Quads, TriG), "
        "data.json 1.0, 1.1 and 3.0, answers of CKAN and schema.org, compressed or not; what it is, is told from its "
        "content. Exit status 0 if the file was read, 1 if it cannot be, 2 for wrong usage.",
    )
    parser.add_argument("source", metavar="FILE_OR_URL", help="a file, or an http(s) address")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--store", metavar="OFFICE", help="keep what is not refused as drafts of this office (its code)"
    )
    parser.add_argument("--as", dest="person", metavar="USER", help="who stores it: a user name of that office")
    parser.set_defaults(run=lambda arguments: (run or harvest_one)(_checked(arguments, parser)))


def _checked(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> argparse.Namespace:
    if bool(arguments.store) != bool(arguments.person):
        parser.error("--store OFFICE and --as USER go together")
    return arguments


def harvest_one(arguments: argparse.Namespace) -> int:
    """Harvest, print, and return the exit status. How far it is stands on standard error."""
    source: str = arguments.source
    address, stored = source if "://" in source else "", None
    with _bounded(), progress.told(_far()):
        if address:
            report = harvest(source, lambda: _fetched(source), address)
        else:
            report = harvest(source, lambda: from_file(Path(source)))
        if arguments.store and report.failure is None:
            from .dcat.storing import store_as

            stored = store_as(report, arguments.store, arguments.person)
    if sys.stderr.isatty():
        sys.stderr.write("\x1b[K")
    if arguments.json:
        _object(report, stored)
    else:
        _table(report, stored)
    return 1 if report.failure else 0


def _far() -> progress.Say:
    """A line that is written over on a terminal; elsewhere one every ten seconds."""
    terminal, seconds = sys.stderr.isatty(), count(1)

    def say(step: str, done: int, total: int) -> None:
        if not terminal and next(seconds) % 10:
            return
        text = f"{step}: {done:,}{f' of {total:,}' if total else ''}" if done else f"{step} ..."
        sys.stderr.write(f"\r\x1b[K{text}\r" if terminal else f"{text}\n")
        sys.stderr.flush()

    return say


@contextmanager
def _bounded() -> Iterator[None]:
    """A file that needs more memory than there is ends with an answer, not with the machine's."""
    least, most = resource.getrlimit(resource.RLIMIT_AS)
    there = int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 0.8)
    resource.setrlimit(resource.RLIMIT_AS, (there if most == resource.RLIM_INFINITY else min(there, most), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (least, most))


def _fetched(url: str) -> bytes:
    """A person typed this address: its host may be called, if it is one of the internet (T29)."""
    from tongban.base.kernel.data import TongbanError
    from tongban.base.kernel.egress import call

    try:
        host = urlsplit(url).netloc
        answer = call(url, hosts=(host,), seconds=SECONDS, largest=LARGEST)
    except TongbanError as error:
        raise Unreadable("not_fetched", str(error)) from error
    except ValueError as error:
        raise Unreadable("not_fetched", "this is no address of the web") from error
    if answer.status != 200:
        raise Unreadable("not_fetched", f"the server answered {answer.status}")
    return answer.body


def _object(report: Report, stored: dict[str, int] | None) -> None:
    """One JSON object, its entries written one by one."""
    told = report.as_json() | ({} if stored is None else {"stored": stored})
    _put(json.dumps(told, ensure_ascii=False)[:-1] + ', "entries": [')
    for number, entry in enumerate(report.entries):
        _put((", " if number else "") + json.dumps(entry.as_json(), ensure_ascii=False))
    _put("]}\n")


# What people read


def _table(report: Report, stored: dict[str, int] | None) -> None:
    name = shown(report.source)
    if report.failure:
        _say(f"{name}: {report.failure.message} [{report.failure.code}]")
        return
    _say(f"{name}: {report.format}, {report.encoding}")
    for finding in report.findings:
        _say(f"  {finding.message} [{finding.code}]")
    for entry in (*report.catalogues, *report.entries):
        _say(f"{entry.status.value:9} {_padded(entry.title or '-', 40)}  {entry.id}")
        _reasons(entry)
    counts = report.counts()
    _say(", ".join(f"{number} {what}" for what, number in counts.items()))
    if stored is not None:
        _say(", ".join(f"{number} {what}" for what, number in stored.items()))


def _reasons(entry: Entry) -> None:
    for finding in entry.findings:
        if finding.severity is not Severity.NOTE:
            _say(f"          {finding.message} [{finding.code}{' at ' + finding.path if finding.path else ''}]")


def _padded(text: str, width: int) -> str:
    """A Chinese character is two columns wide."""
    out, used = "", 0
    for one in text:
        wide = 2 if unicodedata.east_asian_width(one) in "WF" else 1
        if used + wide > width:
            break
        out, used = out + one, used + wide
    return out + " " * (width - used)


def _say(text: str) -> None:
    _put(text + "\n")


def _put(text: str) -> None:
    """Strangers' texts may hold what the terminal's encoding does not."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
