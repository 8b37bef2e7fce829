"""The departments' own files: extracts of a small part of the province, and one value that is wrong at its source."""

from __future__ import annotations

import csv
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from tongban.site.demo.enterprises import generate_branches, generate_enterprises
from tongban.site.demo.extracts import write_enterprises, write_people
from tongban.site.demo.persons import Columns, default_region, generate_persons

from .stage import Stage, StepFailed

RESIDENTS, ENTERPRISES = 2_000, 400
_ALL, _FIRMS = 20_000, 3_000  # as many as the registers are filled with: the same seed, the same people


def extracts(stage: Stage) -> dict[str, Any]:
    """Write the extracts once; those that are there stay as the departments have left them."""
    folder = stage.folder / "extracts"
    if not (folder / "planted.json").exists():
        stage.say(f"extracts of {RESIDENTS} residents and {ENTERPRISES} enterprises, with mistakes")
        region = default_region()
        people = generate_persons(_ALL, region=region)
        firms = _first(generate_enterprises(_FIRMS, people, region=region), ENTERPRISES)
        write_people(folder, [_first(people, RESIDENTS)])
        write_enterprises(folder, firms, generate_branches(firms, region=region))
        _plant(folder)
    stage.known["planted"] = json.loads((folder / "planted.json").read_text("utf-8"))
    rows = {path.stem: len(read(path)) for path in sorted(folder.glob("*.csv")) if "truth" not in path.stem}
    stage.say(", ".join(f"{name} {count}" for name, count in rows.items()))
    return {"rows": rows, "folder": str(folder)}


def _first(columns: Columns, rows: int) -> Columns:
    return {name: values[:rows] for name, values in columns.items()}


def _plant(folder: Path) -> None:
    """One enterprise has a wrong domicile in the market regulator's file; the right one is written down apart."""
    rows = read(folder / "market_regulation.csv")
    taxed = {row["纳税人识别号"] for row in read(folder / "tax.csv")}
    for row in rows:
        right = row["住所"]
        wrong = re.sub(r"\d+", lambda number: str(int(number[0]) + 100), right, count=1)
        if row["登记状态"] == "存续" and row["统一社会信用代码"] in taxed and wrong != right:
            row["住所"] = wrong
            _write(folder / "market_regulation.csv", rows)
            planted = {"key": row["统一社会信用代码"], "name": row["企业名称"], "wrong": wrong, "right": right}
            (folder / "planted.json").write_text(json.dumps(planted, ensure_ascii=False), "utf-8")
            return
    raise StepFailed("no enterprise whose domicile could be wrong")


def correct(stage: Stage) -> None:
    """The market regulator puts the value right in its own file, as its clerks would."""
    path, planted = stage.folder / "extracts" / "market_regulation.csv", stage.known["planted"]
    rows = read(path)
    for row in rows:
        if row["统一社会信用代码"] == planted["key"]:
            row["住所"] = planted["right"]
    _write(path, rows)


def untaxed(stage: Stage) -> set[str]:
    """By the truth that is kept apart: enterprises in business that the tax office does not know."""
    folder = stage.folder / "extracts"
    truth = read(folder / "truth_enterprises.csv")
    taxed = {row["entity"] for row in truth if row["extract"] == "tax"}
    rows = read(folder / "market_regulation.csv")
    return {row["统一社会信用代码"] for row in rows if row["登记状态"] == "存续"} - taxed


def read(path: Path) -> list[dict[str, str]]:
    """The rows of an extract."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(next(islice(rows, 1))))
        writer.writeheader()
        writer.writerows(rows)
    fresh.replace(path)
