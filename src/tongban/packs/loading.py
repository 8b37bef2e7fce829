"""Reading a pack's folder: data only, every mistake with its file and line (rule 4 of the house, R16)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import DefinitionError, Lines

from .data import Pack

_KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_PACK = {"key", "title", "version", "owner", "needs", "answers"}
_ITEMS = {"items", "licences"}
# Everything a pack may hold. Anything else (a program, a template, a stray archive) refuses the whole pack.
_ALLOWED = {
    "": {"pack.yaml", "README.md", "items.yaml", "roles.yaml", "cases.yaml", "exchange.yaml", "views.yaml"},
    "registers": {".yaml"},
    "forms": {".yaml"},
    "rules": {".csv", ".dmn"},
    "processes": {".bpmn"},
    "seed": {".csv"},
    "reports": {".yaml"},
}
MAX_FILE = 2_000_000


def load(folder: Path) -> Pack:
    """The pack in a folder. `DefinitionError` lists every finding as `file:line: what is wrong`."""
    findings: list[str] = []
    files = _files(folder, findings)
    if "pack.yaml" not in files:
        raise DefinitionError([*findings, f"{folder.name}/pack.yaml:1: there is no pack.yaml"])
    head = _yaml(folder, files, "pack.yaml", _PACK, findings)
    parts = _yaml(folder, files, "items.yaml", _ITEMS, findings)
    roles = _yaml(folder, files, "roles.yaml", {"roles"}, findings)
    cases = _yaml(folder, files, "cases.yaml", {"cases"}, findings)
    _check_head(folder, head, findings)
    if findings:
        raise DefinitionError(findings)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return Pack(
        folder=folder,
        key=head["key"],
        title=head["title"],
        version=head["version"],
        owner=head.get("owner", ""),
        needs=head.get("needs") or (),
        answers=head.get("answers") or (),
        digest=digest.hexdigest(),
        registers=_texts(files, "registers"),
        forms=_texts(files, "forms"),
        processes={Path(name).stem: data for name, data in files.items() if name.startswith("processes/")},
        tables={Path(name).name: text for name, text in _texts(files, "rules").items()},
        seeds={Path(name).stem: text for name, text in _texts(files, "seed").items()},
        items=parts.get("items") or (),
        licences=parts.get("licences") or (),
        roles=roles.get("roles") or (),
        cases=cases.get("cases") or (),
    )


def _files(folder: Path, findings: list[str]) -> dict[str, bytes]:
    """The files by name inside the folder. Links and strangers are findings, never followed (T23)."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        where = f"{folder.name}/{name}:1"
        if path.is_symlink():
            findings.append(f"{where}: links are not allowed in a pack")
        elif path.is_file():
            place = name.rpartition("/")[0]
            allowed = _ALLOWED.get(place, set())
            if path.name not in allowed and path.suffix not in allowed:
                findings.append(f"{where}: a pack is data; this file has no place in it")
            elif path.stat().st_size > MAX_FILE:
                findings.append(f"{where}: larger than {MAX_FILE} bytes")
            else:
                found[name] = path.read_bytes()
                if b"\0" in found[name]:
                    findings.append(f"{where}: not a text file")
    return found


def _texts(files: dict[str, bytes], place: str) -> dict[str, str]:
    return {name: data.decode("utf-8-sig") for name, data in files.items() if name.startswith(f"{place}/")}


def _yaml(folder: Path, files: dict[str, bytes], name: str, known: set[str], findings: list[str]) -> dict[str, Any]:
    if name not in files:
        return {}
    try:
        lines = Lines(files[name].decode("utf-8-sig"), f"{folder.name}/{name}")
    except DefinitionError as error:
        findings += error.findings
        return {}
    except UnicodeDecodeError:
        findings.append(f"{folder.name}/{name}:1: not UTF-8")
        return {}
    if not isinstance(lines.data, dict):
        lines.wrong((), "a mapping (key: value) is expected")
    else:
        for key in lines.data:
            if key not in known:
                lines.wrong((key,), f"unknown key {key!r}; known are {', '.join(sorted(known))}")
    findings += lines.findings
    return lines.data if isinstance(lines.data, dict) else {}


def _check_head(folder: Path, head: dict[str, Any], findings: list[str]) -> None:
    where = f"{folder.name}/pack.yaml:1"
    if not _KEY.fullmatch(str(head.get("key", ""))):
        findings.append(f"{where}: key: a name of a-z, 0-9 and _ is expected")
    elif head["key"] != folder.name:
        findings.append(f"{where}: the key {head['key']!r} is not the folder's name")
    if not _VERSION.fullmatch(str(head.get("version", ""))):
        findings.append(f"{where}: version: three numbers such as 1.0.0 are expected")
    title = head.get("title")
    if not isinstance(title, dict) or not title.get("zh") or not title.get("en"):
        findings.append(f"{where}: title: both zh and en are expected")
