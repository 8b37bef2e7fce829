"""A small sound pack to spoil, and a checkout of one's own to install it from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from tongban.packs import api as packs

ROOT = Path(__file__).parents[2]
Spoil = Callable[..., Path]


@pytest.fixture
def checkout(tmp_path: Path, settings: LazySettings) -> Path:
    """`packs/` and `regions/` in a folder of this test alone, where packs may be written and changed."""
    here = tmp_path / "checkout"
    for name in ("base_registers", "elder_card", "enterprise_registration"):
        shutil.copytree(ROOT / "packs" / name, here / "packs" / name)
    region = here / "regions" / "hainan"
    (region / "seed").mkdir(parents=True)
    for name in ("region.yaml", "departments.csv", "seed/counties.csv"):
        shutil.copy(ROOT / "regions" / "hainan" / name, region / name)
    settings.TONGBAN_CHECKOUT = here
    return here


@pytest.fixture
def demo(checkout: Path) -> Path:
    """A new pack as `packs new` makes it."""
    return packs.make("demo1")


def change(file: Path, old: str, new: str) -> None:
    """Put one text in the place of another, which must be there."""
    text = file.read_text()
    assert old in text, f"{old!r} is not in {file.name}"
    file.write_text(text.replace(old, new))
