"""The one stylesheet of first paint: Bootstrap and ours joined in order, so that a page waits for one file.

``python -m tongban.site.stylesheet`` writes it; a test holds the committed file to its parts.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
PARTS = ("vendor/bootstrap/bootstrap.min.css", "tongban/tokens.css", "tongban/base.css", "tongban/parts.css")
JOINED = STATIC / "tongban" / "site.css"


def joined() -> str:
    """The text of the stylesheet."""
    return "\n".join((STATIC / part).read_text(encoding="utf-8").rstrip() for part in PARTS) + "\n"


if __name__ == "__main__":
    JOINED.write_text(joined(), encoding="utf-8")
