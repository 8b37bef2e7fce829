"""The life of keys: generation, rotation, escrow, recovery and destruction under dual control (TRUST-02)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused
from tongban.base.ledger.api import history
from tongban.trust.keys import acts, api, escrow, life, rows, service
from tongban.trust.keys.data import ActKind, ActState, Algorithm, KeyState, Purpose
from tongban.trust.keys.models import Act, Escrow, Key

FIRST, SECOND = "first officer's words", "second officer's words"
REASON = "关于恢复密钥的批复"


@pytest.fixture
def in_escrow(world: SimpleNamespace) -> Key:
    """An office's encryption key, for which two custodians answer."""
    escrow.become_custodian(world.keeper, FIRST)
    escrow.become_custodian(world.second, SECOND)
    return rows.find(api.ensure_key(Purpose.ENCRYPTION, world.office).id)


def test_one_key_per_purpose_and_owner(world: SimpleNamespace, kinds: Callable[[Ref], list[str]]) -> None:
    first = api.ensure_key("ledger")
    assert api.ensure_key(Purpose.LEDGER) == first == api.key_for("ledger")
    assert api.ensure_key("ledger", Ref("witness", "a")).id != first.id
    assert kinds(first.ref) == ["keys.generated", "keys.active"]
    with pytest.raises(NotFound):
        api.key_for("publisher")


@pytest.mark.parametrize("algorithm", [Algorithm.P256, Algorithm.P384, Algorithm.ED25519, Algorithm.SM2])
def test_sign_with_each_algorithm(world: SimpleNamespace, algorithm: Algorithm) -> None:
    key = api.ensure_key("ledger", Ref("keys.system", algorithm), algorithm=algorithm)
    made = api.sign(key.id, b"head")
    assert api.verify(api.certificate_of(key.id), b"head", made.value, hash_name=made.hash_name)
    assert not api.verify(key.public_key, b"tail", made.value, hash_name=made.hash_name)
    if algorithm in (Algorithm.ED25519, Algorithm.SM2):
        with pytest.raises(Refused):
            api.sign_digest(key.id, bytes(32), hash_name="sm3" if algorithm is Algorithm.SM2 else "sha256")
    else:
        digest = hashlib.sha384(b"head").digest()
        other = api.sign_digest(key.id, digest, hash_name="sha384")
        assert api.verify(key.public_key, b"head", other.value, hash_name="sha384")
        assert api.verify_digest(key.public_key, digest, other.value, hash_name="sha384")
    with pytest.raises((Refused, Invalid)):
        api.sign(key.id, b"head", hash_name="md5") if algorithm is not Algorithm.ED25519 else api.sign_digest(
            key.id, b""
        )


def test_rotation(world: SimpleNamespace, kinds: Callable[[Ref], list[str]]) -> None:
    old = api.ensure_key("publisher")
    value = api.sign(old.id, b"pack").value
    new = api.rotate(old.id)
    assert api.key_for("publisher") == new and new.id != old.id
    assert api.key(old.id).state is KeyState.RETIRED and kinds(old.ref)[-1] == "keys.retired"
    assert api.verify(old.public_key, b"pack", value)
    with pytest.raises(Refused):
        api.sign(old.id, b"pack")
    with pytest.raises(Refused):
        api.rotate(old.id)


def test_suspend_resume_and_who_may(world: SimpleNamespace, kinds: Callable[[Ref], list[str]]) -> None:
    key = api.ensure_key("publisher")
    with pytest.raises(Refused):
        life.suspend(world.user, key.id, "x")
    assert api.key(key.id).state is KeyState.ACTIVE
    life.suspend(world.keeper, key.id, "疑似泄露")
    with pytest.raises(Refused):
        api.sign(key.id, b"x")
    life.resume(world.keeper, key.id, "已排除")
    api.sign(key.id, b"x")
    assert kinds(key.ref) == ["keys.generated", "keys.active", "keys.suspended", "keys.active"]


def test_keys_of_the_authority_sign_nothing_else(world: SimpleNamespace) -> None:
    api.ensure_key("timestamp")
    for purpose in ("root", "issuing", "ocsp", "timestamp"):
        row = Key.objects.filter(purpose=purpose).first()
        assert row
        with pytest.raises(Refused):
            api.sign(row.id, b"x")
    with pytest.raises(Refused):
        api.sign(api.ensure_key(Purpose.ENCRYPTION, world.office).id, b"x")


def test_production_makes_no_key_of_a_person_by_itself(world: SimpleNamespace, settings: object) -> None:
    api.ensure_key("ledger")
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    for purpose in ("person", "seal", "office", "server"):
        with pytest.raises(Refused):
            api.ensure_key(purpose, world.office)
    assert not Key.objects.filter(purpose__in=["person", "seal", "office", "server"]).exists()


def test_recovery_needs_two_people(world: SimpleNamespace, in_escrow: Key) -> None:
    sealed = service.encrypt(world.user, in_escrow.id, b"minutes")
    private = bytes(in_escrow.private)
    Key.objects.filter(id=in_escrow.id).update(private=b"\x01lost with its key-encrypting key" + bytes(60))
    act = acts.ask(world.keeper, ActKind.RECOVER, in_escrow.id, REASON, passphrase=FIRST)
    for who, words in ((world.keeper, FIRST), (world.user, FIRST), (world.second, "wrong words here")):
        with pytest.raises(Refused):
            acts.agree(who, act.id, passphrase=words)
        assert acts.act(act.id).state is ActState.OPEN
    done = acts.agree(world.second, act.id, passphrase=SECOND)
    assert done.state is ActState.DONE and REASON in done.protocol
    assert bytes(rows.find(in_escrow.id).private) != private  # wrapped anew
    assert service.decrypt(world.user, in_escrow.id, sealed) == b"minutes"
    leaf = history(rows.find(in_escrow.id).ref)[-2]
    assert (
        leaf.kind == "keys.recover_done"
        and leaf.facts["protocol"] == hashlib.sha256(done.protocol.encode()).hexdigest()
    )
    assert leaf.by == world.second.person and leaf.facts["asked_by"] == str(world.keeper.person)


def test_a_successor_reads_what_was_encrypted(world: SimpleNamespace) -> None:
    escrow.become_custodian(world.keeper, FIRST)
    escrow.become_custodian(world.second, SECOND)
    key = api.ensure_key(Purpose.ENCRYPTION, world.registrar.person)
    sealed = service.encrypt(world.registrar, key.id, b"note")
    with pytest.raises(NotFound):
        service.decrypt(world.issuer, key.id, sealed)
    act = acts.ask(world.keeper, ActKind.RECOVER, key.id, REASON, passphrase=FIRST, successor=world.issuer.person)
    acts.agree(world.second, act.id, passphrase=SECOND)
    assert service.decrypt(world.issuer, key.id, sealed) == b"note"
    assert api.key(key.id).state is KeyState.RETIRED
    with pytest.raises(NotFound):
        service.decrypt(world.registrar, key.id, sealed)


def test_signing_keys_are_never_in_escrow(world: SimpleNamespace, in_escrow: Key) -> None:
    api.ensure_key("seal", world.office)
    api.ensure_key("ledger")
    assert set(Escrow.objects.values_list("key_id", flat=True)) == {in_escrow.id}
    with pytest.raises(Refused):
        escrow.put_in_escrow(rows.find(api.key_for("ledger").id), None)
    assert api.key(in_escrow.id).escrowed and not api.key_for("ledger").escrowed


def test_no_half_opens_a_key(world: SimpleNamespace, in_escrow: Key) -> None:
    """Neither custodian alone, nor the database with the key-encrypting key, has the escrowed key."""
    mine = escrow.halves_of(world.keeper.person, in_escrow, FIRST)
    with pytest.raises(Refused):
        escrow.opened(in_escrow, mine, mine)
    with pytest.raises(Refused):
        escrow.halves_of(world.second.person, in_escrow, FIRST)
    with pytest.raises(Refused):
        escrow.end_custody(world.keeper, world.second.person)


def test_destruction_with_protocol(world: SimpleNamespace, in_escrow: Key, kinds: Callable[[Ref], list[str]]) -> None:
    with pytest.raises(Refused):  # not while it works
        acts.ask(world.keeper, ActKind.DESTROY, in_escrow.id, REASON)
    life.retire(world.keeper, in_escrow.id, "到期")
    with pytest.raises(Refused):
        acts.ask(world.user, ActKind.DESTROY, in_escrow.id, REASON)
    act = acts.ask(world.keeper, ActKind.DESTROY, in_escrow.id, REASON)
    with pytest.raises(Refused):
        acts.ask(world.second, ActKind.DESTROY, in_escrow.id, REASON)
    with pytest.raises(Refused):
        acts.agree(world.keeper, act.id)
    assert bytes(rows.find(in_escrow.id).private)
    done = acts.agree(world.second, act.id)
    gone = rows.find(in_escrow.id)
    assert gone.state == KeyState.DESTROYED and not bytes(gone.private) and not gone.escrows.exists()
    assert "员工keeper" in done.protocol and "员工second" in done.protocol and in_escrow.id in done.protocol
    assert kinds(gone.ref)[-3:] == ["keys.destroy_asked", "keys.destroyed", "keys.destroy_done"]
    with pytest.raises(Refused):
        service.decrypt(world.user, in_escrow.id, b"x" * 40)


def test_the_database_refuses_one_person_twice(world: SimpleNamespace, in_escrow: Key) -> None:
    from django.db import IntegrityError, transaction

    life.retire(world.keeper, in_escrow.id, "到期")
    act = acts.ask(world.keeper, ActKind.DESTROY, in_escrow.id, REASON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.filter(id=act.id).update(agreed_by=str(world.keeper.person))


def test_refusing_an_act(world: SimpleNamespace, in_escrow: Key) -> None:
    life.retire(world.keeper, in_escrow.id, "到期")
    act = acts.ask(world.keeper, ActKind.DESTROY, in_escrow.id, REASON)
    acts.refuse(world.second, act.id)
    with pytest.raises(NotFound):
        acts.agree(world.second, act.id)
    assert [one.state for one in acts.acts(in_escrow.id)] == [ActState.REFUSED]


def test_passphrases_are_not_guessed(world: SimpleNamespace, in_escrow: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "TRIES", 2)
    for _try in range(2):
        with pytest.raises(Refused) as refused:
            acts.ask(world.keeper, ActKind.RECOVER, in_escrow.id, REASON, passphrase="wrong words here")
        assert refused.value.code == "passphrase"
    with pytest.raises(Refused) as refused:
        acts.ask(world.keeper, ActKind.RECOVER, in_escrow.id, REASON, passphrase=FIRST)
    assert refused.value.code == "too_many"
