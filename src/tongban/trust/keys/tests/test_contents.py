"""Keys of stored files: wrapped anew without touching the files, and nothing without the ring (T39, T40, R26)."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from tongban.base.files import api as files
from tongban.base.kernel.api import Ref
from tongban.trust.keys import api, fields, kek, reseal, rewrap
from tongban.trust.keys.data import CONTENTS, Algorithm

from .test_fields import own_ring  # noqa: F401 - a fixture

CITIZEN = Ref("identity.person", "citizen")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], str]:
    monkeypatch.setattr("tongban.base.files.store.root", lambda: tmp_path / "files")
    slot = files.Slot(("txt",))
    return lambda content: files.receive(io.BytesIO(content), "a.txt", slot, CITIZEN).id


def _stored(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "files").rglob("*") if path.is_file()}


def _wrapped() -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM files_blob ORDER BY sha256")
        return [bytes(key) for (key,) in cursor.fetchall()]


def _read(file: str) -> bytes:
    with files.open_released(file) as stream:
        return stream.read()


@pytest.mark.parametrize("algorithm", [Algorithm.AES256, Algorithm.SM4])
def test_t40_keys_change_and_contents_stay(
    algorithm: Algorithm,
    upload: Callable[[bytes], str],
    own_ring: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    fields.forget_cached()
    one = upload(b"one" * 50_000)
    stored, wrapped = _stored(tmp_path), _wrapped()
    number = api.rotate_class(CONTENTS, algorithm=algorithm)
    rewrap.rotate_kek()
    two = upload(b"two")
    assert reseal.reseal()["contents"] == 1 and reseal.reseal()["contents"] == 0
    rewrap.forget_old()
    fields.forget_cached()
    assert all(key.startswith(b"\x01" + number.to_bytes(4)) for key in _wrapped())
    assert not set(wrapped) & set(_wrapped()) and stored.items() <= _stored(tmp_path).items()
    assert (_read(one), _read(two)) == (b"one" * 50_000, b"two")


def test_r26_without_the_ring_nothing_opens_and_nothing_is_kept(
    upload: Callable[[bytes], str],
    own_ring: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    one, stored = upload(b"one"), _stored(tmp_path)
    own_ring.unlink()
    fields.forget_cached()
    with pytest.raises(kek.KeyEncryptingKeyMissing):
        _read(one)
    with pytest.raises(kek.KeyEncryptingKeyMissing):
        upload(b"two")
    with pytest.raises(kek.KeyEncryptingKeyMissing):
        files.check_fixity()  # and nothing is called damaged
    assert _stored(tmp_path) == stored and not own_ring.exists()
