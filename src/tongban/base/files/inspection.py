"""From received bytes to a verdict: malware, then format and structure, which the cell reads."""

from __future__ import annotations

from typing import BinaryIO

from django.utils.translation import gettext as _

from . import cell
from .data import FORMATS, Family, Format, Slot
from .errors import Rejected
from .names import endings
from .scanners import finding


def wanted(name: str, slot: Slot) -> Format:
    """The format that the name claims. `Rejected` when it does not fit; the content is not looked at yet."""
    ending = next(reversed(endings(name)), "")
    for claimed in map(FORMATS.__getitem__, slot.formats):
        if ending in claimed.endings:
            return claimed
    raise Rejected("format", _("Files of this kind are not accepted here.") + " " + slot.rule)


def inspect(stream: BinaryIO, name: str, claimed: Format, slot: Slot, out: BinaryIO) -> None:
    """`Rejected` when a received file is not what it is called, or harmful. What is written anew goes to `out`."""
    if finding(stream):
        raise Rejected("malware")
    if claimed.family is Family.TABLE and _begins(stream, b"PAR1"):
        return  # nobody opens one here
    # Text has no signature: a table of values is text that is called one.
    kind = "txt" if claimed.family is Family.TEXT else claimed.key
    found = cell.examined(stream, kind, claimed.family, out)
    if found == kind:
        return
    if found not in FORMATS:
        raise Rejected("unknown", _("What this file holds is not known.") + " " + slot.rule)
    message = _("The file is called {ending}, but its content is {format}. Please save it in the right format.")
    ending = name.rpartition(".")[2].upper()
    raise Rejected("disguised", message.format(ending=ending, format=FORMATS[found].label))


def _begins(stream: BinaryIO, signature: bytes) -> bool:
    stream.seek(0)
    return stream.read(len(signature)) == signature
