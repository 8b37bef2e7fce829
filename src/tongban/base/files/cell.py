"""The cell: foreign bytes are parsed and written anew in a process of their own (R17, T21, T22, T24).

It has no network, sees programs and nothing else of the machine, and has limits of time and memory. bubblewrap makes
its walls; where that does not run, the limits alone hold, and the log says so. What happens there is in `inside.py`.

What comes out is not what came in: an image is drawn again and a PDF is written again from its objects, so that
nothing hides between the parts, and where and when a photograph was taken stays with who took it. A signed PDF stays
as it is to the byte, or its signature would be lost; so does everything that is only read.
"""

from __future__ import annotations

import functools
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from .errors import Rejected
from .inside import SECONDS
from .reasons import REASONS

log = logging.getLogger(__name__)
_SOURCE = Path(__file__).parents[3]
# Without `site` a Python starts in a third of the time; where its modules lie, it is told.
_PYTHON = (sys.executable, "-I", "-S", "-c")
_START = "import sys; sys.path = sys.argv.pop(1).split(':'); from tongban.base.files.inside import main; main()"


def examined(stream: BinaryIO, claimed: str, family: str, out: BinaryIO) -> str:
    """What the content is: the key of a format, or nothing for one that nobody knows. If it is what it claims to be, it
    is checked as well, and a PDF or an image is written anew to `out`. `Rejected` when the check finds something, or
    takes more time or memory than any honest file."""
    path = ":".join(part for part in sys.path if part)
    command = [*_walls(), *_PYTHON, _START, path, str(out.fileno()), claimed, family]
    try:
        # Opened again, so that the cell cannot change what was measured and scanned. Of the clock it may take twice as
        # much as of the processor: the machine may be busy.
        with open(f"/proc/self/fd/{stream.fileno()}", "rb") as given, tempfile.TemporaryFile() as answer:
            done = subprocess.run(
                command, stdin=given, stdout=answer, stderr=subprocess.DEVNULL, pass_fds=[out.fileno()],
                timeout=2 * SECONDS, check=False, cwd="/", env={"LC_ALL": "C.UTF-8"},
            )  # fmt: skip
            answer.seek(0)
            verdict, _space, word = answer.read(64).decode("ascii", "replace").partition(" ")
    except subprocess.TimeoutExpired as error:
        log.warning("the check of a file took more than %s seconds", 2 * SECONDS)
        raise Rejected("broken") from error
    if verdict == "refused" and word in REASONS:
        raise Rejected(word)
    if verdict != "is" or done.returncode:
        log.warning("the check of a file ended with %s", done.returncode)
        raise Rejected("broken")
    return word


@functools.cache
def _walls() -> tuple[str, ...]:
    """The command that shuts the cell, or nothing where it does not run here."""
    folders = {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", sys.prefix, sys.base_prefix, str(_SOURCE)}
    walls = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for folder in sorted(folders):
        walls += ["--ro-bind-try", folder, folder]
    try:
        subprocess.run([*walls, *_PYTHON, ""], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        log.warning(
            "bubblewrap does not run here: uploads are parsed without walls (Debian: apt-get install bubblewrap)"
        )
        return ()
    return tuple(walls)


def walled() -> bool:
    """Whether the cell has its walls on this machine."""
    return bool(_walls())
