"""A run that was killed itself leaves nothing that the next one does not take away; a living run keeps what it has."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .leftovers import FOLDER, clear


def _folder(pid: int) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{pid}-"))


def test_what_dead_runs_left_goes_and_nothing_else() -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    theirs, ours = _folder(dead.pid), _folder(os.getpid())
    left, kept = (
        subprocess.Popen(["sleep", "600"], env={**os.environ, "TONGBAN_HOME": f"{folder}/tax"})
        for folder in (theirs, ours)
    )
    try:
        clear()
        assert left.wait(60) == -9 and not theirs.exists()
        assert kept.poll() is None and ours.exists()
    finally:
        kept.kill()
        kept.wait()
        ours.rmdir()
