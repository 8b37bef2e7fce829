"""Inside the cell: what foreign bytes are, whether they hold anything evil, PDF and images written anew.

Nothing is loaded here but a few modules of the standard library and, where one is needed, a parser; no Django, no
settings, no languages. Content comes on standard input, what is written anew goes to the file whose number is the
first argument; the other two are the format it claims to be and its family. Standard output answers `is FORMAT` (what
it is; checked only if that is what it claims) or `refused CODE`.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import TYPE_CHECKING

from . import archives, documents
from .detection import detect
from .errors import Rejected

if TYPE_CHECKING:
    from typing import BinaryIO

SECONDS = 30
MEMORY = 2 * 1024**3
LARGEST = 1024**3  # written anew


def main() -> None:
    """Judge standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    number, claimed, family = sys.argv[1:]
    try:
        with open(0, "rb") as stream, os.fdopen(int(number), "wb") as out:
            found = detect(stream)
            if found == claimed:
                _check(stream, claimed, family, out)
        answer = f"is {found}"
    except Rejected as rejected:
        answer = f"refused {rejected.code}"
    sys.stdout.write(answer)


def _check(stream: BinaryIO, key: str, family: str, out: BinaryIO) -> None:
    if family == "pdf":
        documents.check_pdf(stream)
        if not documents.is_signed(stream):
            documents.write_pdf(stream, out)
    elif family == "image":
        documents.check_image(stream, key)
        documents.write_image(stream, key, out)
    elif family == "ole":
        documents.check_ole(stream)
    elif family == "text":
        documents.check_text(stream)
    elif family in ("zip", "ooxml", "ofd"):
        archives.check(stream, family)
