"""File names: refused when they try to look like something else, never repaired (security T21, T23)."""

from __future__ import annotations

import unicodedata

from .errors import Rejected

MAX_NAME = 200
_PROGRAMS = "app apk bat bin cgi cmd com cpl dll dmg exe gadget inf jar lnk msc msi msp pif reg scf scr swf url"
_SCRIPTS = "hta js jse jsp jspx php pl ps1 py rb sh vb vbe vbs wsf wsh docm dotm pptm xlsm xltm"
_PAGES = "htm html mhtml shtml svg svgz xht xhtml"
RUNNABLE = frozenset(f"{_PROGRAMS} {_SCRIPTS} {_PAGES}".split())


def check_name(name: str) -> str:
    """The name of an upload, in NFC. `Rejected` for path parts, control and direction characters, hidden
    endings."""
    if not name.strip() or len(name) > MAX_NAME:
        raise Rejected("name_length")
    if hidden(name):
        raise Rejected("name_characters")
    if "/" in name or "\\" in name or name.startswith(".") or name != name.strip() or name.endswith("."):
        raise Rejected("name_path")
    if any(part in RUNNABLE for part in endings(name)):
        raise Rejected("name_runnable")
    return unicodedata.normalize("NFC", name)


def hidden(name: str) -> bool:
    """Whether a name holds characters that people do not see: controls, direction overrides, zero widths."""
    return any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for c in name)


def endings(name: str) -> list[str]:
    """All endings of a name, in small letters: `a.exe.pdf` has `exe` and `pdf`."""
    return [part.strip().lower() for part in name.split(".")[1:]]
