"""What the tutorial tells a newcomer to write is a pack whose references hold and whose cases go as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Town
from tongban.packs import api as packs

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


@pytest.mark.django_db
def test_the_tutorial_s_pack_works(town: Town, tmp_path: Path) -> None:
    folder = packs.make(str(tmp_path / "night_stall"))
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", TUTORIAL.read_text(), re.DOTALL | re.MULTILINE):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    packs.read([str(folder)])
    runs = packs.test([str(folder)])
    assert [(run.case, run.detail) for run in runs if not run.passed] == []
    assert len(runs) == 3
