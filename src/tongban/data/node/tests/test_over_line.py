"""A real hub and mutual TLS: what a line may do, and a comparison between two offices' nodes over it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from nats.errors import Error as NatsError

from tongban.base.kernel.api import new_id
from tongban.data.node.answering import compare
from tongban.data.node.api import add_source, run_source
from tongban.data.node.models import Asked
from tongban.data.transport import api as transport
from tongban.data.transport import bundles, handling, replying
from tongban.data.transport.broker import Hub
from tongban.data.transport.data import Kind, Own, Peer, Stage
from tongban.data.transport.sealing import Frame, open_part, read, unpacked
from tongban.site.nats import Hub as Server
from tongban.site.nats import ports

from .conftest import RESOURCE
from .test_answer import TEXT

T = TypeVar("T")


@dataclass
class Line:
    """The hub's server, and lines of nodes to it; the test steps their loop."""

    server: Server
    folder: Path
    loop: asyncio.AbstractEventLoop

    def own(self, node: str) -> Own:
        key = transport.line_key(node, ["127.0.0.1"], self.folder / "line")
        own = transport.fresh_own(node, f"{node}-office", node)
        return replace(
            own, line_certificate=key.certificate, line_key=key.key, line_roots=key.roots, servers=(self.server.url,)
        )

    def run(self, what: Awaitable[T], seconds: float = 10) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(what, seconds))

    def hub(self, own: Own) -> Hub:
        hub = Hub(own)
        self.run(hub.connect())
        return hub


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    folder = tmp_path / "hub"
    client, gate = ports(folder / "ports.json", 2)
    key = transport.line_key("hub", ["127.0.0.1"], folder / "line")
    server = Server(folder, "hub", key, port=client, gate_port=gate, nodes=("police", "tax"))
    server.start()
    made = Line(server, folder, asyncio.new_event_loop())
    try:
        yield made
    finally:
        for task in asyncio.all_tasks(made.loop):
            task.cancel()
        made.loop.run_until_complete(asyncio.sleep(0))
        made.loop.close()
        server.stop()


MAY = ("ex.police.1.tax", "q.police.tax", "_INBOX.police.x", "$JS.API.CONSUMER.MSG.NEXT.EXCHANGE.tax-1")
MAY_NOT = (
    "ex.police.1.police", "ex.police.1.centre", "q.tax.police", "seen.ex.police.1.tax", "$SYS.REQ.SERVER.PING",
    "$JS.API.STREAM.DELETE.EXCHANGE", "$JS.API.STREAM.MSG.GET.EXCHANGE", "$JS.API.CONSUMER.CREATE.EXCHANGE",
    "$JS.API.CONSUMER.MSG.NEXT.EXCHANGE.police-1", "$JS.API.CONSUMER.DELETE.EXCHANGE.police-1",
    "$JS.ACK.EXCHANGE.police-1.1.1.1.1.1",
)  # fmt: skip
HEARS = ("q.tax.*", "_INBOX.tax.>")
HEARS_NOT = (">", "ex.>", "ex.tax.*.*", "q.police.*", "q.>", "_INBOX.>", "_INBOX.police.>", "seen.>", "$SYS.>")


def test_t9_t10_a_line_may_speak_in_its_own_name_and_hear_its_own_only(line: Line) -> None:
    """Each subject of the exchange, asked of the server itself; whoever shows no certificate has no line at all."""
    tax = line.hub(line.own("tax"))
    wrong: list[str] = []

    async def error(problem: Exception) -> None:
        wrong.append(str(problem).lower())

    tax.client._error_cb = error

    def refused(act: Awaitable[Any], subject: str) -> bool:
        wrong.clear()
        line.run(act)
        line.run(tax.client.flush())
        line.run(asyncio.sleep(0.02))
        return any("permissions violation" in each and f'"{subject}"'.lower() in each for each in wrong)

    assert [subject for subject in MAY if refused(tax.client.publish(subject, b""), subject)] == []
    assert [subject for subject in MAY_NOT if not refused(tax.client.publish(subject, b""), subject)] == []
    assert [subject for subject in HEARS if refused(tax.client.subscribe(subject), subject)] == []
    assert [subject for subject in HEARS_NOT if not refused(tax.client.subscribe(subject), subject)] == []
    other = Line(line.server, line.folder.parent / "other", line.loop)  # certificates of another authority
    strangers = [line.own("health"), replace(other.own("tax"), line_roots=tax.own.line_roots)]
    for own in [*strangers, replace(tax.own, line_certificate="", servers=(line.server.url.replace("tls", "nats"),))]:
        with pytest.raises((NatsError, OSError, asyncio.TimeoutError)):
            line.run(_no_patience(own))
    line.run(tax.close())


async def _no_patience(own: Own) -> None:
    hub = Hub(own)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(hub.connect(), 1)
    if not hub.up:
        raise OSError("no line")
    await hub.client.flush(1)


def test_t1_a_comparison_between_two_nodes_lets_no_value_out(
    line: Line, node: Path, granted: Callable[..., None]
) -> None:
    """The tax office asks; the police's node answers yes and no. What is on the line is neither question nor values."""
    police, tax = line.own("police"), line.own("tax")
    transport.set_up(police)
    transport.trust(Peer("tax", tax.office, "tax", tax.certificate))
    (node / "a.csv").write_text("编号,姓名,电话,出生\n1,甲乙丙,139,1990-01-02\n2,乙,138,\n", encoding="utf-8")
    add_source(TEXT.format(resource=RESOURCE, path=node / "a.csv"), "a.yaml")
    run_source("residents")
    granted(["id", "name"], mode="compare")
    asked = [{"id": "1", "name": "甲乙丙"}, {"id": "1", "name": "丁"}, {"id": "3", "name": "甲乙丙"}]
    passed: list[Frame] = []

    def ask(rows: list[dict[str, str]]) -> Any:
        outer = bundles.envelope(tax, "police", Kind.QUERY, "compare", grant="g1")
        body = json.dumps({"grant": "g1", "purpose": "核对 1", "rows": rows}, ensure_ascii=False).encode()
        frame = bundles.sealed(tax, outer, _peer(police), [(new_id(), "trace")], [body])
        line.run(asker.ask("police", outer.id, frame))
        came, who, place = line.run(queries.get())
        with _answering("compare", compare):
            (replies,) = replying.answer([(came, who)], police)
        for reply in replies:
            line.run(answerer.reply(place, reply))
        about, reply = line.run(replies_heard.get())
        assert (about, who) == (outer.id, "tax")
        passed.extend([came, reply])
        (outcome,) = bundles.answers(read(reply.envelope), _content(tax, reply)).values()
        return json.loads(outcome.body) if outcome.stage is Stage.PROCESSED else outcome.code

    asker, answerer = line.hub(tax), line.hub(police)
    queries: asyncio.Queue[tuple[Frame, str, str]] = asyncio.Queue()
    replies_heard: asyncio.Queue[tuple[str, Frame]] = asyncio.Queue()
    line.run(answerer.serve(lambda *came: queries.put_nowait(came)))
    line.run(asker.hear(lambda id_, frame: replies_heard.put_nowait((id_, frame))))  # type: ignore[arg-type]
    line.run(answerer.client.flush())
    assert ask(asked) == {"same": [True, False, False]}
    assert ask([{"id": "1", "phone": "139"}]) == "grant", "an item that was not granted tells nothing, not even no"
    for frame in passed:
        assert b"\xe7\x94\xb2" not in frame.envelope + frame.body
        assert read(frame.envelope).grant == "g1"
    assert [(one.rows, one.code) for one in Asked.objects.order_by("at")] == [(3, ""), (0, "grant")]
    assert [one.business for one in transport.queries(grant="g1")] == ["compare", "compare"]
    for hub in (asker, answerer):
        line.run(hub.close())


def _peer(own: Own) -> Peer:
    return Peer(own.node, own.office, own.title, own.certificate)


def _content(own: Own, frame: Frame) -> bytes:
    outer = read(frame.envelope)
    return unpacked(outer.packing, open_part(own, outer, frame))


@contextlib.contextmanager
def _answering(business: str, handler: handling.Handler) -> Iterator[None]:
    """This process is a node for a moment; what nodes take, the centre does not."""
    handling.businesses._items[business] = (handler, False)
    try:
        yield
    finally:
        del handling.businesses._items[business]
