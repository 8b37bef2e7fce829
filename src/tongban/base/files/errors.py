"""Why a file is refused."""

from __future__ import annotations


class Rejected(Exception):
    """The check found something. `code` is for the record; the person who uploads is told `message`, or where there is
    none what `reasons.REASONS` says to the code: inside the cell no language is known."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message
