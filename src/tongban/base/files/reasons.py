"""What people are told when a file is refused, by the code of the refusal."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.data import Text

from .limits import MAX_ENTRIES, MAX_PAGES, MAX_PIXELS, MAX_TOTAL, MB
from .names import MAX_NAME

REASONS: dict[str, Text] = {
    # whatever it is
    "empty": _("The file is empty."),
    "broken": _("This file is damaged or incomplete. Please save it again and upload it once more."),
    "trailing": _("There is something else behind the end of this file."),
    "encrypted": _("Files with a password cannot be checked. Please remove the password."),
    "markup": _("This file holds parts of a web page or a script. It is not accepted."),
    "malware": _("Malware was found in this file. It was not accepted."),
    "scanner": _("The virus check does not answer just now. Please upload the file again in a few minutes."),
    # documents and images
    "pages": format_lazy(_("The document has more than {n} pages."), n=MAX_PAGES),
    "pixels": format_lazy(_("The image is larger than {n} million pixels."), n=MAX_PIXELS // 1_000_000),
    "active": _("The document holds scripts or starts programs. Please save it without them."),
    "attached": _("The document carries other files. Please upload them one by one."),
    "macro": _("Documents with macros are not accepted. Please save it without macros."),
    "xml_entities": _("The document holds definitions that are not accepted."),
    "remote": _("The document loads parts from elsewhere. Please save it without them."),
    # archives
    "entries": format_lazy(_("The archive holds more than {n} files."), n=MAX_ENTRIES),
    "layout": _("The parts of this archive overlap or are hidden."),
    "member_name": _("A file inside the archive has a name that leads out of it."),
    "member_twice": _("The archive holds two files of the same name."),
    "method": _("The archive is packed in a way that is not accepted. Please use plain ZIP."),
    "link": _("The archive holds links or devices instead of files."),
    "program": _("The archive holds programs, scripts or web pages."),
    "too_large": format_lazy(_("Unpacked, the archive is larger than {n} MB."), n=MAX_TOTAL // MB),
    "bomb": _("The archive unpacks to far more than it should. It is not accepted."),
    "nested": _("The archive holds another archive. Please upload its files directly."),
    # names
    "name_length": format_lazy(_("The file name must have 1 to {n} characters."), n=MAX_NAME),
    "name_characters": _("The file name holds invisible or control characters. Please rename it."),
    "name_path": _("The file name must not be a path, begin with a dot or end with a blank."),
    "name_runnable": _("Programs, scripts and web pages cannot be uploaded, whatever they are called."),
}
