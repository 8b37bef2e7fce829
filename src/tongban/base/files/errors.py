"""Why a file is refused."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.data import Text

MAX_PIXELS = 80_000_000
MAX_PAGES = 2_000

# What the parsers of documents and images find. They run in the cell, which knows no language: it answers the code.
REASONS: dict[str, Text] = {
    "broken": _("This file is damaged or incomplete. Please save it again and upload it once more."),
    "trailing": _("There is something else behind the end of this file."),
    "pages": format_lazy(_("The document has more than {n} pages."), n=MAX_PAGES),
    "pixels": format_lazy(_("The image is larger than {n} million pixels."), n=MAX_PIXELS // 1_000_000),
    "encrypted": _("Files with a password cannot be checked. Please remove the password."),
    "active": _("The document holds scripts or starts programs. Please save it without them."),
    "attached": _("The document carries other files. Please upload them one by one."),
    "markup": _("This file holds parts of a web page or a script. It is not accepted."),
    "macro": _("Documents with macros are not accepted. Please save it without macros."),
}


class Rejected(Exception):
    """The check found something. `code` is for the record, the message for the person who uploads."""

    def __init__(self, code: str, message: Text = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or REASONS[code]
