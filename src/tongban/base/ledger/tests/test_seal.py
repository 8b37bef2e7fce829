"""Sealing: every committed leaf once, none skipped, none waited for; heads chained; proofs from the tiles (R6)."""

import threading

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError

from tongban.base.kernel.api import Ref
from tongban.base.ledger import api as ledger
from tongban.base.ledger.queries import sealed_numbers
from tongban.base.ledger.sealing import seal
from tongban.base.ledger.verify.heads import Head
from tongban.base.ledger.verify.tree import consistent, root_of_path

from .sealed import sealed, signer, told, verdict, write

pytestmark = pytest.mark.django_db


def test_leaves_are_sealed_once_and_the_heads_form_a_chain() -> None:
    heads = sealed(3, 300, 1, 700)
    assert [head.size for head in heads] == [3, 303, 304, 1004]
    assert seal(signer) is None
    assert ledger.unsealed() == 0
    assert [Head.parse(head.body).previous for head in heads] == ["", *(head.digest for head in heads[:-1])]
    assert told(verdict()) == []
    assert told(verdict(begin=303)) == []


def test_a_receipt_proves_its_leaf_and_heads_prove_each_other() -> None:
    heads = sealed(3, 300, 1, 700)
    numbers = sealed_numbers(0, 1004)
    for index in (0, 2, 3, 255, 256, 303, 1003):
        proof = ledger.receipt(numbers[index])
        assert proof is not None and proof.index == index
        root = root_of_path("sha256", proof.leaf, index, proof.head.size, proof.path)
        assert root == Head.parse(proof.head.body).root
        assert proof.leaf == ledger.leaf(numbers[index]).leaf
    assert ledger.receipt(numbers[0]).head.size == 3  # type: ignore[union-attr]
    one, other = Head.parse(heads[1].body), Head.parse(heads[3].body)
    assert consistent("sha256", 303, one.root, 1004, other.root, ledger.consistency_proof(303, 1004))


def test_more_leaves_than_one_head_takes_go_under_several() -> None:
    write(25)
    heads = [seal(signer, batch=10) for _ in range(4)]
    assert [head and head.size for head in heads] == [10, 20, 25, None]
    assert told(verdict()) == []


def test_an_unsealed_leaf_has_no_receipt_yet() -> None:
    sealed(2)
    write(1, "late")
    [entry] = ledger.history(Ref("hall.case", "late0"))
    assert ledger.receipt(entry.seq) is None
    assert ledger.unsealed() == 1


def test_sm3_by_setting_for_a_new_ledger(settings: pytest.FixtureRequest) -> None:
    settings.TONGBAN_LEDGER_HASH = "sm3"  # type: ignore[attr-defined]
    sealed(3, 5)
    assert Head.parse(ledger.latest_head().body).algorithm == "sm3"  # type: ignore[union-attr]
    assert told(verdict()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_tile SET hashes = decode(repeat('00', 64), 'hex')",
        "UPDATE ledger_tile SET seqs = ARRAY[9, 8]",
        "DELETE FROM ledger_tile",
        "TRUNCATE ledger_tile",
        "UPDATE ledger_head SET body = 'x'",
        "DELETE FROM ledger_head",
    ],
)
def test_what_is_sealed_cannot_be_changed_even_by_the_owner(statement: str) -> None:
    sealed(2)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert told(verdict()) == []


def _other() -> psycopg.Connection:
    entry = settings.DATABASES["default"]
    return psycopg.connect(
        host=entry["HOST"], port=entry["PORT"], dbname=entry["NAME"], user=entry["USER"], password=entry["PASSWORD"]
    )


_RAW = (
    'INSERT INTO ledger_leaf (kind, subject_kind, subject_id, "by", facts) VALUES '
    "('x', 'hall.case', 'slow', '', '{}')"
)


@pytest.mark.django_db(transaction=True)
def test_a_leaf_that_commits_late_is_sealed_and_nobody_waits_for_it() -> None:
    """A number drawn early, committed after many later ones, several sealings on; and one that rolls back."""
    with _other() as slow, _other() as never:
        slow.execute(_RAW)
        never.execute(_RAW)
        first = sealed(3)[0]
        assert first.size == 3
        second = sealed(2)[0]
        assert second.size == 5
        never.rollback()
        slow.commit()
        third = seal(signer)
        assert third is not None and third.size == 6
    sealed(1)
    assert len(set(sealed_numbers(0, 7))) == 7
    assert Head.parse(ledger.latest_head().body).complete == Head.parse(ledger.latest_head().body).drawn  # type: ignore[union-attr]
    assert told(verdict()) == []


@pytest.mark.django_db(transaction=True)
def test_no_leaf_is_lost_under_writers_that_commit_in_any_order() -> None:
    done = threading.Event()

    def work(number: int) -> None:
        with _other() as mine:
            for turn in range(40):
                for _ in range(1 + (turn + number) % 3):
                    mine.execute(_RAW)
                mine.rollback() if turn % 5 == number else mine.commit()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seal(signer)
        done.wait(0.005)
    seal(signer)
    seal(signer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(seq ORDER BY seq) FROM ledger_leaf")
        [written] = cursor.fetchone()
    assert sorted(sealed_numbers(0, len(written) + 10)) == written
    assert told(verdict()) == []
