"""The command-line tool. Exit status: 0 done, 1 refused or failed with a message, 2 usage."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from .home import exists

_WITH_COMMANDS = (
    "tongban.site.run",
    "tongban.site.region.cli",
    "tongban.base.calendars.cli",
    "tongban.site.conformance",
    "tongban.site.identity_cli",
    "tongban.site.items_cli",
    "tongban.site.ledger_cli",
    "tongban.site.packs_cli",
    "tongban.site.keys_cli",
    "tongban.site.ferry_cli",
    "tongban.site.node.cli",
    "tongban.trust.seals.cli",
    "tongban.trust.witness.cli",
    "tongban.site.catalogue_cli",
    "tongban.data.linkage.cli",
    "tongban.data.geography.cli",
    "tongban.data.economy.cli",
    "tongban.data.laws.cli",
    "tongban.data.results.cli",
    "tongban.site.demo.cli",
)


def parser() -> argparse.ArgumentParser:
    """All commands; each room that has some adds its own (`cli.register`)."""
    main = argparse.ArgumentParser(prog="tongban", description="Tongban (通办): e-government of a province or a city.")
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in _WITH_COMMANDS:
        if exists(module):
            import_module(module).register(commands)
    return main


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
    arguments = parser().parse_args(argv)
    from tongban.base.kernel.data import TongbanError

    try:
        return int(arguments.run(arguments) or 0)
    except (TongbanError, RuntimeError) as error:
        if getattr(arguments, "json", False):
            sys.stdout.write(json.dumps({"error": str(error)}, ensure_ascii=False) + "\n")
        sys.stderr.write(f"tongban: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
