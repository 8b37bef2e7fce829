"""The house keeps its shape: floors, front doors, rooms, file sizes, one clock (architecture sections 1-3)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "tongban"
WINGS = ("base", "trust", "engine", "data", "work", "oversight")  # their folders are rooms; portal and packs are rooms
WIRING = {"api", "data", "urls_public", "urls_staff", "cli", "apps", "rest", "settings"}
# Further doors: the one way out of the house has its name at every use (R22); sums without a table, for processes that
# have none of the room's tables (a department's node).
DOORS = {"kernel": {"egress"}, "keys": {"ciphers", "gm"}}
LONGEST = 450


def rooms() -> list[Path]:
    """Every room: a folder with an `api.py`, or one that Django knows."""
    folders = [folder for wing in WINGS for folder in (SOURCE / wing).glob("*/") if folder.name != "__pycache__"]
    found = [folder for folder in [*folders, SOURCE / "portal", SOURCE / "packs"] if any(folder.glob("*.py"))]
    return sorted(found)


def sources(*, tests: bool = False) -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).parts
        if "migrations" not in parts and (tests or "tests" not in parts):
            yield path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every module of ours that a file imports, with the line; relative imports are made absolute."""
    package = ["tongban", *path.relative_to(SOURCE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join([*above, *([node.module] if node.module else [])])
            yield node.lineno, whole
            yield from ((node.lineno, f"{whole}.{alias.name}") for alias in node.names)


def room_of(path: Path) -> Path | None:
    return next((room for room in rooms() if path.is_relative_to(room)), None)


def test_from_outside_a_room_only_its_front_door_is_imported() -> None:
    doors = {".".join(["tongban", *room.relative_to(SOURCE).parts]): room for room in rooms()}
    wrong = []
    for path in sources():
        own = room_of(path)
        for line, name in imported(path):
            for door, room in doors.items():
                rest = name.removeprefix(door + ".")
                if room == own or rest == name or not rest:
                    continue
                inside = rest.split(".")[0]
                exists = (room / f"{inside}.py").exists() or (room / inside / "__init__.py").exists()
                if exists and inside not in WIRING | DOORS.get(room.name, set()):
                    wrong.append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert wrong == []


def test_the_floors_hold() -> None:
    """import-linter's contracts: a wing imports from the wings below it only."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize("room", rooms(), ids=lambda room: str(room.relative_to(SOURCE)))
def test_every_room_has_its_page_and_its_door(room: Path) -> None:
    assert len((room / "README.md").read_text().splitlines()) >= 5, "README.md says purpose, nouns, verbs, events"
    if room.name == "node":  # a process of its own has its own settings; `src/tongban/site/node/tests` opens its door
        return
    door = import_module(".".join(["tongban", *room.relative_to(SOURCE).parts, "api"]))
    assert door.__all__
    assert [name for name in door.__all__ if not hasattr(door, name)] == []
    if (room / "apps.py").exists():
        assert f'label = "{room.name}"' in (room / "apps.py").read_text()


def test_no_file_is_too_long_to_read() -> None:
    long = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in sources(tests=True)}
    assert {name: length for name, length in long.items() if length > LONGEST} == {}


def test_no_names_that_say_nothing() -> None:
    bad = re.compile(r"^(utils?|helpers?|misc|common)(\.py)?$")
    assert [str(p) for p in SOURCE.rglob("*") if bad.match(p.name)] == []
    # Django's own manager of accounts, and the hall's noun for a public service that is open now.
    allowed = {"PersonManager", "OpenService"}
    classes = re.compile(r"^class (\w+(?:Service|Manager|Helper|Utils?))\b", re.M)
    found = {name for path in sources() for name in classes.findall(path.read_text())}
    assert found - allowed == set()


CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("time", "time"),
}
CLOCK = "base/kernel/clock.py"


def test_r13_only_the_kernel_s_clock_tells_the_time() -> None:
    """R13: no other source of wall time. Durations use `time.monotonic` and `time.perf_counter`."""
    wrong = []
    for path in sources():
        if str(path.relative_to(SOURCE)) == CLOCK:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and (_last(node.value), node.attr) in CLOCKS:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {_last(node.value)}.{node.attr}")
    assert wrong == []


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def test_no_model_signals() -> None:
    """Down: call. Up: event. Never a signal of a model."""
    signals = re.compile(r"(?<!def )\b(post_save|pre_save|post_delete|pre_delete|m2m_changed)\b")
    assert [str(p.relative_to(ROOT)) for p in sources() if signals.search(p.read_text())] == []


def test_foreign_keys_point_downwards_or_stay_in_the_room() -> None:
    from django.apps import apps

    floors = {
        "base": 0,
        "trust": 1,
        "engine": 2,
        "data": 3,
        "work": 4,
        "oversight": 5,
        "portal": 5,
        "packs": 5,
        "site": 6,
    }
    # Rooms that stand above others of their own wing.
    within = {"keys": 0.1, "openid": 0.1, "witness": 0.2, "seals": 0.2}
    wrong = []
    for model in apps.get_models():
        here = model.__module__.split(".")
        for field in model._meta.get_fields():
            to = getattr(field, "related_model", None)
            if here[0] != "tongban" or to is None or isinstance(to, str) or not getattr(field, "concrete", False):
                continue
            there = to.__module__.split(".")
            if there[0] != "tongban" or there[:3] == here[:3]:
                continue
            if floors[there[1]] + within.get(there[2], 0) >= floors[here[1]] + within.get(here[2], 0):
                wrong.append(f"{model.__name__}.{field.name} -> {to.__name__}")
    assert wrong == []


def test_registries_are_shut_once_the_program_has_started() -> None:
    """A closed registry is filled at start and then shut: nothing is slipped in while the program runs."""
    from tongban.base.kernel.api import Registry

    shut: Registry[int] = Registry("test")
    shut.register("a", 1)
    shut.close()
    with pytest.raises(Exception):  # noqa: B017 - the kernel's own error class is not part of its door
        shut.register("b", 2)
    assert dict(shut.items()) == {"a": 1}


def test_coverage_names_requirement_rows_that_exist() -> None:
    """docs/coverage: every row is one of the requirements' ids and leads to files that are there."""
    folder = ROOT / "docs" / "coverage"
    pages = [*folder.glob("*.md")] if folder.is_dir() else [*(ROOT / "docs").glob("coverage.md")]
    if not pages:
        pytest.skip("docs/coverage is not written yet")
    ids = re.compile(r"\b(SVC|DATA|TRUST|OA|CHAN|SCN|NFR|EMG|CRE|STAT|PORT|PET|PROJ|LEARN|SUP)-\d{2}\b")
    for page in pages:
        assert ids.search(page.read_text()), page
        for name in re.findall(r"`((?:src|tests|packs|docs|bench)/[\w./-]+)(?:::\w+)?`", page.read_text()):
            assert (ROOT / name).exists(), f"{page.name} names {name}, which is not there"
