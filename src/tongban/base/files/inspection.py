"""From received bytes to a verdict: format by content, then structure, then malware."""

from __future__ import annotations

from typing import BinaryIO

from django.utils.translation import gettext as _

from . import archives, documents
from .data import FORMATS, Family, Format, Slot
from .detection import detect
from .errors import Rejected
from .names import endings
from .scanners import finding


def wanted(name: str, slot: Slot) -> None:
    """`Rejected` when the name already says that the file does not fit; the content is not looked at yet."""
    ending = next(reversed(endings(name)), "")
    if ending not in slot.endings:
        raise Rejected("format", _("Files of this kind are not accepted here.") + " " + slot.rule)


def inspect(stream: BinaryIO, name: str, slot: Slot) -> Format:
    """The format of a received file. `Rejected` when it is not what it is called, not allowed here, or
    harmful."""
    found = FORMATS.get(_text_kind(detect(stream), name))
    if found is None:
        raise Rejected("unknown", _("What this file holds is not known.") + " " + slot.rule)
    if next(reversed(endings(name))) not in found.endings:
        message = _("The file is called {ending}, but its content is {format}. Please save it in the right format.")
        raise Rejected("disguised", message.format(ending=name.rpartition(".")[2].upper(), format=found.label))
    if found.key not in slot.formats:
        raise Rejected("format", _("Files of this kind are not accepted here.") + " " + slot.rule)
    if finding(stream):
        raise archives.infected()
    _structure(stream, found)
    return found


def _text_kind(key: str, name: str) -> str:
    """Text has no signature: a table of values is text that is called one."""
    return "csv" if key == "txt" and name.lower().endswith(".csv") else key


def _structure(stream: BinaryIO, found: Format) -> None:
    """What is read without foreign parsers; PDF and images go into the cell."""
    if found.family is Family.OLE:
        documents.check_ole(stream)
    elif found.family is Family.TEXT:
        documents.check_text(stream)
    elif found.family in (Family.ZIP, Family.OOXML, Family.OFD):
        archives.check(stream, found.family)
