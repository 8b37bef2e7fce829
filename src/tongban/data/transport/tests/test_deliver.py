"""From a taken frame to the receipt: once, in one transaction, in turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tongban.base.kernel.api import Invalid, Refused, new_id, travelled
from tongban.data.transport import api as transport
from tongban.data.transport import handling, models, publishing
from tongban.data.transport.data import BadRow, Message, Outcome, Stage
from tongban.data.transport.sealing import PART

from .conftest import Ends, Notes, peer_of, work, work_all


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "sm2"])
def test_a_message_works_once_and_is_answered_signed(ends: Ends, notes: Notes, algorithm: str) -> None:
    seen: list[Message] = []
    notes.behave = lambda message: seen.append(message) or Outcome(rows=(BadRow(3, "code_set", "sex"),))  # type: ignore[func-returns-value]
    frame = ends.frames(b"460100" * 100, resource="r", grant="g", schema="s/1", trace="t")[0]
    assert b"460100" not in frame.body
    assert ends.take(frame) == ["stored"]
    assert ends.take(frame, frame) == ["again", "again"]
    work_all()
    assert ends.take(frame) == ["again"]
    work_all()
    assert len(notes.taken) == 1
    assert seen[0].body == b"460100" * 100
    assert (seen[0].envelope.resource, seen[0].envelope.grant, seen[0].envelope.schema) == ("r", "g", "s/1")
    (receipt,) = ends.receipts()
    assert receipt["stage"] == "processed"
    assert receipt["rows"] == [{"row": 3, "code": "code_set", "item": "sex", "text": ""}]
    assert receipt["about"] == seen[0].envelope.id
    going = publishing.claim(ends.here)
    assert len(going) == 1
    publishing.took([(going[0], 1)], "2026-01-01")
    assert models.Out.objects.get(id=going[0].id).due is None, "nobody answers a receipt"
    assert transport.message(seen[0].envelope.id).body == seen[0].body


def test_handler_inbox_row_and_receipt_stand_or_fall_together(ends: Ends, notes: Notes) -> None:
    """R10: an error leaves no effect; it is tried again, and works once."""

    def fails(_message: Message) -> Outcome:
        raise RuntimeError("secret words")

    notes.behave = fails
    ends.take(ends.frames()[0])
    work_all()
    assert notes.taken == []
    assert ends.receipts() == []
    (row,) = transport.inbox()
    assert (row.stage, row.tries) == (Stage.STORED, 1)
    assert "secret" not in row.text, "T41: errors' words may carry data"
    notes.behave = lambda _message: Outcome()
    with travelled(timedelta(minutes=1)):
        work_all()
    assert len(notes.taken) == 1
    assert transport.inbox()[0].stage is Stage.PROCESSED


def test_a_refusing_handler_leaves_nothing_and_is_told(ends: Ends, notes: Notes) -> None:
    def refuses(message: Message) -> Outcome:
        if message.body == b"invalid":
            raise Invalid({"id_number": "wrong check digit"})
        raise Refused("no such grant", "no_grant")

    notes.behave = refuses
    ends.take(ends.frames(b"refused")[0])
    work_all()
    ends.take(ends.frames(b"invalid")[0])
    work_all()
    ends.take(ends.frames(business="test.unknown")[0])
    work_all()
    assert notes.taken == []
    assert [one["code"] for one in ends.receipts()] == ["no_grant", "invalid", "unknown_business"]
    assert ends.receipts()[1]["rows"][0]["item"] == "id_number"


def test_t10_a_poisoned_message_is_quarantined_and_does_not_stop_others(ends: Ends, notes: Notes) -> None:
    def poison(message: Message) -> Outcome:
        if message.body == b"poison":
            raise MemoryError
        return Outcome()

    notes.behave = poison
    bad = new_id()
    ends.take(ends.frames(b"poison", id=bad)[0], ends.frames(b"fine")[0])
    work_all()
    assert len(notes.taken) == 1
    for hours in range(1, 8):
        with travelled(timedelta(hours=hours)):
            work_all()
    (held,) = transport.inbox(stage=Stage.QUARANTINED)
    assert held.id == bad
    assert next(one for one in ends.receipts() if one["about"] == bad)["code"] == "quarantined"
    assert transport.lags()[0].quarantined == 1
    notes.behave = lambda _message: Outcome()
    transport.retry("there", bad)
    work_all()
    assert bad in notes.taken
    with pytest.raises(Refused):
        transport.retry("there", bad)


def test_messages_of_a_lane_work_together_and_a_bad_one_stops_none(
    ends: Ends, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R10: they share a transaction and a receipt, and fail alone; what failed is tried again by itself."""

    def third(message: Message) -> Outcome:
        if message.body == b"2":
            raise RuntimeError
        return Outcome()

    monkeypatch.setattr(handling, "MOMENT", 60)
    notes.behave = third
    ids = [new_id() for _n in range(handling.MOST)]
    frames = [ends.frames(b"%d" % n, id=id_)[0] for n, id_ in enumerate(ids)]
    ends.take(*frames)
    work_all()
    good = ids[:2] + ids[3:]
    assert notes.taken == good
    assert models.Out.objects.count() == 1
    assert [(one["about"], one["stage"]) for one in ends.receipts()] == [(id_, "processed") for id_ in good]
    ends.take(ends.frames()[0], ends.frames()[0])
    with travelled(timedelta(minutes=1)):
        assert [len(heap) for heap in handling.claim()] == [2, 1]


def test_r10_a_message_that_kills_its_process_is_quarantined_too(ends: Ends, notes: Notes) -> None:
    ends.take(ends.frames()[0])
    for hours in range(handling.TRIES):
        with travelled(timedelta(hours=hours)):
            assert len(handling.claim()) == 1  # and dies
    with travelled(timedelta(days=1)):
        work_all()
    assert notes.taken == []
    assert len(transport.inbox(stage=Stage.QUARANTINED)) == 1


def test_parts_in_any_order_make_one_message(ends: Ends, notes: Notes) -> None:
    import os

    bodies: list[bytes] = []
    notes.behave = lambda message: bodies.append(message.body) or Outcome()  # type: ignore[func-returns-value]
    body = os.urandom(PART * 2 + 100)
    first, second, third = ends.frames(body)
    assert ends.take(third, first) == ["part", "part"]
    assert ends.take(first, third) == ["part", "part"]
    again = ends.frames(body)[0]
    assert ends.take(again) == ["part"], "another message"
    assert ends.take(second) == ["stored"]
    work_all()
    assert bodies == [body]
    assert models.Part.objects.count() == 1
    mixed = [ends.frames(body, id=new_id())[0], ends.frames(os.urandom(PART * 2 + 100))[1]]
    ends.take(*mixed)
    assert models.In.objects.count() == 1


def test_urgent_first_and_peers_in_turn(ends: Ends, notes: Notes) -> None:
    """T10: a heap of one peer does not hold up another's message of the same urgency."""
    transport.trust(peer_of(ends.stranger))
    other = {"by": ends.stranger, "sender": "stranger", "office": "office-stranger"}
    heap = [ends.frames(b"%d" % n)[0] for n in range(30)]
    ends.take(*heap[:15])
    ends.take(*heap[15:])
    late = new_id()
    ends.take(ends.frames(id=late, **other)[0], line="stranger")
    urgent = new_id()
    ends.take(ends.frames(id=urgent, priority=1)[0])
    while late not in notes.taken:
        work()
    assert notes.taken.index(urgent) == 0
    assert notes.taken.index(late) <= 3


def test_t10_a_flood_meets_a_bucket(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    transport.limit("there", 600)
    transport.trust(peer_of(ends.there))  # as the centre tells of everybody now and then: the limit stays
    transport.trust(peer_of(ends.stranger))
    with pytest.raises(Invalid):
        transport.limit("there", 0)
    other = {"by": ends.stranger, "sender": "stranger", "office": "office-stranger"}
    flood = [ends.frames(b"%d" % n)[0] for n in range(120)]
    answers = ends.take(*flood)
    assert answers.count("stored") in range(50, 100), "five seconds' worth, and what this took"
    assert set(answers) == {"stored", "later"}
    assert ends.take(ends.frames(**other)[0], line="stranger") == ["stored"]
    assert transport.refusals() == [], "the hub brings the rest again"


def test_work_that_goes_on_elsewhere_is_settled_later(ends: Ends, notes: Notes) -> None:
    notes.behave = lambda _message: Outcome(Stage.STORED)
    id_ = new_id()
    ends.take(ends.frames(id=id_)[0])
    work_all()
    transport.settle("there", id_, Outcome(Stage.PROCESSED, rows=(BadRow(1, "empty"),)))
    transport.settle("there", id_, Outcome(Stage.REFUSED))
    assert [one["stage"] for one in ends.receipts()] == ["stored", "processed"]


def test_a_blocked_peer_s_messages_wait(ends: Ends, notes: Notes) -> None:
    ends.take(ends.frames()[0])
    transport.block("there")
    work_all()
    assert notes.taken == []
    transport.unblock("there")
    work_all()
    assert len(notes.taken) == 1


def test_bodies_are_the_system_s_alone(ends: Ends) -> None:
    """R1, T1: the staff site's role lists what goes and comes, and opens nothing."""
    ends.take(ends.frames(b"460100199001011234")[0])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_app")
        cursor.execute("SELECT set_config('tongban.system', '', true)")
        cursor.execute("SELECT count(*) FROM transport_inbox")
        assert cursor.fetchone()[0] == 1
        for table in ("transport_inbody", "transport_outbody", "transport_part"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0
        cursor.execute("RESET ROLE")


def test_who_asks_again_later_is_told_in_a_new_receipt(ends: Ends, notes: Notes) -> None:
    """A replay: the sender has the first receipt, and that one would change nothing there."""
    notes.behave = lambda _message: Outcome(rows=(BadRow(3, "code_set", "sex"),))
    frame = ends.frames()[0]
    ends.take(frame)
    work_all()
    for days in (1, 40):
        with travelled(timedelta(days=days)):
            assert ends.take(frame, frame) == ["again", "again"]
    first, second, third = ends.receipts()
    assert first == second == third and len(notes.taken) == 1
    assert models.Out.objects.values("id").distinct().count() == 3
