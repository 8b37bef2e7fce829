"""What a run that was killed itself left behind: processes, network namespaces and folders of dead runs.

Everything of a run carries the number of the process of its test in its name, so nothing of a living run is touched.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

FOLDER = "tb-faults-"  # then the number of the test's process
PLACE = "tb"  # a network namespace, likewise


def clear() -> None:
    """Take away what dead runs left."""
    _end_all()
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        if _dead(folder.name.removeprefix(FOLDER)):
            shutil.rmtree(folder, ignore_errors=True)
    for place in Path("/run/netns").glob(f"{PLACE}[0-9]*-*"):
        if _dead(place.name.removeprefix(PLACE)):
            subprocess.run(["ip", "netns", "del", place.name], capture_output=True, check=False)


def _dead(name: str) -> bool:
    """Whether the process whose number the name begins with is gone."""
    number, _dash, rest = name.partition("-")
    return number.isdigit() and bool(rest) and not Path(f"/proc/{number}").exists()


def _end_all() -> None:
    """End whatever works in the folder of a dead run, by its own number."""
    deadline = time.monotonic() + 60
    while (left := _working()) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def _working() -> list[int]:
    word, found = re.compile(f"/{FOLDER}([^/\\0]+)".encode()), []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            named = word.findall((process / "cmdline").read_bytes() + (process / "environ").read_bytes())
            if any(_dead(name.decode()) for name in named):
                found.append(int(process.name))
    return found
