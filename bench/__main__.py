"""`make bench [NAME=g1]`: all workloads, or one; each prints one JSON line last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = ("g1", "g2", "g3", "g4", "g5", "g6", "g9", "g10", "g11", "g13")


def main() -> int:
    wanted = sys.argv[1:] or list(NAMES)
    status = 0
    for name in wanted:
        if name.lower() not in NAMES:
            sys.stderr.write(f"no workload {name}; there are {', '.join(NAMES)}\n")
            return 2
        root = Path(__file__).resolve().parents[1]
        status |= subprocess.run([sys.executable, "-m", f"bench.{name.lower()}"], cwd=root, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
