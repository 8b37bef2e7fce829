"""Queries: each end of one by itself; the line between them is a list."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from typing import Any

import pytest
from django.db import InterfaceError, connection

from tongban.base.kernel.api import Refused
from tongban.data.transport import api as transport
from tongban.data.transport import asking, bundles, models, replying, taking
from tongban.data.transport.data import Kind, Message, Outcome, Own, Stage
from tongban.data.transport.sealing import Frame, open_part, read, unpacked

from .conftest import Ends, Notes, peer_of

Answer = Callable[[Frame], Frame | str]


class Line:
    """Brings what `Line.answer` makes of a frame: a frame, a code, or nothing."""

    answer: Answer
    sent: list[Frame]

    def __init__(self, tell: Callable[[Any], None]) -> None:
        self.tell = tell

    def send(self, _to: str, id_: str, frame: Frame, _timeout: float) -> None:
        Line.sent.append(frame)
        found = Line.answer(frame)
        if found:
            came = asking._Came(id_, code=found) if isinstance(found, str) else asking._Came(id_, found)
            self.tell(came)


@pytest.fixture
def rows(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """A desk of our own at `here`, and what it writes down."""
    written: list[dict[str, object]] = []
    Line.sent = []
    monkeypatch.setattr(asking, "_Line", Line)
    monkeypatch.setattr(asking, "write_down", written.extend)
    desk = asking._Desk()
    monkeypatch.setattr(asking, "_desk", lambda: desk)
    return written


def _content(ends: Ends, frame: Frame) -> bytes:
    outer = read(frame.envelope)
    return unpacked(outer.packing, open_part(ends.there, outer, frame))


def _reply(ends: Ends, frame: Frame, told: Outcome | None = None, by: Own | None = None, **changes: Any) -> Frame:
    """An answer to all that was asked, as `there` gives it."""
    outer, signer = read(frame.envelope), by or ends.there
    told = told or Outcome(body=b"yes")
    asked = bundles.questions(outer, _content(ends, frame))
    reply = bundles.envelope(signer, "here", Kind.REPLY, outer.business, grant="", about=outer.id)
    heads = [(each.envelope.id, told.stage, told.code, told.text) for each in asked]
    return bundles.sealed(signer, replace(reply, **changes), peer_of(ends.here), heads, [told.body] * len(asked))


def _to_there(ends: Ends, frame: Frame) -> Frame:
    reply = bundles.envelope(ends.there, "there", Kind.REPLY, "x", grant="", about=read(frame.envelope).id)
    return bundles.sealed(ends.there, reply, peer_of(ends.here), [("0" * 26, "processed", "", "")], [b"yes"])


def _garbage(ends: Ends, frame: Frame) -> Frame:
    reply = bundles.envelope(ends.there, "here", Kind.REPLY, "x", grant="", about=read(frame.envelope).id)
    return bundles.sealed(ends.there, reply, peer_of(ends.here), [("0" * 26, "what", "", "")], [b"yes"])


WRONG: dict[str, Callable[[Ends, Frame], Frame | str]] = {
    "offline": lambda _ends, _frame: "offline",
    "line": lambda _ends, _frame: "line",
    "timeout": lambda _ends, _frame: "",
    "grant": lambda ends, frame: _reply(ends, frame, Outcome(Stage.REFUSED, "grant")),
    "certificate": lambda ends, frame: _reply(
        ends, frame, by=replace(ends.stranger, node="there", office="office-there")
    ),
    "stranger": lambda ends, frame: _reply(ends, frame, by=ends.stranger),
    "signature": lambda ends, frame: replace(_reply(ends, frame), signature=frame.signature),
    "altered": lambda ends, frame: _reply(ends, frame, about="another-query"),
    "readdressed": _to_there,
    "unreadable": _garbage,
}


@pytest.mark.parametrize("code", WRONG)
def test_t8_t9_an_answer_that_cannot_be_relied_on_is_refused_and_recorded(
    ends: Ends, rows: list[dict[str, object]], code: str
) -> None:
    Line.answer = lambda frame: WRONG[code](ends, frame)  # type: ignore[method-assign,assignment]
    with pytest.raises(Refused) as refused:
        transport.ask("there", "test.note", b"460100", grant="g1", timeout=0.3 if code == "timeout" else 60)
    assert refused.value.code == code
    assert str(refused.value)
    assert [(row["stage"], row["code"], row["grant"]) for row in rows] == [("refused", code, "g1")]
    assert b"460100" not in Line.sent[0].body + Line.sent[0].envelope


def test_nothing_is_asked_of_those_who_are_not_known_or_blocked(ends: Ends, rows: list[dict[str, object]]) -> None:
    transport.trust(peer_of(ends.stranger, blocked=True))
    for node, body, code in (
        ("x", b"", "stranger"),
        ("stranger", b"", "blocked"),
        ("there", bytes(1 << 20), "too_large"),
    ):
        with pytest.raises(Refused) as refused:
            transport.ask(node, "test.note", body)
        assert refused.value.code == code
    assert Line.sent == rows == []


def test_no_answer_without_its_record_and_the_desk_goes_on(
    ends: Ends, rows: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_rows: object) -> None:
        raise InterfaceError("the database is gone")

    Line.answer = lambda frame: _reply(ends, frame)  # type: ignore[method-assign,assignment]
    with monkeypatch.context() as broken:
        broken.setattr(asking, "write_down", lost)
        with pytest.raises(InterfaceError):
            transport.ask("there", "test.note", b"one")
    assert transport.ask("there", "test.note", b"two").body == b"yes"
    assert len(rows) == 1


def test_t2_questions_of_one_moment_share_a_signature_and_keep_their_records(
    ends: Ends, rows: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first message is signed, the others come together."""
    Line.answer = lambda frame: _reply(ends, frame)  # type: ignore[method-assign,assignment]
    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(_ask_alone, ends, n) for n in range(40)]
        assert {each.result() for each in asked} == {b"yes"}
    assert len({row["message"] for row in rows}) == 40
    assert {row["digest"] for row in rows} == {read(frame.envelope).digest for frame in Line.sent}
    assert {read(frame.envelope).grant for frame in Line.sent} == {"g0", "g1"}, "one grant to a message"


def _ask_alone(ends: Ends, n: int) -> bytes:
    asked = asking._Asked(peer_of(ends.there), "test.note", "", f"g{n % 2}", "t", b"%d" % n, 5.0)
    asking._desk().waiting.put(asked)
    ended = asked.wait()
    assert isinstance(ended, Message)
    return ended.body


# -- the other end


def _asked(ends: Ends, *bodies: bytes, by: Own | None = None, mark: str = "question", **changes: Any) -> Frame:
    outer = bundles.envelope(by or ends.there, "here", Kind.QUERY, "test.note", grant="g1")
    heads = [(f"{mark}-{n}", "trace") for n in range(len(bodies))]
    return bundles.sealed(by or ends.there, replace(outer, **changes), peer_of(ends.here), heads, bodies)


def _told(ends: Ends, *frames: Frame, line: str = "there") -> list[list[tuple[str, bytes]]]:
    """Code and body of each answer, by message asked."""
    found = []
    for replies in replying.answer([(frame, line) for frame in frames], ends.here):
        told: dict[str, Outcome] = {}
        for reply in replies:
            told |= bundles.answers(read(reply.envelope), _content(ends, reply))
        found.append([(outcome.code, outcome.body) for outcome in told.values()])
    return found


def _log() -> Sequence[tuple[str, str]]:
    return [(each.id, each.code) for each in reversed(transport.queries())]


def test_t8_a_question_works_once_and_its_record_is_there_before_its_answer(ends: Ends, notes: Notes) -> None:
    notes.behave = lambda message: Outcome(body=message.body)
    frame = _asked(ends, b"one", b"two")
    assert _told(ends, frame) == [[("", b"one"), ("", b"two")]]
    assert _log() == [("question-0", ""), ("question-1", "")]
    assert _told(ends, frame, frame) == [[("again", b""), ("again", b"")]] * 2
    assert notes.taken == ["question-0", "question-1"]


def test_a_handler_that_fails_spoils_no_other_answer(ends: Ends, notes: Notes) -> None:
    def some(message: Message) -> Outcome:
        if message.body == b"refuse":
            raise Refused("not under this grant", "grant")
        return Outcome(body=b"x" * (1 << 20) if message.body == b"long" else bytes(1 // len(message.body)) + b"fine")

    notes.behave = some
    frame = _asked(ends, b"a", b"refuse", b"", b"long", b"b")
    assert [code for code, _body in _told(ends, frame)[0]] == ["", "grant", "failed", "too_large", ""]
    assert notes.taken == ["question-0", "question-4"], "what was refused leaves nothing"
    assert [code for _id, code in _log()] == ["", "grant", "failed", "too_large", ""]
    assert _told(ends, _asked(ends, b"a", mark="another", business="test.unknown")) == [[("unknown_business", b"")]]


def test_t9_strangers_get_no_word_and_known_ones_hear_what_is_wrong(ends: Ends, notes: Notes) -> None:
    silent = [_asked(ends, b"a", by=ends.stranger), replace(_asked(ends, b"a"), signature=b"x")]
    assert replying.answer([(frame, "there") for frame in silent], ends.here) == [[], []]
    assert _told(ends, _asked(ends, b"a", kind=Kind.DATA)) == [[("altered", b"")]]
    assert _told(ends, _asked(ends, b"a", to="other")) == [[("readdressed", b"")]]
    twice = bundles.envelope(ends.there, "here", Kind.QUERY, "test.note", grant="")
    same = bundles.sealed(ends.there, twice, peer_of(ends.here), [("question-0", "")] * 2, [b"a", b"b"])
    assert _told(ends, same) == [[("unreadable", b"")]]
    assert notes.taken == []
    assert models.Query.objects.count() == 0
    assert [one.code for one in reversed(transport.refusals())] == [
        "stranger", "signature", "altered", "readdressed", "unreadable",
    ]  # fmt: skip


def test_t10_beyond_the_quota_a_question_costs_nothing(ends: Ends, notes: Notes) -> None:
    transport.limit("there", 60)
    taking.quotas.left.clear()
    (told,) = _told(ends, _asked(ends, *[b"%d" % n for n in range(30)]))
    assert [code for code, _body in told] == [""] * 20 + ["quota"] * 10
    assert len(notes.taken) == len(_log()) == 20
    with connection.execute_wrapper(_never):
        assert replying.answer([(_asked(ends, b"more"), "there")] * 5, ends.here) == [[]] * 5


def test_t10_who_floods_does_not_slow_down_others(ends: Ends, notes: Notes) -> None:
    """Another's question that comes in the middle of a flood takes at most twice as long as alone; where the flood has
    no quota it takes longer, which shows that the quota is what helps."""
    transport.trust(peer_of(ends.stranger))
    bodies = [b"x" * 1_000] * 60

    def others(n: int, quota: int) -> float:
        """Processor time of another's question behind 20 messages of the flood."""
        transport.limit("there", quota or 1)
        taking.quotas.left["there"] = 0.0 if quota < 1_000 else 1e9
        flood = [(_asked(ends, *bodies, mark=f"flood-{n}-{each}"), "there") for each in range(20 if quota else 0)]
        mine = _asked(ends, b"mine", by=ends.stranger, mark=f"mine-{n}-{quota}")
        began = time.process_time()
        assert replying.answer([*flood, (mine, "stranger")], ends.here)[-1]
        return time.process_time() - began

    alone, flooded = zip(*[(others(n, 0), others(n, 60)) for n in range(9)], strict=True)
    assert median(flooded) <= 2 * median(alone)
    assert others(0, 10**9) > 2 * median(alone)


def _never(*_anything: Any) -> Any:
    raise AssertionError("a flood asks the database nothing")
