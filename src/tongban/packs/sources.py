"""The bytes of a pack, from a folder or a ZIP archive: read in memory, never unpacked, never run (T23, R16).

A file that has no place in a pack refuses the whole pack. Nothing is renamed, repaired or left out in silence.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

# Everything a pack may hold: in which folder, which names or endings.
PLACES: dict[str, frozenset[str]] = {
    "": frozenset({"pack.yaml", "README.md", "items.yaml", "roles.yaml", "cases.yaml", "pack.sig"}),
    "registers": frozenset({".yaml"}),
    "forms": frozenset({".yaml"}),
    "rules": frozenset({".csv", ".dmn"}),
    "processes": frozenset({".bpmn"}),
    "seed": frozenset({".csv"}),
}
MAX_FILE = 2_000_000
MAX_TOTAL = 20_000_000
MAX_FILES = 400


class Files:
    """The files of a pack by name, and what is wrong with them (`file:line: what`)."""

    def __init__(self, path: Path) -> None:
        archive = path.suffix == ".zip"
        self.root = path.with_suffix("") if archive else path
        self.found: dict[str, bytes] = {}
        self.findings: list[str] = []
        self._total = 0
        if path.is_symlink():
            self.wrong("", "a pack must not be a link")
        elif archive and path.is_file():
            self._archive(path)
        elif path.is_dir():
            self._folder(path, "")
        else:
            self.wrong("", "a pack is a folder or a .zip file")

    def wrong(self, name: str, what: str) -> None:
        """Note a finding about a whole file."""
        shown = f"{self.root.name}/{name}".rstrip("/").encode("unicode_escape", "backslashreplace").decode()[:200]
        if name.isprintable():
            shown = f"{self.root.name}/{name}".rstrip("/")[:200]
        self.findings.append(f"{shown}:1: {what}")

    def _folder(self, folder: Path, place: str) -> None:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            name = f"{place}/{entry.name}" if place else entry.name
            if entry.is_symlink():
                self.wrong(name, "links are not allowed in a pack")
            elif entry.is_dir(follow_symlinks=False):
                if place or entry.name not in PLACES:
                    self.wrong(name, "this folder has no place in a pack")
                else:
                    self._folder(Path(entry.path), entry.name)
            elif not entry.is_file(follow_symlinks=False):
                self.wrong(name, "devices, pipes and sockets are not allowed in a pack")
            elif self._has_place(name):
                self._keep(name, _read(entry.path))

    def _archive(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                self._entries(archive)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError):
            self.wrong("", "the archive cannot be read: damaged, encrypted, or packed in an unknown way")

    def _entries(self, archive: zipfile.ZipFile) -> None:
        entries = archive.infolist()
        names = [entry.orig_filename for entry in entries]
        if len(names) > MAX_FILES:
            self.wrong("", f"more than {MAX_FILES} files")
            return
        for name in sorted({name for name in names if [n.casefold() for n in names].count(name.casefold()) > 1}):
            self.wrong(name, "stands in the archive twice")
        for entry in entries:
            self._refuse_strange(entry)
        if self.findings:
            return
        top = f"{self.root.name}/"
        inside = len(top) if all(name.startswith(top) for name in names) else 0
        for entry in entries:
            name = entry.filename[inside:]
            if not entry.is_dir() and self._has_place(name):
                with archive.open(entry) as content:  # what is written about the size may be a lie: read no further
                    self._keep(name, content.read(MAX_FILE + 1))

    def _refuse_strange(self, entry: zipfile.ZipInfo) -> None:
        """A name that leads elsewhere, or an entry that is no plain file."""
        name, mode = entry.orig_filename, entry.external_attr >> 16
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in parts or "." in parts:
            self.wrong(name, "a name that leads out of the pack")
        elif stat.S_ISLNK(mode):
            self.wrong(name, "links are not allowed in a pack")
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            self.wrong(name, "devices, pipes and sockets are not allowed in a pack")
        elif entry.flag_bits & 1:
            self.wrong(name, "encrypted files are not allowed in a pack")

    def _has_place(self, name: str) -> bool:
        place, _slash, file = name.rpartition("/")
        allowed = PLACES.get(place, frozenset())
        if not file.startswith(".") and (file in allowed or f".{file.rpartition('.')[2]}" in allowed):
            return True
        self.wrong(name, "a pack is data; this file has no place in it")
        return False

    def _keep(self, name: str, data: bytes) -> None:
        self._total += len(data)
        if len(data) > MAX_FILE:
            self.wrong(name, f"larger than {MAX_FILE} bytes")
        elif self._total > MAX_TOTAL or len(self.found) >= MAX_FILES:
            self.wrong(name, f"the pack has more than {MAX_FILES} files or {MAX_TOTAL} bytes")
        elif data.startswith(b"#!"):
            self.wrong(name, "a program, whatever its name says")
        elif b"\0" in data or not _is_text(data):
            self.wrong(name, "not a text file in UTF-8")
        else:
            self.found[name] = data

    def texts(self, place: str) -> Iterator[tuple[str, str]]:
        """The files of one folder: name with ending, and text."""
        for name, data in self.found.items():
            if name.startswith(f"{place}/"):
                yield name.removeprefix(f"{place}/"), data.decode("utf-8-sig")


def _read(path: str) -> bytes:
    """At most a little more than is allowed; a link or a pipe put there in the meantime is not followed."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read(MAX_FILE + 1)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
