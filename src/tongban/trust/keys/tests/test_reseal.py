"""Data keys change under load, with every room's sealed fields (security R5, T40); cells cannot be swapped; a restored
database without its key-encrypting key opens nothing (R26)."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from django.db import connection, connections

from tongban.base.kernel.api import Refused
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import KeyClass
from tongban.trust.identity.models import Person
from tongban.trust.keys import api, fields, kek, reseal

from .test_fields import own_ring  # noqa: F401 - a fixture


def _cells() -> dict[str, bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT public_id, phone FROM identity_person WHERE phone <> ''")
        return {key: bytes(cell) for key, cell in cursor.fetchall()}


def test_r5_accounts_are_sealed_and_found_by_hash(world: SimpleNamespace) -> None:
    assert identity.person(world.citizen.person).phone == "13800000001"
    assert all(b"13800000001" not in cell for cell in _cells().values())
    with pytest.raises(TypeError, match="sealed"):
        Person.objects.filter(public_id=world.citizen.person.id).update(phone="13800000002")
    with pytest.raises(TypeError, match="sealed"):
        list(Person.objects.filter(phone="13800000001"))


def test_r5_swapped_cells_are_refused(world: SimpleNamespace) -> None:
    other = identity.create_citizen("李小红", phone="13800000009")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE identity_person a SET phone = b.phone FROM identity_person b WHERE a.public_id = %s AND "
            "b.public_id = %s",
            [world.citizen.person.id, other.ref.id],
        )
    with pytest.raises(Refused):
        identity.person(world.citizen.person)
    assert identity.person(other.ref).phone == "13800000009"


@pytest.mark.django_db(transaction=True)
def test_t40_sealed_again_under_load(own_ring: Path) -> None:  # noqa: F811
    people = [identity.create_citizen(f"人{i}", phone=f"138{i:08}").ref for i in range(60)]
    stop, errors, turns = Event(), list[BaseException](), list[int]()

    def work(start: int) -> None:
        try:
            while not stop.is_set():
                for i in range(start, len(people), 3):
                    row = Person.objects.get(public_id=people[i].id)
                    assert row.phone == f"138{i:08}"
                    row.phone = row.phone + ""
                    row.save(update_fields=["phone"])
                turns.append(start)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    done = 0
    for _turn in range(3):
        api.rotate_class(KeyClass.PHONE)
        done += reseal.reseal()["resealed"]
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert errors == [] and turns and done
    reseal.reseal()
    assert all(api.field_is_current(cell, KeyClass.PHONE) for cell in _cells().values())
    fields.forget_cached()
    assert [identity.person(ref).phone for ref in people] == [f"138{i:08}" for i in range(60)]


def test_r26_restored_without_its_key_nothing_opens(own_ring: Path, world: SimpleNamespace) -> None:  # noqa: F811
    own_ring.unlink()
    fields.forget_cached()
    with pytest.raises(kek.KeyEncryptingKeyMissing, match="restore"):
        identity.person(world.citizen.person)
    with pytest.raises(kek.KeyEncryptingKeyMissing):
        identity.create_citizen("新来的", phone="13800000077")  # nothing is written in clear instead
    assert not own_ring.exists()  # and no new key is made in its place
