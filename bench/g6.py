"""G6: linking two lists of persons whose truth is known: an easy set (a third of the numbers missing) and a hard one
(60 % missing, 15 % of the names written with another character of the same sound).

Ours: `linkage.match` end to end, from the files' tables to the pairs: standardising, learning, comparing, judging.
Limit: bare Splink on the same tables as its own tutorial has it, four blocking rules, nothing standardised: strangers by
random sampling, matches by EM in two blocks, then predict. Floors: the same Splink told a model that somebody wrote down
by hand, so that it learns nothing; an exact join by the number; four SQL rules. Each set is linked in processes
of their own, whose peak memory is reported. `TONGBAN_BENCH_PERSONS` sets the size of each list (1,000,000).
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from .measure import Result, say

SIZE = int(os.environ.get("TONGBAN_BENCH_PERSONS", "1000000"))
ROUNDS = int(os.environ.get("TONGBAN_BENCH_ROUNDS", "3"))
ITEMS = ("id_number", "name", "sex", "birth_date", "address", "phone")
SETS = {"easy": (0.32, 0.02), "hard": (0.60, 0.15)}  # numbers missing, names of the same sound
THRESHOLD, GIGABYTES = 0.9, 3.0


def main() -> int:
    if len(sys.argv) == 4:
        return one(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
    django.setup()
    result = Result("g6", "s", "<= 1.3 of bare Splink; precision >= 0.999; <= 3 GB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, (missing, sounding) in SETS.items():
            make(folder / kind, SIZE, missing, sounding)
        found: dict[str, dict[str, Any]] = {}
        for number in range(ROUNDS):
            for kind in SETS if number == 0 else ("easy",):
                for who in ("ours", "splink") if number % 2 else ("splink", "ours"):
                    done = run(who, folder / kind)
                    found.setdefault(f"{who} {kind}", done)
                    if kind == "easy":
                        (result.ours if who == "ours" else result.limit).append(done["seconds"])
                    say(f"g6 {who} {kind}: {done}")
        for kind in SETS:
            for who in ("told", "join", "rules"):
                found[f"{who} {kind}"] = run(who, folder / kind)
    floors = {"Splink told its model": "told", "exact join": "join", "four SQL rules": "rules"}
    result.floor = {title: [found[f"{who} easy"]["seconds"]] for title, who in floors.items()}
    result.extra = {"persons": SIZE, "sets": found}
    for kind in SETS:
        gain = found[f"ours {kind}"]["recall"] - found[f"rules {kind}"]["recall"]
        result.extra[f"recall gain over rules, {kind}"] = round(gain, 4)
    sure = all(found[f"ours {kind}"]["precision"] >= 0.999 for kind in SETS)
    small = all(found[f"ours {kind}"]["gigabytes"] <= GIGABYTES for kind in SETS)
    return 0 if result.finish(lambda ratio, _floor: ratio <= 1.3 and sure and small) else 1


def run(who: str, folder: Path) -> dict[str, Any]:
    """One linkage in a process of its own, judged by the truth."""
    out = folder / f"{who}.parquet"
    done = subprocess.run(
        [sys.executable, "-m", "bench.g6", who, str(folder), str(out)], check=True, capture_output=True, text=True
    )
    seconds, gigabytes = json.loads(done.stdout.splitlines()[-1])
    with duckdb.connect() as db:
        pairs, right, both = db.execute(
            f"SELECT count(*), count(*) FILTER (WHERE substr(left_id, 2) = substr(right_id, 2)), "
            f"(SELECT count(*) FROM '{folder}/left.parquet' l JOIN '{folder}/right.parquet' r "
            f"ON substr(l.id, 2) = substr(r.id, 2)) FROM '{out}'"
        ).fetchall()[0]
    return {
        "seconds": round(seconds, 2),
        "gigabytes": round(gigabytes, 2),
        "recall": round(right / both, 4),
        "precision": round(right / max(1, pairs), 5),
    }


def one(who: str, folder: Path, out: Path) -> int:
    """The work of the process: link, write the pairs, print the seconds and the peak."""
    work = {"ours": ours, "splink": splink, "told": told, "join": join, "rules": rules}[who]
    link = work(folder)
    started = time.perf_counter()
    pairs = link()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    pq.write_table(pairs, out)
    print(json.dumps([seconds, peak]))
    return 0


def ours(folder: Path) -> Callable[[], pa.Table]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
    django.setup()
    from tongban.data.linkage import api as linkage
    from tongban.data.linkage.settings import load

    def link() -> pa.Table:
        left, right = linkage.read(folder / "left.parquet"), linkage.read(folder / "right.parquet")
        settings = load(None, left.column_names, right.column_names, THRESHOLD)
        pairs, report = linkage.match(left, right, settings)
        if os.environ.get("TONGBAN_BENCH_VERBOSE"):
            sys.stderr.write(json.dumps({"s": report.seconds, "n": report.compared, "blocks": report.blocks,
                                         "notes": report.notes}, ensure_ascii=False) + "\n")  # fmt: skip
        return pairs

    return link


def splink(folder: Path) -> Callable[[], pa.Table]:
    """As Splink's tutorial has it."""
    return _splink(folder, learns=True)


def told(folder: Path) -> Callable[[], pa.Table]:
    """With a model as a person would write it down: what is likely among matches and among strangers."""
    return _splink(folder, learns=False)


def _splink(folder: Path, *, learns: bool) -> Callable[[], pa.Table]:
    import logging

    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.disable(logging.CRITICAL)

    def item(name: str, *levels: tuple[Any, float, float]) -> cl.CustomComparison:
        made = [level.configure(m_probability=m, u_probability=u) for level, m, u in levels]
        return cl.CustomComparison(output_column_name=name, comparison_levels=[cll.NullLevel(name), *made])

    def rest(m: float, u: float) -> tuple[Any, float, float]:
        return cll.ElseLevel(), m, u

    def link() -> pa.Table:
        db = duckdb.connect()
        for side in ("left", "right"):
            db.execute(f"CREATE TABLE {side}_rows AS SELECT * FROM '{folder}/{side}.parquet'")
        api = DuckDBAPI(db)
        settings = SettingsCreator(
            link_type="link_only",
            unique_id_column_name="id",
            probability_two_random_records_match=1 / SIZE,
            retain_matching_columns=False,
            blocking_rules_to_generate_predictions=[
                block_on("id_number"),
                block_on("name", "birth_date"),
                block_on("phone"),
                block_on("birth_date", "address"),
            ],
            comparisons=[
                item("id_number", (cll.ExactMatchLevel("id_number"), 0.98, 1e-7),
                     (cll.DamerauLevenshteinLevel("id_number", 1), 0.01, 1e-6), rest(0.01, 1 - 1e-6)),
                item("name", (cll.ExactMatchLevel("name"), 0.9, 1e-4),
                     (cll.JaroWinklerLevel("name", 0.8), 0.07, 1e-2), rest(0.03, 0.99)),
                item("birth_date", (cll.ExactMatchLevel("birth_date"), 0.95, 5e-5),
                     (cll.DamerauLevenshteinLevel("birth_date", 1), 0.03, 1e-3), rest(0.02, 0.999)),
                item("sex", (cll.ExactMatchLevel("sex"), 0.99, 0.5), rest(0.01, 0.5)),
                item("address", (cll.ExactMatchLevel("address"), 0.7, 1e-5),
                     (cll.LevenshteinLevel("address", 3), 0.1, 1e-3), rest(0.2, 0.999)),
                item("phone", (cll.ExactMatchLevel("phone"), 0.7, 1e-6),
                     (cll.DamerauLevenshteinLevel("phone", 1), 0.05, 1e-5), rest(0.25, 0.99999)),
            ],
        )  # fmt: skip
        frames = [api.register("left_rows"), api.register("right_rows")]
        linker = Linker(frames, settings, log_level=logging.CRITICAL)
        if learns:
            linker.training.estimate_probability_two_random_records_match(
                [block_on("id_number"), block_on("name", "birth_date")], recall=0.9
            )
            linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=3)
            for rule in (block_on("id_number"), block_on("name", "birth_date")):
                linker.training.estimate_parameters_using_expectation_maximisation(rule)
        scored = linker.inference.predict(threshold_match_probability=THRESHOLD)
        return db.sql(
            f"SELECT id_l AS left_id, id_r AS right_id, match_probability AS probability FROM {scored.physical_name}"
        ).to_arrow_table()

    return link


def join(folder: Path) -> Callable[[], pa.Table]:
    return _sql(folder, "l.id_number = r.id_number")


def rules(folder: Path) -> Callable[[], pa.Table]:
    """What a good clerk would ask the database for."""
    return _sql(
        folder,
        "l.id_number = r.id_number",
        "l.name = r.name AND l.birth_date = r.birth_date AND l.sex = r.sex AND l.id_number IS NULL OR r.id_number IS NULL "
        "AND l.name = r.name AND l.birth_date = r.birth_date AND l.sex = r.sex",
        "l.name = r.name AND l.phone = r.phone",
        "l.birth_date = r.birth_date AND l.address = r.address AND l.sex = r.sex",
    )


def _sql(folder: Path, *wanted: str) -> Callable[[], pa.Table]:
    def link() -> pa.Table:
        each = []
        for one in wanted:
            for part in one.split(" OR "):
                each.append(
                    f"SELECT l.id AS left_id, r.id AS right_id FROM '{folder}/left.parquet' l "
                    f"JOIN '{folder}/right.parquet' r ON {part}"
                )
        with duckdb.connect() as db:
            return db.sql(" UNION ".join(each)).to_arrow_table()

    return link


# --- the lists --------------------------------------------------------------------------------------------------------


def make(folder: Path, size: int, missing: float, sounding: float) -> None:
    """Two lists that share nine tenths: the second as another office wrote it down, with moves, new telephones, slips."""
    from tongban.site.demo.persons import generate_persons

    folder.mkdir()
    start = size // 10
    columns = generate_persons(size + start)
    chance = random.Random(6)
    same = _same_sound(columns["name"])
    left = {n: list(columns[n][:size]) for n in ITEMS}
    right = {n: list(columns[n][start:]) for n in ITEMS}
    for n, name in enumerate(right["name"]):
        if chance.random() < sounding:
            right["name"][n] = _written_otherwise(name, same, chance)
    for side in (left, right):
        side["id_number"] = [None if chance.random() < missing / 2 else v for v in side["id_number"]]
        side["birth_date"] = [_slip(str(v), chance) if chance.random() < 0.02 else str(v) for v in side["birth_date"]]
        side["phone"] = [None if not v or chance.random() < 0.2 else v for v in side["phone"]]
    others = chance.sample(range(size), size // 8)
    for n, other in pairwise(others):
        right["address"][n] = columns["address"][other]
        right["phone"][n] = f"154{chance.randrange(10**8):08}"
    for side, first, columns_ in (("left", 0, left), ("right", start, right)):
        order = list(range(size))
        chance.shuffle(order)
        table = pa.table({"id": [f"{side[0]}{first + n}" for n in order]} |
                         {n: [columns_[n][i] for i in order] for n in ITEMS})  # fmt: skip
        pq.write_table(table, folder / f"{side}.parquet")


def _same_sound(names: list[str]) -> dict[str, list[str]]:
    from pypinyin import Style, lazy_pinyin

    by_sound: dict[str, set[str]] = defaultdict(set)
    for character in {c for name in names for c in name}:
        by_sound[lazy_pinyin(character, style=Style.NORMAL)[0]].add(character)
    return {c: sorted(group - {c}) for group in by_sound.values() for c in group if len(group) > 1}


def _written_otherwise(name: str, same: dict[str, list[str]], chance: random.Random) -> str:
    places = [n for n, c in enumerate(name) if n and c in same]
    if not places:
        return name
    n = chance.choice(places)
    return name[:n] + chance.choice(same[name[n]]) + name[n + 1 :]


def _slip(day: str, chance: random.Random) -> str:
    n = chance.choice([3, 6, 9])
    return day[:n] + str((int(day[n]) + 1) % 10) + day[n + 1 :]


if __name__ == "__main__":
    sys.exit(main())
