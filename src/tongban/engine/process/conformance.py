"""Reads a folder of BPMN files and says of each: runs, refused or malformed. Needs no database and no
settings."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .compile import Reading, read
from .data import Finding
from .link import link
from .model import Graph
from .parse import looks_like_bpmn
from .walk import Walk, walk

SECONDS = 8.0
"""Most time for the runs of one file."""
_PROCESS = re.compile(rb"<(?:[\w.-]+:)?process\s[^>]*?\bid\s*=\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the report. `runs`: compiled, and walked to every end by generated runs."""

    file: str
    result: str
    element: str = ""
    line: int = 0
    reason: str = ""


def files(folder: Path) -> Iterator[Path]:
    """Every BPMN file below `folder`, in order; files named .xml only when they are meant to be BPMN 2.0."""
    if folder.is_file():
        yield folder
        return
    for place, inner, names in os.walk(folder):
        inner.sort()
        for name in sorted(names):
            path, suffix = Path(place, name), Path(name).suffix.lower()
            if suffix in (".bpmn", ".bpmn2") or (suffix == ".xml" and _sniffed(path)):
                yield path


def _sniffed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return looks_like_bpmn(file.read(65536))
    except OSError:
        return False


class Shelf:
    """The files beside one another, by the processes they hold: where call activities find what they call."""

    def __init__(self, opaque: bool) -> None:
        self.opaque = opaque
        self._folders: dict[Path, dict[str, Path]] = {}
        self._read: dict[Path, Reading] = {}

    def reading(self, path: Path) -> Reading:
        """The compiled file; the last few are kept."""
        if path not in self._read:
            if len(self._read) > 200:
                self._read.clear()
            self._read[path] = read(path.read_bytes(), self.opaque)
        return self._read[path]

    def linked(self, path: Path, graph: Graph) -> Graph:
        """`graph` with its calls bound to processes in files of the same folder."""
        if not any(n.calls for s in graph.scopes.values() for n in s.nodes.values()):
            return graph

        def resolve(called: str) -> tuple[str, Graph, str] | None:
            other = self._folder(path.parent).get(called)
            if other is None or other == path:
                return None
            reading = self.reading(other)
            if reading.graph is None or reading.findings or called not in reading.graph.scopes:
                return None
            return other.name, reading.graph, called

        return link(graph, resolve)

    def _folder(self, folder: Path) -> dict[str, Path]:
        if folder not in self._folders:
            held: dict[str, Path] = {}
            for path in sorted(folder.iterdir()):
                if path.is_file() and path.suffix.lower() in (".bpmn", ".bpmn2", ".xml") and _sniffed(path):
                    for id_ in _PROCESS.findall(path.read_bytes()):
                        held.setdefault(id_.decode("utf-8", "replace"), path)
            self._folders[folder] = held
        return self._folders[folder]


def judge(path: Path, shown: str, shelf: Shelf) -> Verdict:
    """The verdict on one file. Never raises."""
    try:
        return _judge(path, shown, shelf)
    except OSError as error:
        return Verdict(shown, "malformed", reason=f"cannot be read: {error.strerror}")
    except (
        Exception,
        RecursionError,
    ) as error:  # the report on thousands of files goes on whatever one holds
        return Verdict(shown, "refused", reason=f"the engine could not cope with it: {type(error).__name__}: {error}")


def _judge(path: Path, shown: str, shelf: Shelf) -> Verdict:
    reading = shelf.reading(path)
    if reading.graph is None or reading.findings:
        return _against(shown, reading.findings[0])
    graph = shelf.linked(path, reading.graph)
    deadline = time.monotonic() + SECONDS
    walks = [walk(graph, root, deadline) for root in graph.roots]
    return Verdict(shown, "runs", reason=_remark(graph, walks))


def _against(shown: str, finding: Finding) -> Verdict:
    return Verdict(shown, finding.kind, finding.element, finding.line, finding.reason)


def _remark(graph: Graph, walks: Sequence[Walk]) -> str:
    """What is worth saying about a diagram that runs."""
    if not graph.roots:
        return "holds no process"
    missed = sorted(node for w in walks for _, node in w.missed)
    if not missed:
        return ""
    stuck = next((w.stuck for w in walks if w.stuck), "")
    why = "time is over" if any(w.timed_out for w in walks) else stuck or "no run comes there"
    return f"no run can come to {', '.join(missed[:5])}: {why}"


def report(folder: Path, opaque: bool, as_json: bool) -> int:
    """Print a line for each file; 0 when there was at least one."""
    shelf, count = Shelf(opaque), dict.fromkeys(("runs", "refused", "malformed"), 0)
    for path in files(folder):
        verdict = judge(path, os.path.relpath(path, folder) if folder.is_dir() else path.name, shelf)
        count[verdict.result] += 1
        if as_json:
            line = json.dumps(asdict(verdict), ensure_ascii=False)
        else:
            where = f" {verdict.element}:{verdict.line}" if verdict.element or verdict.line else ""
            line = f"{verdict.result:9} {verdict.file}{where} {verdict.reason}".rstrip()
        sys.stdout.write(line.encode("utf-8", "replace").decode() + "\n")
    sys.stdout.flush()
    if not as_json:
        sys.stdout.write(", ".join(f"{n} {name}" for name, n in count.items()) + "\n")
    if not any(count.values()):
        sys.stderr.write(f"no BPMN files in {folder}\n")
        return 1
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of BPMN files, or one file")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument(
        "--opaque", action="store_true", help="count expressions in other languages than FEEL as free choices"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if not arguments.folder.exists():
        sys.stderr.write(f"there is no {arguments.folder}\n")
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return report(arguments.folder, arguments.opaque, arguments.json)
    except BrokenPipeError:  # whoever reads the report has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m tongban.engine.process.conformance DIR [--json] [--opaque]`."""
    parser = argparse.ArgumentParser(prog="tongban conformance bpmn")
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
