"""Reading a pack: data only, every mistake with its file and line (rule 4 of the house, R16)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import DefinitionError, Lines

from . import format
from .data import Pack
from .shapes import Shape
from .sources import Files

SIGNATURE = "pack.sig"  # over the digest of all other files


def load(path: Path) -> Pack:
    """The pack in a folder or a .zip file. `DefinitionError` lists every finding as `file:line: what is wrong`."""
    files = Files(path)
    if "pack.yaml" not in files.found:
        files.wrong("pack.yaml", "there is no pack.yaml")
    if files.findings:
        raise DefinitionError(files.findings)
    head = _yaml(files, "pack.yaml", format.PACK)
    parts = _yaml(files, "items.yaml", format.ITEMS)
    roles = _yaml(files, "roles.yaml", format.ROLES)
    cases = _yaml(files, "cases.yaml", format.CASES)
    if head.get("key", files.root.name) != files.root.name:
        files.wrong("pack.yaml", f"the key {head['key']!r} is not the name of the folder or archive")
    if files.findings:
        raise DefinitionError(files.findings)
    return Pack(
        folder=files.root,
        key=head["key"],
        title=head["title"],
        version=head["version"],
        owner=head["owner"],
        needs=head.get("needs") or (),
        answers=head.get("answers") or (),
        digest=_digest({name: data for name, data in files.found.items() if name != SIGNATURE}),
        signature=files.found.get(SIGNATURE, b""),
        readme=files.found.get("README.md", b"").decode("utf-8-sig"),
        texts={
            name: data.decode("utf-8-sig")
            for name, data in files.found.items()
            if "/" not in name and name != SIGNATURE
        },
        registers=dict(files.texts("registers")),
        forms=dict(files.texts("forms")),
        processes={name.removesuffix(".bpmn"): text.encode() for name, text in files.texts("processes")},
        tables=dict(files.texts("rules")),
        seeds={name.removesuffix(".csv"): text for name, text in files.texts("seed")},
        items=parts.get("items") or (),
        licences=parts.get("licences") or (),
        roles=roles.get("roles") or (),
        cases=cases.get("cases") or (),
    )


def _digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the files with name and length: one changed byte is another pack (T27)."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def _yaml(files: Files, name: str, shape: Shape) -> dict[str, Any]:
    if name not in files.found:
        return {}
    try:
        lines = Lines(files.found[name].decode("utf-8-sig"), f"{files.root.name}/{name}")
    except DefinitionError as error:
        files.findings += error.findings
        return {}
    shape(lines, (), lines.data)
    files.findings += lines.findings
    return lines.data if isinstance(lines.data, dict) else {}
