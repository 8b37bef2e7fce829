"""Where a person may be sent after a form (T30)."""

from __future__ import annotations

import re

# One leading slash, then only characters that no browser reads as another host, scheme or header.
_LOCAL = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


def local_path(url: str | None, default: str = "/") -> str:
    """The address if it is an exact local path (with query), else `default`. Never another host."""
    return url if url and len(url) <= 2000 and _LOCAL.fullmatch(url) else default


def is_local(url: str | None) -> bool:
    """Whether the address stays on this site."""
    return bool(url) and local_path(url, "") == url
