"""Every pack of the repository: its references hold, and its acceptance cases go as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Town
from tongban.base.ledger.models import Leaf
from tongban.packs import api as packs
from tongban.packs.loading import load

PACKS = sorted(path.parent for path in (Path(__file__).parents[2] / "packs").glob("*/pack.yaml"))
WITH_CASES = [folder for folder in PACKS if (folder / "cases.yaml").exists()]


@pytest.mark.parametrize("folder", PACKS, ids=lambda folder: folder.name)
def test_every_reference_holds(folder: Path) -> None:
    packs.read([str(folder)])


@pytest.mark.django_db
@pytest.mark.parametrize("folder", WITH_CASES, ids=lambda folder: folder.name)
def test_every_case_goes_as_the_pack_says(town: Town, folder: Path) -> None:
    before = Leaf.objects.count()
    runs = packs.test([str(folder)])
    assert len(runs) == len(load(folder).cases)
    wrong = [f"{run.pack}: {run.case}: {run.detail}" for run in runs if not run.passed]
    assert not wrong, "\n".join(wrong)
    assert Leaf.objects.count() == before, "a case left something behind"
