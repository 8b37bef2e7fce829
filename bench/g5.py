"""G5: queries between two offices: a signed request, a signed reply, 1 KiB each way, a log row at both ends.

Ours: `ask` at the centre, a handler at the department behind its leaf; signed, bodies encrypted, each end's log row
committed with durability on before anybody sees the answer. Limit: the same bytes by plain request and reply over the
same line (TLS and leaf), asked by one process and answered by one, with the same number under way: 64, and beside it
256, 8 and 1. `processor` is what all processes of both ends together spend on one exchange: it says something on a busy
machine too. With P-256, or with SM2 (`BENCH_G5=sm2`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HANDS, ROUNDS = {64: 4_000, 256: 4_096, 8: 800, 1: 100}, 5
GOALS = {"ecdsa-p256": 0.4, "sm2": 0.15}
BODY = os.urandom(512).hex().encode()
PLAIN = "_INBOX.tax.plain"


def echo() -> None:
    """The department's plain responder, on the department's own line."""
    import django

    django.setup()
    from tongban.data.transport.api import own
    from tongban.data.transport.broker import Hub

    async def serve() -> None:
        hub = Hub(own())
        await hub.connect()

        async def answer(message: Any) -> None:
            await hub.client.publish(message.reply, message.data)

        await hub.client.subscribe(PLAIN, cb=answer)
        await hub.client.flush()
        Path(os.environ["TONGBAN_HOME"], "echo").touch()
        await asyncio.sleep(3600)

    asyncio.run(serve())


class Ends:
    """Both ways of asking, from this process, which is the centre."""

    def __init__(self, transport: Any) -> None:
        from tongban.data.transport.broker import Hub

        self.transport = transport
        self.askers = {hands: ThreadPoolExecutor(hands) for hands in HANDS}
        self.loop = asyncio.new_event_loop()
        self.hub = Hub(transport.own())
        self.loop.run_until_complete(self.hub.connect())

    def ours(self, hands: int, count: int) -> None:
        """So many askers, each waiting for its answer."""

        def some(_hand: int) -> None:
            for _each in range(count // hands):
                assert self.transport.ask("tax", "test.question", BODY, grant="g1").body == BODY

        list(self.askers[hands].map(some, range(hands)))

    def plain(self, hands: int, count: int) -> None:
        """The same without signatures, records or threads."""

        async def some() -> None:
            for _each in range(count // hands):
                await self.hub.client.request(PLAIN, BODY, timeout=5)

        async def all_() -> None:
            await asyncio.gather(*[some() for _hand in range(hands)])

        self.loop.run_until_complete(all_())

    def close(self) -> None:
        """Leave the line."""
        for pool in self.askers.values():
            pool.shutdown()
        self.loop.run_until_complete(self.hub.close())
        self.loop.close()


def main() -> int:
    """Rounds of the limit and ours in turn."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.settings")
    import django
    import psycopg

    algorithm = "sm2" if os.environ.get("BENCH_G5") == "sm2" else "ecdsa-p256"
    goal = GOALS[algorithm]
    django.setup()
    from tests.faults.province import ROOT, WORD, province, until

    from .measure import Result, say

    result = Result("g5", "queries/s", f"ratio >= {goal} of unsigned request and reply, {algorithm}, 64 under way")
    others = {hands: Result("g5", "queries/s", "") for hands in HANDS if hands != 64}
    spent: dict[str, list[float]] = {"ours": [], "plain": []}
    with province("tax", algorithm=algorithm) as made:
        centre, tax = made.nodes["centre"], made.nodes["tax"]
        os.environ["TONGBAN_HOME"] = str(centre.home)
        from django.conf import settings
        from django.db import connections

        connections["default"].settings_dict |= {"HOST": str(centre.server.socket), "PASSWORD": WORD}
        connections["default"].settings_dict["USER"] = "tongban_owner"
        settings.TONGBAN_HOME = centre.home
        for node in (centre, tax):
            until((node.home / "transport" / "own.json").exists, lambda: "a node is not set up")
        echoing = subprocess.Popen([sys.executable, "-m", "bench.g5", "echo"], env=tax.environment, cwd=ROOT)
        try:
            until((tax.home / "echo").exists, lambda: "no echo")
            with psycopg.connect(tax.server.url(password=WORD), autocommit=True) as connection:
                unbound = "UPDATE transport_peer SET quota = 10000000 WHERE node = 'centre'"
                until(lambda: connection.execute(unbound).rowcount == 1, lambda: "the centre is not known there")
            time.sleep(1.5)  # what another process changed is seen a second later
            from tongban.data.transport import api as transport

            ends = Ends(transport)
            until(lambda: _answers(transport), lambda: "nobody answers")

            def timed(name: str, hands: int) -> float:
                work: Callable[[int, int], None] = getattr(ends, name)
                count = HANDS[hands]
                began, before = time.perf_counter(), _processor()
                work(hands, count)
                took = time.perf_counter() - began
                if hands == 64:
                    spent[name].append((_processor() - before) / count * 1e6)
                return count / took

            for hands in HANDS:
                for name in ("ours", "plain"):
                    timed(name, hands)  # askers and connections are there before the clock counts
            spent["ours"].clear()
            spent["plain"].clear()
            for number in range(ROUNDS):
                for hands in HANDS:
                    into = others.get(hands, result)
                    pair = [(into.limit, "plain"), (into.ours, "ours")]
                    for figures, name in pair if number % 2 else pair[::-1]:
                        figures.append(timed(name, hands))
                    say(f"g5 round {number + 1}, {hands}: ours {into.ours[-1]:.0f}/s, plain {into.limit[-1]:.0f}/s")
            ends.close()
            asked = centre.ask("SELECT count(*) FROM transport_query WHERE stage = 'processed'")[0][0]
            answered = tax.ask("SELECT count(*) FROM transport_query WHERE stage = 'processed'")[0][0]
            assert asked == answered >= sum(HANDS.values()) * ROUNDS, f"{asked} asked, {answered} answered"
            result.extra = {
                "under way": {hands: round(statistics.median(each.ratios()), 3) for hands, each in others.items()},
                "processor": {name: f"{statistics.median(values):.0f} us" for name, values in spent.items()},
                "rows at each end": asked,
            }
        finally:
            echoing.kill()
            echoing.wait()
    return 0 if result.finish(lambda ratio, _floor: ratio >= goal) else 1


def _answers(transport: Any) -> bool:
    from tongban.base.kernel.api import Refused

    try:
        return bool(transport.ask("tax", "test.question", BODY).body == BODY)
    except Refused:
        return False


def _processor() -> float:
    """Seconds of processor time so far of this process and everything that it started, databases too."""
    families: dict[str, list[str]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            families.setdefault((each / "stat").read_text().rpartition(")")[2].split()[1], []).append(each.name)
    seen, left = set(), [str(os.getpid())]
    while left:
        seen.add(pid := left.pop())
        left += families.get(pid, [])
    return sum(_seconds(pid) for pid in seen)


def _seconds(pid: str) -> float:
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    if sys.argv[1:] == ["echo"]:
        echo()
    else:
        sys.exit(main())
