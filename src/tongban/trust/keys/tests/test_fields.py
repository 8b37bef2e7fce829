"""Encryption of personal fields (security R5, T39) and the key-encrypting key (T40, R26)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path
from shutil import copy2
from threading import Event, Thread
from time import perf_counter
from types import SimpleNamespace

import pytest
from django.db import connections, transaction

from tongban.base.kernel.api import Refused
from tongban.trust.keys import api, fields, kek, rewrap, rows
from tongban.trust.keys.data import Algorithm
from tongban.trust.keys.models import DataKey

PLACE = ("identity_person", "id_number", "p1")
NUMBER = "11010519491231002X"


@pytest.fixture
def own_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Path]:
    """A copy of the ring, for the test to change or lose."""
    kek.ring()
    path = tmp_path / "kek"
    copy2(kek.location(), path)
    monkeypatch.setattr(kek, "location", lambda: path)
    yield path
    fields.forget_cached()


def test_r5_a_field_opens_in_its_place_only(own_ring: Path) -> None:
    sealed = api.seal_field(*PLACE, NUMBER, "person")
    assert api.open_field(*PLACE, sealed).decode() == NUMBER
    assert NUMBER.encode() not in sealed and sealed != api.seal_field(*PLACE, NUMBER, "person")
    table, column, row = PLACE
    for moved in ((table, column, "p2"), (table, "phone", row), ("hall_case", column, row)):
        with pytest.raises(kek.Broken):
            api.open_field(*moved, sealed)
    for changed in (
        sealed[:-1] + bytes([sealed[-1] ^ 1]),
        sealed[:-20],
        b"",
        b"\x02" + sealed[1:],
        NUMBER.encode() * 3,
    ):
        with pytest.raises(kek.Broken):
            api.open_field(*PLACE, changed)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("algorithm", [Algorithm.AES256, Algorithm.SM4])
def test_r5_rotation_keeps_old_fields_readable(algorithm: Algorithm) -> None:
    fields.forget_cached()
    old = api.seal_field(*PLACE, NUMBER, "person")
    number = api.rotate_class("person", algorithm=algorithm)
    new = api.seal_field(*PLACE, NUMBER, "person")
    assert int.from_bytes(new[1:5]) == number and new[1:5] != old[1:5]
    assert api.open_field(*PLACE, old) == api.open_field(*PLACE, new) == NUMBER.encode()
    assert api.field_is_current(new, "person") and not api.field_is_current(old, "person")


@pytest.mark.django_db(transaction=True)
def test_r5_a_data_key_outlives_a_rollback() -> None:
    """The process may already have sealed with it for somebody else."""
    fields.forget_cached()
    with pytest.raises(RuntimeError), transaction.atomic():
        sealed = api.seal_field(*PLACE, NUMBER, "fresh")
        raise RuntimeError
    fields.forget_cached()
    assert api.open_field(*PLACE, sealed).decode() == NUMBER


def test_r5_blind_index(own_ring: Path) -> None:
    one = api.blind_index("id_number", NUMBER)
    assert one == api.blind_index("id_number", NUMBER) and len(one) == 16
    whole = hmac.digest(fields._current(fields.INDEX).plain, f"id_number|{NUMBER}".encode(), "sha256")
    assert one == whole[:16]
    assert one not in (api.blind_index("phone", NUMBER), api.blind_index("id_number", NUMBER[:-1]))
    with pytest.raises(ValueError, match="keep their key"):
        api.rotate_class("index")


def test_fast_enough(own_ring: Path) -> None:
    """At least 20,000 fields a second, with a margin of ten on a quiet machine."""
    sealed = api.seal_field(*PLACE, NUMBER, "person")
    start = perf_counter()
    for _field in range(4000):
        api.seal_field(*PLACE, NUMBER, "person")
        api.open_field(*PLACE, sealed)
    assert 8000 / (perf_counter() - start) > 20_000


def test_t39_the_database_alone_opens_nothing(own_ring: Path, world: SimpleNamespace) -> None:
    key = api.ensure_key("ledger")
    api.seal_field(*PLACE, NUMBER, "person")
    for wrapped in (bytes(rows.find(key.id).private), bytes(DataKey.objects.filter(key_class="person")[0].wrapped)):
        assert wrapped[1:9].decode() == kek.ring().current and len(wrapped) > 60
    other = kek.wrap(b"x" * 32, "keys.key:another")
    with pytest.raises(kek.Broken):  # a wrapped key does not open in another row's place
        kek.unwrap(other, "keys.key:this")


def test_t40_without_the_key_encrypting_key_nothing_starts(own_ring: Path) -> None:
    sealed = api.seal_field(*PLACE, NUMBER, "person")
    own_ring.rename(own_ring.with_suffix(".away"))
    fields.forget_cached()
    with pytest.raises(kek.KeyEncryptingKeyMissing, match="restore"):
        api.open_field(*PLACE, sealed)
    with pytest.raises(kek.KeyEncryptingKeyMissing):
        api.seal_field(*PLACE, NUMBER, "person")
    assert not own_ring.exists()  # no new one is made in its place: that would hide the loss
    assert "names no readable ring" in kek.kek_problem()
    own_ring.with_suffix(".away").rename(own_ring)
    assert api.open_field(*PLACE, sealed).decode() == NUMBER


def test_t40_rotation_of_the_key_encrypting_key(own_ring: Path, world: SimpleNamespace) -> None:
    sealed, key = api.seal_field(*PLACE, NUMBER, "person"), api.ensure_key("ledger")
    old = kek.ring().current
    before = rewrap.rotate_kek()
    assert before >= 5 and kek.ring().current != old and set(kek.ring().keys) > {old}
    fields.forget_cached()
    assert api.open_field(*PLACE, sealed).decode() == NUMBER
    api.sign(key.id, b"still")
    assert rewrap.rewrap() == 0
    assert rewrap.forget_old() == [old]
    fields.forget_cached()
    assert api.open_field(*PLACE, sealed).decode() == NUMBER
    assert own_ring.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db(transaction=True)
def test_t40_rotation_under_load(own_ring: Path) -> None:
    """Data keys and the key-encrypting key change while others seal and open: no error, nothing unreadable."""
    sealed: list[bytes] = [api.seal_field(*PLACE, NUMBER, "person")]
    key, stop, errors = api.ensure_key("ledger"), Event(), list[BaseException]()

    def work() -> None:
        try:
            while not stop.is_set():
                fields.forget_cached()  # as a process that has just started
                sealed.append(api.seal_field(*PLACE, NUMBER, "person"))
                assert api.open_field(*PLACE, sealed[0]).decode() == NUMBER
                api.sign(key.id, b"head")
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for _turn in range(3):
        api.rotate_class("person")
        rewrap.rotate_kek()
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    rewrap.rewrap()
    assert errors == [] and len(sealed) > 3 and len(rewrap.forget_old()) >= 3
    fields.forget_cached()
    assert {api.open_field(*PLACE, one).decode() for one in sealed} == {NUMBER}


def test_t40_an_old_key_in_use_is_not_forgotten(own_ring: Path) -> None:
    api.seal_field(*PLACE, NUMBER, "person")
    kek.add()
    with pytest.raises(Refused, match="rewrap"):
        rewrap.forget_old()
    assert len(kek.ring().keys) == 2


def test_r28_production_wants_the_ring_outside_the_state_folder(own_ring: Path, settings: object) -> None:
    kek.ring()
    assert kek.kek_problem() == ""
    own_ring.chmod(0o644)
    assert "0600" in kek.kek_problem()
    own_ring.chmod(0o600)
    settings.PRODUCTION, settings.TONGBAN_HOME = True, own_ring.parent  # type: ignore[attr-defined]
    assert "state folder" in kek.kek_problem()
    own_ring.unlink()
    with pytest.raises(kek.KeyEncryptingKeyMissing):
        kek.ring()
