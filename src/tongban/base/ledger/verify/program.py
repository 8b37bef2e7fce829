"""This folder as one file that runs anywhere."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path


def verifier() -> bytes:
    """The verifying program as one file: `python verify.pyz FILE`. Needs Python and `cryptography`, nothing of ours."""
    start = "import sys\n\nfrom ledger_verify.command import main\n\nsys.exit(main())\n"
    made = io.BytesIO(b"#!/usr/bin/env python3\n")
    made.seek(0, io.SEEK_END)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("__main__.py"), start)
        for source in sorted(Path(__file__).parent.glob("*.py")):
            if source.name != "__main__.py":
                package.writestr(zipfile.ZipInfo(f"ledger_verify/{source.name}"), source.read_text())
    return made.getvalue()
