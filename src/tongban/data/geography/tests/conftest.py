"""The registers of the pack, divisions of the demonstration province, and its invented layers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tongban.data.geography import api
from tongban.engine.registers import api as registers

ROOT = Path(__file__).resolve().parents[5]
REGION = ROOT / "regions/hainan"
FOLDER = REGION / "geography"


def _load(divisions: Path) -> None:
    api.load_divisions(divisions, [FOLDER / "province.geojson", FOLDER / "counties.geojson"], FOLDER / "names.csv")
    for layer in ("road", "plot"):
        api.import_features(f"geo_{layer}", FOLDER / f"{layer}s.geojson")
    api.import_features("geo_facility", FOLDER / "facilities.geojson")
    api.import_features("geo_protected_area", FOLDER / "protected_areas.geojson")


@pytest.fixture
def registered(db: None) -> Iterator[None]:
    registers.forget_definitions()
    folder = ROOT / "packs/geography/registers"
    registers.apply([registers.parse(file.read_text("utf-8"), file.name) for file in sorted(folder.glob("*.yaml"))])
    yield
    registers.forget_definitions()


@pytest.fixture
def base(registered: None, tmp_path: Path) -> None:
    """Without villages, which only addresses need."""
    lines = (REGION / "divisions.csv").read_text("utf-8").splitlines(keepends=True)
    few = tmp_path / "divisions.csv"
    few.write_text("".join(line for line in lines if ",village," not in line), "utf-8")
    _load(few)


@pytest.fixture
def whole(registered: None) -> None:
    """With all divisions of the province."""
    _load(REGION / "divisions.csv")
