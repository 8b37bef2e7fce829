"""`tongban demo`: load the demonstration province; generate residents and enterprises; the story of the data centre."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tongban.site.boot import ready

if TYPE_CHECKING:
    from .persons import Columns, Residents


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `demo load`, `demo generate` and `demo data-centre`."""
    demo = commands.add_parser("demo", help="demonstration data; never for production")
    verbs = demo.add_subparsers(dest="verb", metavar="VERB", required=True)
    load = verbs.add_parser("load", help="load the demonstration province of this region")
    load.add_argument("--json", action="store_true", help="print one JSON object")
    load.set_defaults(run=_load)
    generate = verbs.add_parser("generate", help="generate residents and enterprises")
    generate.add_argument("--residents", type=_count, default=20_000, metavar="N")
    generate.add_argument("--enterprises", type=_count, default=3_000, metavar="M")
    generate.add_argument("--seed", type=int, default=None, help="another seed gives other people")
    generate.add_argument("--out", type=Path, metavar="DIR", help="write CSV files instead of the registers")
    generate.add_argument(
        "--extracts",
        action="store_true",
        help="with --out: also six departments' extracts with mistakes, and the truth",
    )
    generate.add_argument("--json", action="store_true", help="print one JSON object")
    generate.set_defaults(run=_generate)
    data_centre = verbs.add_parser("data-centre", help="the story of the data centre: nodes, sharing, linking, zones")
    data_centre.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    data_centre.set_defaults(run=_data_centre)


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 50_000_000:
        raise argparse.ArgumentTypeError("a number from 0 to 50000000")
    return number


def _load(arguments: argparse.Namespace) -> int:
    with ready("tongban_owner"):
        _refuse_production()
        from .province import load

        counts = load(progress=_progress)
    _print(counts, arguments.json)
    return 0


def _data_centre(arguments: argparse.Namespace) -> int:
    from .data_centre.story import run

    return run(arguments)


def _refuse_production() -> None:
    from django.conf import settings

    if settings.PRODUCTION:
        raise RuntimeError("demonstration data is not loaded into a production installation")


def _generate(arguments: argparse.Namespace) -> int:
    from .enterprises import generate_branches, generate_enterprises
    from .persons import SEED, Residents, default_region

    if arguments.extracts and not arguments.out:
        sys.stderr.write("tongban: --extracts needs --out\n")
        return 2
    seed = SEED if arguments.seed is None else arguments.seed
    region = default_region()
    _progress("generating", 0, arguments.residents + arguments.enterprises)
    start = time.perf_counter()
    residents = Residents(arguments.residents, seed, region)
    heads = first_columns(residents, arguments.enterprises * 9)
    firms = generate_enterprises(arguments.enterprises, heads, seed, region)
    generated = time.perf_counter()
    counts: dict[str, object] = {"residents": arguments.residents, "enterprises": arguments.enterprises}
    if arguments.out:
        import django

        django.setup()
        from .deliver import save
        from .extracts import write_enterprises, write_people

        counts["files"] = [
            str(save(arguments.out, "population", _counted("population", residents))),
            str(save(arguments.out, "legal_entity", [firms])),
        ]
        if arguments.extracts:
            branches = generate_branches(firms, seed=seed, region=region)
            counts["extracts"] = {
                **write_people(arguments.out, _counted("extracts", residents), seed),
                **write_enterprises(arguments.out, firms, branches, seed),
            }
    else:
        with ready("tongban_owner"):
            _refuse_production()
            from .deliver import deliver

            for register_, blocks, total in (
                ("population", residents, len(residents)),
                ("legal_entity", [firms], arguments.enterprises),
            ):
                report = deliver(register_, blocks, total, _progress)
                counts[register_] = {
                    "inserted": report.inserted,
                    "updated": report.updated,
                    "unchanged": report.unchanged,
                    "refused": report.refused,
                }
    stored = time.perf_counter()
    counts["seconds"] = {"generate": round(generated - start, 2), "store": round(stored - generated, 2)}
    _print(counts, arguments.json)
    return 0


def first_columns(residents: Residents, enough: int) -> Columns:
    """Names, numbers and birth dates of the first residents: among them are the heads of enterprises."""
    found: Columns = {"name": [], "id_number": [], "birth_date": []}
    for block in residents:
        for name, values in found.items():
            values.extend(block[name])
        if len(found["name"]) >= max(enough, 1):
            break
    return found


def _counted(text: str, residents: Residents) -> Iterator[Columns]:
    done = 0
    for block in residents:
        yield block
        done += len(block["name"])
        _progress(text, done, len(residents))


def _progress(text: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K  {text} {done}/{total}")
        sys.stderr.write("\n" if done >= total else "")
    elif done == 0 or done >= total:
        sys.stderr.write(f"  {text} {done}/{total}\n")
    sys.stderr.flush()


def _print(counts: dict[str, object], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(counts, ensure_ascii=False) + "\n")
        return
    for name, value in counts.items():
        sys.stdout.write(f"{name}: {value}\n")
