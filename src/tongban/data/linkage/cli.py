"""`tongban link LEFT RIGHT` and `tongban link dedupe FILE`: pairs of rows that mean the same person or organisation.

Exit status: 0 done, 1 the files or settings cannot be linked, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tongban.base.kernel.data import TongbanError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the `link` command."""
    link = commands.add_parser("link", help="link the rows of two files, or of one (dedupe FILE), without labels")
    link.add_argument("left", metavar="LEFT", help="a CSV or Parquet file; the word dedupe for one file")
    link.add_argument("right", metavar="RIGHT", help="the other file; after dedupe, the file itself")
    link.add_argument("--settings", type=Path, help="a YAML file that says what each column means")
    link.add_argument("--out", type=Path, help="write the pairs here: left_id,right_id,probability")
    link.add_argument("--threshold", type=float, help="least probability of a pair that is written (0.5)")
    link.add_argument("--json", action="store_true", help="print one JSON object that says what was done")
    link.set_defaults(run=_link)


def _link(arguments: argparse.Namespace) -> int:
    import django
    import duckdb

    django.setup()
    try:
        report = _linked(arguments)
    except (TongbanError, OSError, duckdb.Error) as error:  # the engine's: no room on the disk, no memory
        if arguments.json:
            sys.stdout.write(json.dumps({"ok": False, "message": str(error)}, ensure_ascii=False) + "\n")
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n" if arguments.json else _words(report))
    return 0


def _linked(arguments: argparse.Namespace) -> dict[str, object]:
    import pyarrow.csv
    from django.utils.translation import gettext as _

    from . import settings
    from .data import LinkError
    from .matching import match
    from .reading import read

    paths = [Path(arguments.right)] if arguments.left == "dedupe" else [Path(arguments.left), Path(arguments.right)]
    tables = [read(path) for path in paths]
    if arguments.out and (arguments.out.is_dir() or not arguments.out.parent.is_dir()):
        raise LinkError(_("{file} cannot be written.").format(file=arguments.out))
    said = settings.load(arguments.settings, tables[0].column_names, tables[-1].column_names, arguments.threshold)
    pairs, report = match(
        tables[0], tables[1] if len(tables) == 2 else None, said, progress=lambda step: _say(f"{step} ...\n")
    )
    if arguments.out:
        with arguments.out.open("wb") as out:
            pyarrow.csv.write_csv(pairs, out)
    seconds = {step: round(took, 2) for step, took in report.seconds.items()}
    out_path = str(arguments.out) if arguments.out else None
    return {"ok": True, **asdict(report), "seconds": seconds, "threshold": said.threshold, "out": out_path}


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(text)


def _words(report: dict[str, object]) -> str:
    return (
        f"{report['rows']} rows, compared by {', '.join(report['fields'])}\n"  # type: ignore[arg-type]
        f"{report['compared']} candidate pairs, {report['pairs']} pairs at {report['threshold']} or more"
        f"{' -> ' + str(report['out']) if report['out'] else ''}, {report['seconds']['total']} s\n"  # type: ignore[index]
    )
