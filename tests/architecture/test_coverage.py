"""docs/coverage.md tells the truth: every test and every place it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = [line for line in (ROOT / "docs" / "coverage.md").read_text().splitlines() if line.startswith("| **")]
ROW = re.compile(r"\| \*\*([A-Z]+-\d+(?:\.\d+)?)\*\*")


def test_each_row_stands_once() -> None:
    rows = [match[1] for line in LINES if (match := ROW.match(line))]
    assert len(rows) == len(LINES)
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line[4:].split("*")[0]))
def test_what_a_row_names_is_there(line: str) -> None:
    quoted = re.findall(r"`([^`]+)`", line)
    for name in (name for name in quoted if "::" in name):
        path, test = name.split("::")
        tree = ast.parse((ROOT / path).read_text())
        assert any(isinstance(node, ast.FunctionDef) and node.name == test for node in ast.walk(tree)), name
    for place in (name for name in quoted if "/" in name and "::" not in name):
        assert (ROOT / place).exists() or (ROOT / "src" / "tongban" / place).exists(), place
