"""A bundle crosses: proposed by one, approved by another, carried, imported, acknowledged on paper (NET-04, SCN-40)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, Refused
from tongban.base.ledger import api as ledger
from tongban.data.ferry import api, models
from tongban.data.ferry.data import State
from tongban.engine.registers import api as registers
from tongban.trust.alarms import api as alarms

from .conftest import rows, write

Carried = Callable[[], Path]
Inner = Callable[[], None]


def test_a_bundle_crosses_and_its_receipt_comes_back(outer: SimpleNamespace, carried: Carried, inner: Inner) -> None:
    path = carried()
    kept = models.Bundle.objects.values().get(), models.Channel.objects.values().get()
    before = rows()
    assert path.name.startswith("pkg-outer-to-inner-")
    assert path.name.endswith("-000001.zip")
    assert "项目1".encode() not in path.read_bytes()  # closed to the receiver, whoever finds the disc
    inner()
    assert rows() == {}
    arrived = api.bring(path)
    assert (arrived.state, arrived.number, arrived.rows, arrived.proposed_by) == (State.IMPORTED, 1, 3, "员工writer")
    assert rows() == before
    assert [entry.kind for entry in ledger.history(arrived.ref)] == ["ferry.imported"]
    # Back on the other side, with nothing but the paper.
    models.Bundle.objects.all().delete()
    models.Channel.objects.all().delete()
    models.Channel.objects.create(**kept[1])
    models.Bundle.objects.create(**kept[0])
    wrong = arrived.receipt[:-1] + ("A" if arrived.receipt[-1] != "A" else "B")
    with pytest.raises(Invalid):
        api.acknowledge(outer.writer, wrong)
    assert models.Bundle.objects.get().state == State.EXPORTED
    head, code = arrived.receipt.rsplit(" ", 1)
    typed = f"{head} {code.replace('-', '')}".lower()
    assert api.acknowledge(outer.writer, typed).state is State.ACKNOWLEDGED


def test_the_next_bundle_carries_what_changed_and_what_ended(carried: Carried, inner: Inner) -> None:
    first = carried()
    write(4, 4)
    write(2, 2, "改名")
    gone = registers.find("project", number="P3")
    assert gone is not None
    registers.retire("project", gone.id, by=None, reason="撤销立项")
    second = carried()
    with zipfile.ZipFile(second) as bundle:
        assert json.loads(bundle.read("manifest.json"))["contents"][0]["rows"] == 3
    inner()
    api.bring(first)
    api.bring(second)
    assert {number: title[:3] for number, title in rows().items()} == {"P1": "项目1", "P2": "改名2", "P4": "项目4"}


def test_a_bundle_twice_changes_nothing(carried: Carried, inner: Inner) -> None:
    path = carried()
    inner()
    first = api.bring(path)
    leaves = len(ledger.leaves(limit=1000))
    assert api.bring(path) == first
    assert len(ledger.leaves(limit=1000)) == leaves
    assert registers.model("project").objects.filter(version=1).count() == 3


def test_a_missing_number_waits_and_raises_an_alarm(outer: SimpleNamespace, carried: Carried, inner: Inner) -> None:
    paths = [carried()]
    for number in (4, 5, 6):
        write(number, number)
        paths.append(carried())
    inner()
    api.bring(paths[0])
    waits = api.bring(paths[3])
    assert waits.state is State.WAITING
    assert alarms.watch() == 1
    assert [(alarm.rule, alarm.subject) for alarm in alarms.open_alarms()] == [("ferry_gap", "ferry.channel:to-inner")]
    assert api.channels()[0].missing == (2, 3)
    assert set(rows()) == {"P1", "P2", "P3"}
    api.bring(paths[1])
    assert set(rows()) == {"P1", "P2", "P3", "P4"}
    # The third is lost for good: a named person says so, with a reason, and the fourth comes in.
    with pytest.raises(Refused):
        api.skip(outer.carrier, "to-inner", "光盘损坏，已重报")
    assert set(rows()) == {"P1", "P2", "P3", "P4"}
    [last] = api.skip(outer.security, "to-inner", "光盘损坏，已重报")
    assert (last.state, last.number, set(rows())) == (State.IMPORTED, 4, {"P1", "P2", "P3", "P4", "P6"})


def test_a_predecessor_lets_in_what_waited(carried: Carried, inner: Inner) -> None:
    first = carried()
    write(4, 4)
    second = carried()
    inner()
    assert api.bring(second).state is State.WAITING
    api.bring(first)
    assert set(rows()) == {"P1", "P2", "P3", "P4"}
    assert set(models.Bundle.objects.values_list("state", flat=True)) == {State.IMPORTED}


def _with(path: Path, out: Path, **parts: bytes) -> Path:
    """A copy with other parts in it."""
    names = {"manifest": "manifest.json", "payload": "payload.closed", "extra": "../evil.txt"}
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        whole = {name: old.read(name) for name in old.namelist()}
        for name, content in {**whole, **{names[key]: value for key, value in parts.items()}}.items():
            new.writestr(name, content)
    return out


def test_t8_altered_bundles_are_refused(carried: Carried, inner: Inner, tmp_path: Path) -> None:
    path = carried()
    with zipfile.ZipFile(path) as bundle:
        label, payload = bundle.read("manifest.json"), bundle.read("payload.closed")
    inner()
    flipped = bytes([payload[-20] ^ 1])
    wrong = {
        "signature": _with(path, tmp_path / "a.zip", manifest=label.replace(b'"rows":3', b'"rows":4')),
        "damaged": _with(path, tmp_path / "b.zip", payload=payload[:-20] + flipped + payload[-19:]),
        "format": _with(path, tmp_path / "c.zip", extra=b"evil"),
    }
    (tmp_path / "d.zip").write_bytes(path.read_bytes()[:2000])
    for code, file in [*wrong.items(), ("format", tmp_path / "d.zip")]:
        with pytest.raises(Refused) as refusal:
            api.bring(file)
        assert refusal.value.code == code
    assert rows() == {}
    assert not models.Bundle.objects.exists()
    assert not (tmp_path.parent / "evil.txt").exists()
    assert [entry.facts["code"] for entry in ledger.leaves(kind="ferry.refused", limit=9)] == [
        "format", "format", "damaged", "signature",
    ]  # fmt: skip


def test_another_authority_is_not_believed(outer: SimpleNamespace, carried: Carried, inner: Inner) -> None:
    path = carried()
    inner()
    models.Channel.objects.update(root=_stranger())
    with pytest.raises(Refused) as caught:
        api.bring(path)
    assert caught.value.code == "signature"
    assert rows() == {}


def _stranger() -> bytes:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Another authority")])
    start = datetime.now(UTC) - timedelta(days=1)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(7).not_valid_before(start).not_valid_after(start + timedelta(days=9))
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return built.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_t3_two_people_and_their_posts(outer: SimpleNamespace) -> None:
    with pytest.raises(Refused):
        api.propose(outer.stranger, "to-inner", "internal", "领导辅助决策", ["project"])
    assert not models.Bundle.objects.exists()
    own = api.propose(outer.chief, "to-inner", "internal", "领导辅助决策", ["project"])
    for actor in (outer.chief, outer.writer):
        with pytest.raises(Refused):
            api.approve(actor, own.id)
    with pytest.raises(Refused):
        api.export(own.id)
    assert models.Bundle.objects.get().state == State.PROPOSED
    assert models.Channel.objects.get().number == 0


def test_labels_and_directions(outer: SimpleNamespace) -> None:
    with pytest.raises(Invalid) as invalid:
        api.propose(outer.writer, "to-inner", "public", "领导辅助决策", ["project"])
    assert set(invalid.value.errors) == {"label"}
    certificate = api.own_certificate()
    for key, start, end in (("down", "inner", "outer"), ("same", "outer", "outer"), ("far", "public", "inner")):
        with pytest.raises(Invalid):
            api.open_channel(outer.security, key, "向下", start, end, certificate)
    with pytest.raises(Refused):
        api.open_channel(outer.writer, "mine", "我的", "outer", "inner", certificate)
    assert [channel.key for channel in api.channels()] == ["to-inner"]
    assert not models.Bundle.objects.exists()
