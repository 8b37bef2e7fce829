"""Why a file is refused."""

from __future__ import annotations

from tongban.base.kernel.data import Text


class Rejected(Exception):
    """The check found something. `code` is for the record, the message for the person who uploads."""

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
