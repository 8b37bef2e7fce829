"""Heads go to two witnesses, which refuse a fork; the check finds what a superuser did (T5, T3, T46; R6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tongban.base.ledger import api as ledger
from tongban.trust.witness import api as witness
from tongban.trust.witness.data import LedgerBroken, WatchState
from tongban.trust.witness.models import Cosignature
from tongban.trust.witness.process import Book

from .conftest import Superuser, Town, write

pytestmark = pytest.mark.django_db


def states() -> dict[str, WatchState]:
    return {watcher.name: watcher.state for watcher in witness.watchers()}


def codes() -> set[str]:
    return {str(finding["code"]) for finding in witness.check().findings}


def follow(*counts: int) -> None:
    for count in counts:
        write(count)
        witness.seal_leaves()
        witness.hand_over()


def test_heads_are_signed_by_both_witnesses_and_the_clock_and_everything_holds(witnesses: Town) -> None:
    follow(3, 300)
    assert witness.stamp_head() and not witness.stamp_head()
    assert set(states().values()) == {WatchState.FOLLOWS}
    assert [watcher.behind for watcher in witness.watchers()] == [0, 0]
    report = witness.examine()
    assert report.findings == []
    assert report.witnesses == {"one": 2, "two": 2}
    assert report.timestamps == 1
    assert witness.check().valid


def test_sealing_adds_no_leaf_of_its_own(witnesses: Town) -> None:
    follow(1, 0)
    witness.seal_leaves()
    latest = ledger.latest_head()
    witness.hand_over()
    assert witness.seal_leaves() == 0 and ledger.latest_head() == latest


def test_a_witness_that_is_away_stops_nothing_and_catches_up(witnesses: Town) -> None:
    follow(2)
    port = witnesses.servers["two"].server_address[1]
    witnesses.stop("two")
    follow(3, 4)
    assert states() == {"one": WatchState.FOLLOWS, "two": WatchState.UNREACHABLE}
    assert [watcher.behind > 0 for watcher in witness.watchers()] == [False, True]
    assert witness.check().valid
    witnesses.start("two", port)
    witness.hand_over()
    assert set(states().values()) == {WatchState.FOLLOWS}


def test_t5_an_edited_leaf_raises_the_alarm_and_is_named(
    witnesses: Town, superuser: Superuser, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[LedgerBroken] = []
    monkeypatch.setattr("tongban.trust.witness.checking.emit", told.append)
    follow(5)
    [entry, *_rest] = ledger.leaves(kind="hall.case.decided", limit=1)
    superuser(f"UPDATE ledger_leaf SET by = 'identity.person:friend' WHERE seq = {entry.seq}")
    result = witness.check()
    assert [(finding["code"], finding["seq"]) for finding in result.findings] == [("leaf.altered", entry.seq)]
    assert [event.code for event in told] == ["leaf.altered"]
    assert ledger.leaves(kind="witness.ledger.checked")[0].facts["valid"] is False


def test_t5_a_leaf_put_in_under_an_old_number_is_found(witnesses: Town, superuser: Superuser) -> None:
    follow(5)
    superuser(
        'INSERT INTO ledger_leaf (seq, at, kind, subject_kind, subject_id, "by", facts) '
        "VALUES (-7, '2020-01-01', 'x', 'hall.case', 'old', '', '{}')"
    )
    assert codes() == {"leaf.inserted"}


def test_t5_an_older_copy_of_the_database_is_refused_by_the_witnesses(witnesses: Town, superuser: Superuser) -> None:
    follow(5)
    size = ledger.latest_head().size  # type: ignore[union-attr]
    follow(4)
    superuser(
        f"DELETE FROM ledger_leaf WHERE seq IN (SELECT unnest(seqs[{size + 1}:]) FROM ledger_tile WHERE level = 0)",
        f"DELETE FROM ledger_head WHERE size > {size}",
        f"UPDATE ledger_tile SET hashes = substr(hashes, 1, {size} * 32), seqs = seqs[1:{size}] WHERE level = 0",
        f"UPDATE ledger_log SET size = {size}",
        f"DELETE FROM witness_cosignature WHERE size > {size}",
        f"UPDATE witness_watch SET size = {size}",
    )
    assert "head.rollback" in codes()
    witness.hand_over()
    assert set(states().values()) == {WatchState.FORK}
    follow(40)  # goes on from the older copy
    assert set(states().values()) == {WatchState.FORK}
    assert "head.fork" in codes()
    refused = (witnesses.folder / "one" / "refused.jsonl").read_text().splitlines()
    assert "does not continue" in json.loads(refused[0])["why"]


def test_t5_two_histories_for_two_witnesses_are_found(
    witnesses: Town, superuser: Superuser, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(5)
    with monkeypatch.context() as only_one:
        two = witness.addresses()["two"]
        only_one.setenv("TONGBAN_WITNESSES", f"one={witness.addresses()['one']}")
        follow(3)
        head = ledger.latest_head()
        assert head is not None
    superuser(
        f"DELETE FROM ledger_head WHERE size = {head.size}",
        f"UPDATE ledger_leaf SET kind = 'other' WHERE seq = {ledger.leaves(limit=1)[0].seq}",
        f"UPDATE ledger_tile SET hashes = substr(hashes, 1, {head.size - 3} * 32), seqs = seqs[1:{head.size - 3}] "
        "WHERE level = 0",
        f"UPDATE ledger_log SET size = {head.size - 3}, complete = {ledger.leaves(limit=4)[-1].seq}, mark = 0",
        f"DELETE FROM witness_cosignature WHERE size = {head.size}",
    )
    with monkeypatch.context() as only_two:
        only_two.setenv("TONGBAN_WITNESSES", f"two={two}")
        witness.seal_leaves()
        witness.hand_over()
        assert states()["two"] is WatchState.FOLLOWS
    found = witness.examine().findings
    assert ("head.fork", head.size - 1) in [(finding.code, finding.leaf) for finding in found]
    witness.hand_over()
    assert states() == {"one": WatchState.FORK, "two": WatchState.FOLLOWS}


def test_a_witness_with_another_key_is_not_believed(witnesses: Town) -> None:
    follow(2)
    port = witnesses.servers["one"].server_address[1]
    witnesses.stop("one")
    (witnesses.folder / "one" / "key.pem").unlink()
    witnesses.start("one", port)
    before = Cosignature.objects.count()
    follow(2)
    assert states()["one"] is WatchState.CHANGED
    assert Cosignature.objects.count() == before + 1  # the other witness's


def test_a_witness_signs_only_for_its_own_ledger_and_only_what_is_signed(witnesses: Town, tmp_path: Path) -> None:
    follow(2)
    book = Book(tmp_path / "third", "third")
    head = ledger.latest_head()
    assert head is not None
    from tongban.trust.witness.heads import signers

    shown: dict[str, Any] = {"record": head.record, "chain": signers()[head.key], "old": 0, "proof": []}
    for wrong in ({"leaves": ""}, {"leaves": "AAAA"}, {"record": {**head.record, "signature": "AAAA"}, "leaves": ""}):
        with pytest.raises(ValueError):
            book.accept({**shown, **wrong})
    assert book.size == 0 and not (tmp_path / "third" / "heads.jsonl").exists()


def test_a_witness_s_own_state_is_checked_when_it_starts(witnesses: Town) -> None:
    follow(6)
    kept = witnesses.folder / "one" / "leaves.bin"
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(RuntimeError, match="was changed"):
        Book(witnesses.folder / "one", "one")


def test_a_crash_between_leaves_and_head_is_mended(witnesses: Town) -> None:
    follow(6)
    kept = witnesses.folder / "one" / "leaves.bin"
    whole = kept.read_bytes()
    kept.write_bytes(whole + b"torn")
    assert Book(witnesses.folder / "one", "one").size * 32 == len(whole) == kept.stat().st_size


def test_roles_of_the_database_have_what_they_need_and_no_more() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t, p FROM unnest(ARRAY['ledger_leaf', 'ledger_tile', 'ledger_head', 'ledger_log', "
            "'witness_cosignature']) t, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) p "
            "WHERE has_table_privilege('tongban_public', t, p)"
        )
        assert cursor.fetchall() == []  # of a leaf it may give some columns, not number and moment
