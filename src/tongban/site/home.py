"""The one folder of state (`TONGBAN_HOME`) and the secrets kept in it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from importlib.util import find_spec
from pathlib import Path

import yaml


def home() -> Path:
    """`TONGBAN_HOME`, or `.tongban/` in the checkout."""
    configured = os.environ.get("TONGBAN_HOME")
    return Path(configured).resolve() if configured else checkout() / ".tongban"


def checkout() -> Path:
    """The folder that holds `packs/`, `regions/` and `docs/`."""
    return Path(__file__).resolve().parents[3]


def secret(name: str) -> str:
    """A random secret of this installation, made at first use and kept in `secrets.json`, readable by the owner only.

    An environment variable `TONGBAN_SECRET_<NAME>` wins: production keeps its secrets outside the state folder.
    """
    configured = os.environ.get(f"TONGBAN_SECRET_{name.upper()}")
    if configured:
        return configured
    path = home() / "secrets.json"
    known = _kept(path)
    if name not in known:
        home().mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as lock:
            # Several processes start at once; each must see the secret that the first one made.
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = _kept(path)
            if name not in known:
                known[name] = secrets.token_urlsafe(32)
                fresh = path.with_suffix(".new")
                fresh.touch(mode=0o600)
                fresh.write_text(json.dumps(known, indent=1))
                fresh.replace(path)
    return known[name]


def _kept(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def region_title(folder: Path) -> dict[str, str]:
    """The region's name by language, from its `region.yaml`; empty where it has none."""
    path = folder / "region.yaml"
    known = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return dict(known.get("title") or {})


def exists(module: str) -> bool:
    """Whether a module can be imported: rooms are found by the files they have."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
