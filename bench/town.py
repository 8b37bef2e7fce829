"""Builds the small town in the installation named by the environment, as the owner."""

from __future__ import annotations

import sys
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from tests.conftest import build_town
    from tongban.base.kernel.api import system
    from tongban.packs import api as packs

    with system():
        build_town()
    if "pack" in sys.argv:
        packs.apply([str(Path(__file__).parent / "packs" / "bench_case")])


if __name__ == "__main__":
    main()
