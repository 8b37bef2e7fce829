"""The outbox: in the caller's transaction, until the receiver's signed word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from tongban.base.kernel.api import Refused, canonical, new_id, now, today, travelled
from tongban.data.transport import api as transport
from tongban.data.transport import keeping, models, publishing, sending
from tongban.data.transport.data import Kind, Stage
from tongban.data.transport.ends import STATEMENT, state

from .conftest import Ends, Notes, work_all

ERA = "2026-01-01"


def _send(body: bytes = b"{}", **changes: object) -> str:
    return transport.send("there", Kind.DATA, "test.note", body, **changes)  # type: ignore[arg-type]


def _publish(ends: Ends) -> list[publishing.Going]:
    going = publishing.claim(ends.here)
    publishing.took([(each, place) for place, each in enumerate(going, 1)], ERA)
    return going


def _receipt(ends: Ends, about: str, stage: Stage, code: str = "", **changes: object) -> None:
    body = canonical({"stage": stage, "code": code, "text": "", "rows": []})
    facts = {"kind": Kind.RECEIPT, "business": sending.RECEIPT, "about": about, **changes}
    assert ends.take(ends.frames(body, **facts)[0])[0] in ("stored", "refused")  # type: ignore[arg-type]
    work_all()


def _stage(id_: str) -> Stage:
    return transport.passage(id_).stage


def test_r9_a_message_stands_or_falls_with_its_transaction(ends: Ends) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _send()
        raise ZeroDivisionError
    assert transport.outbox() == []
    assert models.OutBody.objects.count() == models.Lane.objects.count() == 0
    for node, code in (("nobody", "stranger"), ("there", "blocked")):
        if node == "there":
            transport.block("there")
        with pytest.raises(Refused) as refused:
            transport.send(node, Kind.DATA, "test.note", b"")
        assert refused.value.code == code
    assert transport.outbox() == []


def test_r9_a_query_is_never_asked_inside_a_transaction(ends: Ends) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        transport.ask("there", "test.note", b"")


def test_a_row_stays_until_the_receiver_s_signed_word(ends: Ends) -> None:
    id_ = _send(b"words")
    assert [each.id for each in _publish(ends)] == [id_]
    assert _stage(id_) is Stage.SENT
    assert publishing.claim(ends.here) == [], "nothing to do until the receipt is late"
    _receipt(ends, id_, Stage.STORED)
    assert _stage(id_) is Stage.STORED
    _receipt(ends, id_, Stage.PROCESSED)
    assert _stage(id_) is Stage.PROCESSED
    _receipt(ends, id_, Stage.REFUSED, "late")
    assert _stage(id_) is Stage.PROCESSED, "an end is an end"


def test_t9_nobody_else_can_give_the_receipt(ends: Ends) -> None:
    from .conftest import peer_of

    transport.trust(peer_of(ends.stranger))
    id_ = _send()
    _publish(ends)
    body = canonical({"stage": "processed", "code": "", "text": "", "rows": []})
    facts = {"by": ends.stranger, "sender": "stranger", "office": "office-stranger"}
    frame = ends.frames(body, kind=Kind.RECEIPT, business=sending.RECEIPT, about=id_, **facts)[0]  # type: ignore[arg-type]
    ends.take(frame, line="stranger")
    work_all()
    assert _stage(id_) is Stage.SENT


def test_a_receipt_tells_of_all_that_ended_alike_and_of_nobody_else_s(ends: Ends) -> None:
    from .conftest import peer_of

    transport.trust(peer_of(ends.stranger))
    one, two, open_ = _send(), _send(), _send()
    other = transport.send("stranger", Kind.DATA, "test.note", b"{}")
    _publish(ends)
    body = canonical({"stage": "processed", "code": "", "text": "", "rows": [], "also": [two, other]})
    ends.take(ends.frames(body, kind=Kind.RECEIPT, business=sending.RECEIPT, about=one)[0])
    work_all()
    assert [_stage(id_) for id_ in (one, two, open_, other)] == [*[Stage.PROCESSED] * 2, *[Stage.SENT] * 2]


def test_urgent_goes_first_and_a_lane_keeps_its_order(ends: Ends) -> None:
    slow, first, second = _send(priority=9), _send(), _send()
    urgent = _send(priority=1)
    assert [each.id for each in publishing.claim(ends.here)] == [urgent, first, second, slow]
    numbers = {row.id: row.number for row in models.Out.objects.all()}
    assert [numbers[one] for one in (slow, first, second, urgent)] == [1, 2, 3, 4]


def test_expiry_tells_the_sender(ends: Ends) -> None:
    waits, under_way = _send(expires=now() + timedelta(seconds=30)), ""
    publishing.claim(ends.here)  # and the process died
    with travelled(timedelta(seconds=31)):
        assert publishing.expire() == 1
        assert (_stage(waits), transport.passage(waits).code) == (Stage.EXPIRED, "not_taken")
    under_way = _send(expires=now() + timedelta(seconds=30))
    _publish(ends)
    with travelled(timedelta(seconds=60)):
        assert publishing.expire() == 0, "the receiver may have taken it in time"
    with travelled(timedelta(minutes=3)):
        assert publishing.expire() == 1
        _receipt(ends, under_way, Stage.PROCESSED, created=now())
        assert _stage(under_way) is Stage.PROCESSED, "the receiver's word counts"
    _receipt(ends, waits, Stage.REFUSED, "expired")
    assert _stage(waits) is Stage.EXPIRED


def test_r10_a_hub_that_lost_everything_gets_everything_again(ends: Ends) -> None:
    ids = [_send(b"%d" % n) for n in range(5)]
    _publish(ends)
    _receipt(ends, ids[0], Stage.PROCESSED)
    assert not keeping.era(ERA)
    assert keeping.era("2026-02-02")
    assert publishing.hub_lost_everything("2026-02-02") == 4
    assert {each.id for each in publishing.claim(ends.here)} == set(ids[1:])


def test_a_late_receipt_is_asked_for_only_when_the_hub_has_nothing_left(ends: Ends) -> None:
    kept, gone = _send(b"kept"), _send(b"gone")
    places = {kept: 20, gone: 5}
    publishing.took([(each, places[each.id]) for each in publishing.claim(ends.here)], ERA)
    with travelled(timedelta(minutes=1)):
        assert publishing.overdue() == [("there", 5)]
        publishing.ask_again("there", 5, 10, ERA)
        assert [each.id for each in publishing.claim(ends.here)] == [gone]


def test_a_spoiled_message_is_sent_again_a_refused_one_is_not(ends: Ends) -> None:
    spoiled, wrong = _send(b"spoiled"), _send(b"wrong")
    _publish(ends)
    _receipt(ends, spoiled, Stage.REFUSED, "altered")
    _receipt(ends, wrong, Stage.REFUSED, "unknown_business")
    assert (_stage(spoiled), _stage(wrong)) == (Stage.WAITING, Stage.REFUSED)


def test_replay_and_taking_back(ends: Ends) -> None:
    start = now()
    ids = [_send(b"%d" % n) for n in range(3)]
    assert transport.cancel(ids[2])
    assert _stage(ids[2]) is Stage.EXPIRED
    _publish(ends)
    assert not transport.cancel(ids[0])
    for id_ in ids[:2]:
        _receipt(ends, id_, Stage.PROCESSED)
    models.OutBody.objects.filter(message=ids[1]).delete()
    models.Out.objects.filter(id=ids[0]).update(tries=publishing.TRIES)  # its line was down for days
    assert transport.replay("there", start) == 1
    assert not transport.cancel(ids[0])
    _publish(ends)
    with travelled(publishing.PATIENCE + timedelta(seconds=1)):
        publishing.ask_again("there", 5, 10**9, "")
        assert [each.id for each in publishing.claim(ends.here)] == [ids[0]], "its receipt is not waited for an hour"


def test_bodies_go_after_their_time_and_rows_stay(ends: Ends, notes: Notes) -> None:
    done, open_ = _send(b"done"), _send(b"open")
    _publish(ends)
    _receipt(ends, done, Stage.PROCESSED)
    ends.take(ends.frames()[0])
    work_all()
    with travelled(timedelta(days=31)):
        keeping.clear()
    kept = set(models.OutBody.objects.values_list("message", flat=True))
    assert open_ in kept
    assert done not in kept
    assert models.InBody.objects.count() == 0
    assert len(transport.outbox()) == 2
    assert len(transport.inbox()) == 1


def test_both_ends_compare_their_day(ends: Ends, notes: Notes) -> None:
    same, lost = new_id(), new_id()
    ends.take(ends.frames(id=same)[0])
    work_all()
    said = {same: "processed", lost: "processed"}
    told = {"day": today(), "digest": {"counts": {"processed": 2}, "hash": "0" * 64}, "said": said}
    ends.take(ends.frames(canonical(told), kind=Kind.CONTROL, business=STATEMENT)[0])
    work_all()
    (one,) = transport.agreements(today())
    assert not one.equal
    assert [(each.id, each.here, each.there) for each in one.differences if each.id != ""][:1] != []
    assert (lost, "", "processed") in [(each.id, each.here, each.there) for each in one.differences]
    assert same not in [each.id for each in one.differences]
    mine = transport.digest("there", today(), outward=False)
    assert mine.counts["processed"] == 2
    assert state("there", today())
