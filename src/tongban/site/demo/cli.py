"""`tongban demo`: load the demonstration province; generate residents and enterprises."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tongban.site.boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `demo load` and `demo generate`."""
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
    generate.add_argument("--json", action="store_true", help="print one JSON object")
    generate.set_defaults(run=_generate)


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


def _refuse_production() -> None:
    from django.conf import settings

    if settings.PRODUCTION:
        raise RuntimeError("demonstration data is not loaded into a production installation")


def _generate(arguments: argparse.Namespace) -> int:
    from .enterprises import generate_enterprises
    from .persons import SEED, default_region, generate_persons

    seed = SEED if arguments.seed is None else arguments.seed
    region = default_region()
    _progress("generating", 0, arguments.residents + arguments.enterprises)
    start = time.perf_counter()
    persons = generate_persons(arguments.residents, seed, region)
    firms = generate_enterprises(arguments.enterprises, persons, seed, region)
    generated = time.perf_counter()
    counts: dict[str, object] = {"residents": arguments.residents, "enterprises": arguments.enterprises}
    if arguments.out:
        import django

        django.setup()
        from .deliver import save

        counts["files"] = [
            str(save(arguments.out, "population", persons)),
            str(save(arguments.out, "legal_entity", firms)),
        ]
    else:
        with ready("tongban_owner"):
            _refuse_production()
            from .deliver import deliver

            for register_, columns in (("population", persons), ("legal_entity", firms)):
                report = deliver(register_, columns, _progress)
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
