"""The key-encrypting keys: what every private and data key in the database is wrapped with, and which the database
never holds (security T39, T40).

A ring is a small text file, one key a line, `<id> <base64 of 32 bytes>`, the current one first. Production gives it
as the systemd credential `tongban-kek` or by `TONGBAN_KEK_FILE`; elsewhere it is made under `TONGBAN_HOME`.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from .data import kek_file

VERSION = b"\x01"
ID, NONCE = 8, 12
SIZE = 32


class KeyEncryptingKeyMissing(RuntimeError):
    """Wrapped keys cannot be opened: the ring is not there, or an old key of it was taken away too early."""


class Broken(Refused):
    """A wrapped or sealed value was changed, moved to another place, or made under another key."""

    def __init__(self) -> None:
        super().__init__(_("This protected value cannot be opened: it was changed or does not belong here."), "broken")


@dataclass(frozen=True)
class Ring:
    """The keys by id; `current` wraps what is new."""

    current: str
    keys: dict[str, AESGCM]


def location() -> Path:
    """Where the ring is kept."""
    return kek_file(Path(settings.TONGBAN_HOME))


def ring() -> Ring:
    """The ring as the file has it now. Outside production it is made at first use, unless keys are already wrapped."""
    path = location()
    try:
        return _read(path, _mark(path))
    except FileNotFoundError:
        pass
    if settings.PRODUCTION or os.environ.get("TONGBAN_KEK_FILE") or _wrapped_keys_exist():
        raise KeyEncryptingKeyMissing(
            f"The key-encrypting key is missing ({path}); restore it from its own backup. Nothing was changed."
        )
    with _locked(path):
        if not path.exists():
            _write(path, [_fresh()])
    return _read(path, _mark(path))


def wrap(plain: bytes, about: str) -> bytes:
    """`plain` under the current key, bound to what it is about (a table and a row)."""
    keys = ring()
    nonce = os.urandom(NONCE)
    return VERSION + keys.current.encode() + nonce + keys.keys[keys.current].encrypt(nonce, plain, about.encode())


def unwrap(wrapped: bytes, about: str) -> bytes:
    """The plain key; `Broken`, or `KeyEncryptingKeyMissing` when its key is not in the ring."""
    body = bytes(wrapped)
    name = body[1 : 1 + ID].decode("ascii", "replace")
    key = ring().keys.get(name)
    if body[:1] != VERSION or len(body) < 1 + ID + NONCE + 16:
        raise Broken
    if key is None:
        raise KeyEncryptingKeyMissing(f"The key-encrypting key {name} is not in {location()}; restore it.")
    nonce = body[1 + ID : 1 + ID + NONCE]
    try:
        return key.decrypt(nonce, body[1 + ID + NONCE :], about.encode())
    except InvalidTag:
        raise Broken from None


def kek_problem() -> str:
    """Why this installation must not serve real people with its key-encrypting key, in words; empty when it may."""
    path = location()
    try:
        mode = path.stat().st_mode
        ring()
    except (OSError, RuntimeError):
        return "TONGBAN_KEK_FILE or the credential tongban-kek names no readable ring of key-encrypting keys"
    if settings.PRODUCTION and path.resolve().is_relative_to(Path(settings.TONGBAN_HOME).resolve()):
        return "the key-encrypting key lies inside the state folder; a backup of the folder would hold it"
    if stat.S_IMODE(mode) & 0o077:
        return "the key-encrypting key can be read by other accounts of this machine (mode 0600 or 0400 is needed)"
    return ""


def add() -> str:
    """Put a fresh key at the head of the ring and give its id. `Refused` where the file is not ours to write."""
    path = location()
    ring()
    with _locked(path):
        lines = [_fresh(), *path.read_text("ascii").split("\n")]
        try:
            _write(path, lines)
        except OSError:
            raise Refused(
                _("The ring of key-encrypting keys is a read-only credential. Add a line at its head and start again.")
            ) from None
    return ring().current


def forget(names: set[str]) -> None:
    """Take keys out of the ring; the caller made sure that nothing is wrapped with them."""
    path = location()
    with _locked(path):
        _write(path, [line for line in path.read_text("ascii").split("\n") if line.split(" ")[0] not in names])


def _mark(path: Path) -> tuple[int, int]:
    """Changes whenever the file does: each write is a new file."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


@lru_cache(maxsize=2)
def _read(path: Path, _changed: tuple[int, int]) -> Ring:
    keys: dict[str, AESGCM] = {}
    for line in path.read_text("ascii").splitlines():
        name, _space, text = line.partition(" ")
        if not name:
            continue
        body = base64.b64decode(text, validate=True)
        if len(name) != ID or len(body) != SIZE:
            raise KeyEncryptingKeyMissing(f"{path} has a line that is no key-encrypting key.")
        keys[name] = AESGCM(body)
    if not keys:
        raise KeyEncryptingKeyMissing(f"{path} is empty.")
    return Ring(next(iter(keys)), keys)


def _fresh() -> str:
    return f"{secrets.token_hex(ID // 2)} {base64.b64encode(os.urandom(SIZE)).decode()}"


def _write(path: Path, lines: list[str]) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(line for line in lines if line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with (Path(settings.TONGBAN_HOME) / "kek.lock").open("w") as lock:
        # Several processes start at once; each must see the ring that the first one made.
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wrapped_keys_exist() -> bool:
    from .models import DataKey, Key

    return DataKey.objects.exists() or Key.objects.exclude(private=b"").exists()
