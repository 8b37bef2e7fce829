"""Whatever is wrong with a frame has its own code, is told to a sender that proved who it is, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tongban.base.kernel.api import canonical, new_id, now, travelled
from tongban.data.transport import api as transport
from tongban.data.transport import models
from tongban.data.transport.checking import open_frame
from tongban.data.transport.data import Kind
from tongban.data.transport.receipts import PASSING, TRIES
from tongban.data.transport.sealing import Frame, Rejected, read, written

from .conftest import Ends, Notes, peer_of, work_all


def _flip(data: bytes, place: int = -1) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def _altered_envelope(ends: Ends) -> Frame:
    frame = ends.frames()[0]
    return replace(frame, envelope=written(replace(read(frame.envelope), priority=1)))


def _another_body(ends: Ends) -> Frame:
    first, second = ends.frames(b"one")[0], ends.frames(b"two")[0]
    return replace(first, body=second.body)


def _blocked(ends: Ends) -> Frame:
    transport.block("there")
    return ends.frames()[0]


def _another_version(ends: Ends) -> Frame:
    frame = ends.frames()[0]
    return replace(frame, envelope=frame.envelope.replace(b'"version":1', b'"version":9'))


def _not_canonical(ends: Ends) -> Frame:
    frame = ends.frames()[0]
    return replace(frame, envelope=frame.envelope.replace(b'"to":', b'"to": '))


def _old_certificate(ends: Ends) -> Frame:
    """Written after the end of its sender's certificate."""
    with travelled(-timedelta(days=400)):
        ends.there = transport.fresh_own("there", ends.there.office, "there")
        transport.trust(peer_of(ends.there))
    return ends.frames()[0]


CASES: dict[str, tuple[Callable[[Ends], Frame], bool]] = {
    # code: a frame, and whether the sender has proved who it is and is told
    "unsigned": (lambda ends: replace(ends.frames()[0], signature=b""), False),
    "signature": (_altered_envelope, False),
    "altered": (_another_body, True),
    "readdressed": (lambda ends: _to_somebody_else(ends), True),
    "expired": (lambda ends: ends.frames(expires=now() - timedelta(seconds=1))[0], True),
    "clock": (lambda ends: ends.frames(created=now() + timedelta(minutes=6))[0], True),
    "too_old": (lambda ends: ends.frames(created=now() - timedelta(days=91))[0], True),
    "certificate_expired": (_old_certificate, True),
    "certificate": (lambda ends: ends.frames(by=ends.stranger)[0], False),
    "stranger": (lambda ends: ends.frames(by=ends.stranger, sender="stranger", office="office-stranger")[0], False),
    "blocked": (_blocked, False),
    "version": (_another_version, False),
    "unreadable": (_not_canonical, False),
    "too_large": (lambda ends: _part(ends, total=100_000), True),
}


def _part(ends: Ends, total: int) -> Frame:
    from tongban.data.transport.own import signature
    from tongban.data.transport.sealing import private_of

    frame = ends.frames()[0]
    header = written(replace(read(frame.envelope), total=total))
    return Frame(header, signature(private_of(ends.there), header), frame.body)


def _to_somebody_else(ends: Ends) -> Frame:
    from tongban.data.transport.sealing import packed, seal

    packing, content = packed(b"{}")
    envelope = ends.envelope(to="stranger", packing=packing)
    return seal(ends.there, envelope, ends.stranger.certificate, content)[0]


@pytest.mark.parametrize("code", CASES)
def test_t8_t9_a_frame_that_may_not_be_taken_changes_nothing(ends: Ends, notes: Notes, code: str) -> None:
    make, told = CASES[code]
    frame = make(ends)
    assert ends.take(frame) == ["refused"]
    work_all()
    assert [one.code for one in transport.refusals()] == [code]
    assert notes.taken == []
    assert models.In.objects.count() == models.Part.objects.count() == models.Lane.objects.count() == 0
    assert [(one["to"], one["stage"], one["code"]) for one in ends.receipts()] == (
        [("there", "refused", code)] if told else []
    )
    ends.take(*[frame] * 20)
    assert len(ends.receipts()) == told * (TRIES if code in PASSING else 1), "once; each try, where it may yet pass"


def test_t9_the_line_s_certificate_and_the_sender_must_be_the_same(ends: Ends, notes: Notes) -> None:
    transport.trust(peer_of(ends.stranger))
    assert ends.take(ends.frames()[0], line="stranger") == ["refused"]
    assert transport.refusals()[0].code == "line"
    assert models.In.objects.count() == 0


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(days=1), timedelta(days=365)])
def test_t8_captured_frames_have_no_effect_again(ends: Ends, notes: Notes, later: timedelta) -> None:
    """However much later, a thousand at once."""
    models.Peer.objects.update(quota=10_000_000)
    captured = [ends.frames(b"%d" % n)[0] for n in range(100 if later.days == 1 else 20)]
    assert set(ends.take(*captured)) == {"stored"}
    work_all()
    assert len(notes.taken) == len(captured)
    known = models.In.objects.count()
    with travelled(later):
        answers = set(ends.take(*captured * 10))
        work_all()
    assert answers <= {"again", "refused"}
    assert len(notes.taken) == len(captured), "no second effect"
    assert models.In.objects.count() == known
    assert len(ends.receipts()) <= 2 * len(captured)


def test_t8_an_id_cannot_carry_a_second_body(ends: Ends, notes: Notes) -> None:
    id_ = new_id()
    assert ends.take(ends.frames(b"first", id=id_)[0]) == ["stored"]
    assert ends.take(ends.frames(b"second", id=id_)[0]) == ["refused"]
    work_all()
    assert notes.taken == [id_]
    assert transport.refusals()[0].code == "conflict"
    transport.trust(peer_of(ends.stranger))
    other = {"by": ends.stranger, "sender": "stranger", "office": "office-stranger"}
    assert ends.take(ends.frames(b"mine", id=id_, **other)[0], line="stranger") == ["stored"], "ids are a sender's own"


def test_t8_what_comes_too_late_in_an_ordered_lane_is_refused(ends: Ends, notes: Notes) -> None:
    """Reordering: the grant that was taken back must not come back by an old message held back on the way."""
    grant, revoke = (
        ends.frames(id=new_id(), kind=Kind.CONTROL, business="test.ordered", number=number)[0] for number in (1, 2)
    )
    ends.take(revoke)
    work_all()
    assert notes.taken == [], "the first is waited for"
    with travelled(timedelta(minutes=2)):
        work_all()
        assert len(notes.taken) == 1
        ends.take(grant)
        work_all()
        assert len(notes.taken) == 1
        assert ends.receipts()[-1]["code"] == "late"


def test_in_time_an_ordered_lane_runs_in_order(ends: Ends, notes: Notes) -> None:
    ids = [new_id() for _each in range(4)]
    frames = [
        ends.frames(id=id_, kind=Kind.CONTROL, business="test.ordered", number=number)[0]
        for number, id_ in enumerate(ids, 1)
    ]
    ends.take(frames[2], frames[1])
    work_all()
    ends.take(frames[3], frames[0])
    for _turn in range(4):
        models.In.objects.filter(due__isnull=False).update(due=now())
        work_all()
    assert notes.taken == ids


def test_every_single_changed_byte_is_found(ends: Ends) -> None:
    """T8, T11: of envelope, signature and sealed body; judged as frames are, without a database."""
    frame, peer = ends.frames(b"a body of some length")[0], peer_of(ends.there)
    found = {"there": peer}.get
    for name in ("envelope", "signature", "body"):
        data = getattr(frame, name)
        for place in range(len(data)):
            with pytest.raises(Rejected):
                open_frame(replace(frame, **{name: _flip(data, place)}), ends.here, found, "there")
    assert open_frame(frame, ends.here, found, "there")[0] == read(frame.envelope)


def test_garbage_is_refused_quietly(ends: Ends) -> None:
    frame = ends.frames()[0]
    known = {"version": 1, "id": "x" * 20, "kind": "data", "business": "a", "sender": "there", "to": "here"}
    wrong = [b"", b"{", b"[]", b"null", b"\xff", b"{}" * 9000, canonical({**known, "created": "2026-01-01"})]
    wrong += [canonical({**known, "created": 7}), canonical({**known, "extra": 1}), b'{"version":1,"a":' + b"[" * 5000]
    assert set(ends.take(*[replace(frame, envelope=each) for each in wrong])) == {"refused"}
    assert {one.code for one in transport.refusals()} <= {"unreadable", "version"}


def test_a_message_that_waited_while_its_sender_renewed_is_taken(ends: Ends, notes: Notes) -> None:
    assert ends.take(ends.frames(created=now() - timedelta(days=30))[0]) == ["stored"]
    work_all()
    assert len(notes.taken) == 1
