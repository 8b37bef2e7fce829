"""The cell: foreign bytes are parsed and written anew in a process of their own (R18, T21, T22).

It has no network, sees programs and nothing else of the machine, and has limits of time and memory. bubblewrap makes
its walls; where that does not run, the limits alone hold, and the log says so.

What comes out is not what came in: an image is drawn again and a PDF is written again from its objects, so that
nothing hides between the parts, and where and when a photograph was taken stays with who took it. A signed PDF stays
as it is to the byte, or its signature would be lost.
"""

from __future__ import annotations

import functools
import logging
import resource
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from .documents import check_image, check_pdf, is_signed, write_image, write_pdf
from .errors import Rejected

log = logging.getLogger(__name__)
SECONDS = 30
MEMORY = 2 * 1024**3
_SOURCE = Path(__file__).parents[3]
_REFUSED = 3


def written_anew(stream: BinaryIO, key: str, out: BinaryIO) -> bool:
    """Check a PDF or an image and write it anew to `out`. False where it has to stay as it is. `Rejected` when the
    check finds something, or when it takes more time or memory than any honest file."""
    stream.seek(0)
    command = [*_walls(), sys.executable, "-m", __name__, key]
    try:
        done = subprocess.run(
            command, stdin=stream, stdout=out, stderr=subprocess.PIPE, timeout=SECONDS, check=False, cwd="/",
            env={"PYTHONPATH": str(_SOURCE), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Rejected("broken") from error
    if done.returncode == _REFUSED:
        raise Rejected(done.stderr.decode().strip())
    if done.returncode:
        log.warning("the check of a file ended with %s", done.returncode)
        raise Rejected("broken")
    out.flush()
    return out.tell() > 0


@functools.cache
def _walls() -> tuple[str, ...]:
    """The command that shuts the cell, or nothing where it does not run here."""
    folders = {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", sys.prefix, sys.base_prefix, str(_SOURCE)}
    walls = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for folder in sorted(folders):
        walls += ["--ro-bind-try", folder, folder]
    try:
        subprocess.run([*walls, sys.executable, "-c", ""], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        log.warning(
            "bubblewrap does not run here: uploads are parsed without walls (Debian: apt-get install bubblewrap)"
        )
        return ()
    return tuple(walls)


def walled() -> bool:
    """Whether the cell has its walls on this machine."""
    return bool(_walls())


def main(key: str) -> int:
    """Inside: content on standard input, what is written anew on standard output, the code of a refusal on standard
    error."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open(0, "rb") as stream, open(1, "wb") as out:
            _write_anew(stream, key, out)
    except Rejected as rejected:
        sys.stderr.write(rejected.code)
        return _REFUSED
    return 0


def _write_anew(stream: BinaryIO, key: str, out: BinaryIO) -> None:
    if key != "pdf":
        check_image(stream, key)
        write_image(stream, key, out)
        return
    check_pdf(stream)
    if not is_signed(stream):
        write_pdf(stream, out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
