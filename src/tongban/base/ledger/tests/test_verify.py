"""What a superuser of the database can do to the ledger, and how the verifier names it (T5, T3, T6, T7; R6)."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tongban.base.ledger import api as ledger
from tongban.base.ledger.sealing import seal
from tongban.base.ledger.verify.files import verify_file, verify_receipt
from tongban.base.ledger.verify.heads import Head, Witness

from .sealed import KEY, certificate, sealed, signer, superuser, told, verdict, witness, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen() -> Witness:
    """Three heads over 10, 300 and 320 leaves, shown to a witness."""
    sealed(10, 290, 20)
    return witness()


def number_of(index: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seqs[%s] FROM ledger_tile WHERE level = 0 AND index = %s", [index % 256 + 1, index // 256]
        )
        return int(cursor.fetchone()[0])


def rewrite_tree() -> None:
    """Tiles, log and heads thrown away and made again over what the table now says, with the real signing key."""
    superuser(
        "DELETE FROM ledger_tile",
        "DELETE FROM ledger_head",
        "UPDATE ledger_log SET size = 0, complete = 0, mark = 0",
    )
    for batch in (10, 290, 20):
        seal(signer, batch=batch)


def test_t5_an_edited_leaf_is_named(seen: Witness) -> None:
    superuser(f'UPDATE ledger_leaf SET facts = \'{{"n": 1, "opinion": "不同意"}}\' WHERE seq = {number_of(299)}')
    assert told(verdict()) == told(verdict(seen)) == [("leaf.altered", 299)]


def test_t5_an_edited_leaf_with_a_fitting_tile_is_named_by_the_witness(seen: Witness) -> None:
    """The tile has another hash too; the signed root does not fit it, and the witness kept the leaf's hash."""
    superuser(
        f"UPDATE ledger_leaf SET by = 'identity.person:other' WHERE seq = {number_of(3)}",
        "UPDATE ledger_tile SET hashes = overlay(hashes placing sha256('x') from 97) WHERE level = 0 AND index = 0",
    )
    assert ("tree.root", 0) in told(verdict())
    assert ("leaf.altered", 3) in told(verdict(seen))


def test_t5_a_history_written_anew_with_the_real_key_is_found_and_the_leaf_named(seen: Witness) -> None:
    superuser(f"UPDATE ledger_leaf SET kind = 'hall.case.refused' WHERE seq = {number_of(12)}")
    rewrite_tree()
    assert told(verdict()) == []  # nothing inside the database can tell
    assert told(verdict(seen)) == [("head.fork", 12), ("leaf.altered", 12)]


def test_t5_a_receipt_out_of_a_history_written_anew_contradicts_the_witness(seen: Witness) -> None:
    def told_of(index: int, *witnesses: Witness) -> list[tuple[str, int | None]]:
        proof = ledger.receipt(number_of(index))
        assert proof is not None
        leaf = {"index": index, "leaf": proof.leaf.hex(), "path": [each.hex() for each in proof.path]}
        shown = {"head": proof.head.record, "keys": {KEY: [certificate()]}, "witnesses": {}, "leaves": [leaf]}
        return told(verify_receipt(shown, [], witnesses))

    assert told_of(12, seen) == []
    superuser(f"UPDATE ledger_leaf SET kind = 'hall.case.refused' WHERE seq = {number_of(12)}")
    rewrite_tree()
    assert told_of(12) == []  # signed by the real key, and whole in itself
    assert told_of(12, seen) == [("head.fork", 12)]
    assert told_of(13, seen) == []


def test_t5_a_deleted_leaf_is_named(seen: Witness) -> None:
    superuser(f"DELETE FROM ledger_leaf WHERE seq = {number_of(256)}")
    assert told(verdict()) == [("leaf.missing", 256)]
    rewrite_tree()
    assert ("leaf.missing", 256) in told(verdict(seen))


def test_t5_two_swapped_leaves_are_named(seen: Witness) -> None:
    one, other = number_of(7), number_of(301)
    superuser(
        f"UPDATE ledger_leaf SET seq = -1 WHERE seq = {one}",
        f"UPDATE ledger_leaf SET seq = {one} WHERE seq = {other}",
        f"UPDATE ledger_leaf SET seq = {other} WHERE seq = -1",
    )
    assert {leaf for code, leaf in told(verdict()) if code == "leaf.moved"} == {7, 301}


def test_t5_a_truncated_ledger_is_named_leaf_by_leaf(seen: Witness) -> None:
    superuser(f"DELETE FROM ledger_leaf WHERE seq > {number_of(314)}")
    assert told(verdict()) == [("leaf.missing", index) for index in range(315, 320)]
    superuser("TRUNCATE ledger_leaf")
    assert verdict().counts["leaf.missing"] == 320


def test_t5_a_leaf_put_into_the_middle_of_the_tree_is_found(seen: Witness) -> None:
    """Between two sealed leaves, in the tile too: what was signed does not lead there; no witness knows the leaf."""
    superuser(
        'INSERT INTO ledger_leaf (seq, kind, subject_kind, subject_id, "by", facts) '
        "VALUES (-9, 'hall.case.granted', 'hall.case', 'c1', '', '{}')",
        "UPDATE ledger_tile SET hashes = substr(hashes, 1, 320) || sha256('x') || substr(hashes, 321, 255 * 32 - 320), "
        "seqs = seqs[1:10] || -9::bigint || seqs[11:255] WHERE level = 0 AND index = 0",
    )
    found = {code for code, _leaf in told(verdict())}
    assert {"tree.root", "leaf.numbers"} <= found
    assert ("leaf.inserted", 10) in told(verdict())
    assert ("leaf.extra", 10) in told(verdict(seen))


def test_t5_t3_an_inserted_back_dated_leaf_is_named(seen: Witness) -> None:
    """A number nobody can draw any more, or a fresh number with an old moment: the heads around it tell."""
    leaf = "('2020-01-01', 'hall.case.decided', 'hall.case', 'old', '', '{}')"
    rest = '(at, kind, subject_kind, subject_id, "by", facts)'
    superuser(f"INSERT INTO ledger_leaf {rest} VALUES {leaf}")
    assert seal(signer) is not None
    assert ("leaf.backdated", 320) in told(verdict())


def test_t5_a_leaf_under_an_old_number_is_never_sealed_and_shown(seen: Witness) -> None:
    superuser(
        'INSERT INTO ledger_leaf (seq, kind, subject_kind, subject_id, "by", facts) '
        "VALUES (-5, 'x', 'hall.case', 'old', '', '{}')"
    )
    assert seal(signer) is None
    superuser("UPDATE ledger_log SET complete = -100")
    assert seal(signer) is not None
    assert ("leaf.inserted", 320) in told(verdict())


def test_t5_an_older_copy_is_seen_by_the_witness(seen: Witness) -> None:
    """The database as it was after the second head: consistent in itself."""
    cut = number_of(300)
    superuser(
        f"DELETE FROM ledger_leaf WHERE seq >= {cut}",
        "DELETE FROM ledger_head WHERE size = 320",
        "UPDATE ledger_tile SET hashes = substr(hashes, 1, 44 * 32), seqs = seqs[1:44] WHERE level = 0 AND index = 1",
        "UPDATE ledger_log SET size = 300",
    )
    assert told(verdict()) == []
    assert told(verdict(seen)) == [("head.rollback", 300), *(("leaf.missing", index) for index in range(300, 320))]
    write(30, "after")  # the rolled back ledger goes on
    seal(signer)
    assert ("head.fork", 300) in told(verdict(seen))


def test_t5_two_histories_shown_to_two_witnesses_are_found(seen: Witness) -> None:
    superuser(f"UPDATE ledger_leaf SET kind = 'hall.case.refused' WHERE seq = {number_of(200)}")
    rewrite_tree()
    other = witness("two")
    found = told(verdict(seen, other))
    assert ("head.fork", 200) in found
    report = verdict(other)
    assert report.valid, "the second witness alone was shown the second history"


def test_t7_a_forged_head_or_a_broken_chain_is_found(seen: Witness) -> None:
    superuser("UPDATE ledger_head SET body = replace(body, 'size\":300', 'size\":299') WHERE size = 300")
    codes = {code for code, _leaf in told(verdict())}
    assert {"head.signature", "head.chain"} <= codes
    liar = copy.deepcopy(seen)
    liar.records[-1]["signature"] = liar.records[0]["signature"]
    assert "head.rollback" not in {code for code, _leaf in told(verdict(liar))}, "an unsigned claim proves nothing"


def _export(path: Path) -> None:
    parts = ledger.export_parts(lambda heads: [head.record for head in heads], {KEY: [certificate()]}, {})
    ledger.export(path, parts)


def test_t6_any_changed_byte_of_an_export_is_found(tmp_path: Path) -> None:
    """One byte after another through leaves, hashes and heads."""
    import zipfile

    sealed(3, 2)
    _export(tmp_path / "whole.zip")
    assert verify_file(tmp_path / "whole.zip").valid
    with zipfile.ZipFile(tmp_path / "whole.zip") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    missed = []
    for name in ("leaves.jsonl", "hashes.bin", "heads.jsonl"):
        for at in range(0, len(members[name]), 7):
            changed = bytearray(members[name])
            changed[at] ^= 1 << at % 8
            with zipfile.ZipFile(tmp_path / "changed.zip", "w") as package:
                for member, content in members.items():
                    package.writestr(member, bytes(changed) if member == name else content)
            try:
                if verify_file(tmp_path / "changed.zip").valid:
                    missed.append((name, at, chr(members[name][at])))
            except ValueError:
                continue
    assert missed == []


def test_the_verifier_runs_as_one_file_without_us(tmp_path: Path) -> None:
    sealed(3, 2)
    _export(tmp_path / "export.zip")
    (tmp_path / "verify.pyz").write_bytes(ledger.verifier())
    command = [sys.executable, "-I", "verify.pyz", "export.zip", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["valid"], report["leaves"], report["heads"]) == (0, True, 5, 2)
    superuser(f"UPDATE ledger_leaf SET kind = 'y' WHERE seq = {number_of(4)}")
    _export(tmp_path / "export.zip")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    [finding] = json.loads(done.stdout)["findings"]
    assert (done.returncode, finding["code"], finding["leaf"], finding["seq"]) == (1, "leaf.altered", 4, number_of(4))
    (tmp_path / "export.zip").write_bytes(b"PK\x03\x04 not a zip")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_a_head_says_when_and_how_far(seen: Witness) -> None:
    head = Head.parse(ledger.latest_head().body)  # type: ignore[union-attr]
    assert head.size == 320 and head.complete <= head.drawn
