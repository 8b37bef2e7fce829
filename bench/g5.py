"""G5: queries between two offices: a signed request, a signed reply, 1 KiB each way, a log row at both ends.

Ours: `ask` at the centre, a handler at the department behind its leaf; envelopes signed, bodies encrypted, each end's
log row committed with durability on. Limit: the same bytes by plain request and reply over the same line (TLS and
leaf), with the same number under way. Once with P-256, once with SM2 (`BENCH_G5=sm2`).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

HANDS, COUNT, ROUNDS = 64, 1_000, 5
GOALS = {"ecdsa-p256": 0.4, "sm2": 0.15}
BODY = os.urandom(512).hex().encode()
PLAIN = "_INBOX.tax.plain"


def echo() -> None:
    """The department's plain responder, on the department's own line."""
    from pathlib import Path

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


def main() -> int:
    """Rounds of the limit and ours in turn."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.settings")
    import django
    import psycopg

    algorithm = "sm2" if os.environ.get("BENCH_G5") == "sm2" else "ecdsa-p256"
    goal = GOALS[algorithm]
    result_goal = f"ratio >= {goal} of unsigned request and reply, {algorithm}, logged at both ends"
    django.setup()
    from tests.faults.province import ROOT, WORD, province, until

    from .measure import Result, say

    result = Result("g5", "queries/s", result_goal)
    with province("tax", algorithm=algorithm) as made:
        centre, tax = made.nodes["centre"], made.nodes["tax"]
        os.environ["TONGBAN_HOME"] = str(centre.home)
        from django.conf import settings
        from django.db import connections

        connections["default"].settings_dict |= {"HOST": str(centre.server.socket), "PASSWORD": WORD}
        connections["default"].settings_dict["USER"] = "tongban_owner"
        settings.TONGBAN_HOME = centre.home
        command = [sys.executable, "-m", "bench.g5", "echo"]
        for node in (centre, tax):
            until((node.home / "transport" / "own.json").exists, 30, lambda: "a node is not set up")
        echoing = subprocess.Popen(command, env=tax.environment, cwd=ROOT)
        try:
            until((tax.home / "echo").exists, 30, lambda: "no echo")
            with psycopg.connect(tax.server.url(password=WORD), autocommit=True) as connection:
                connection.execute("UPDATE transport_peer SET quota = 10000000")
            from tongban.data.transport import api as transport
            from tongban.data.transport.broker import Hub

            def ours() -> float:
                began = time.perf_counter()
                jobs = [pool.submit(transport.ask, "tax", "test.question", BODY, grant="g1") for _each in range(COUNT)]
                assert all(job.result().body == BODY for job in jobs)
                return COUNT / (time.perf_counter() - began)

            async def plain(hub: Hub) -> None:
                left = iter(range(COUNT))

                async def some() -> None:
                    for _each in left:
                        await hub.client.request(PLAIN, BODY, timeout=5)

                await asyncio.gather(*[some() for _hand in range(HANDS)])

            def limit() -> float:
                loop = asyncio.new_event_loop()
                hub = Hub(transport.own())
                loop.run_until_complete(hub.connect())
                began = time.perf_counter()
                loop.run_until_complete(plain(hub))
                took = time.perf_counter() - began
                loop.run_until_complete(hub.close())
                return COUNT / took

            with ThreadPoolExecutor(HANDS) as pool:
                until(lambda: _answers(transport), 30, lambda: "nobody answers")
                for work in (ours, limit):
                    work()
                for number in range(ROUNDS):
                    pair = [(result.limit, limit), (result.ours, ours)]
                    for into, work in pair if number % 2 else pair[::-1]:
                        into.append(work())
                    say(f"g5 round {number + 1}: ours {result.ours[-1]:.0f}/s, plain {result.limit[-1]:.0f}/s")
                list(pool.map(lambda _hand: connections.close_all(), range(HANDS * 2)))
            asked = centre.ask("SELECT count(*) FROM transport_query WHERE stage = 'processed'")[0][0]
            answered = tax.ask("SELECT count(*) FROM transport_query WHERE stage = 'processed'")[0][0]
            assert asked == answered >= COUNT * ROUNDS, f"{asked} asked, {answered} answered"
            result.extra = {"at the same time": HANDS, "rows at each end": asked, "algorithm": algorithm}
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


if __name__ == "__main__":
    if sys.argv[1:] == ["echo"]:
        echo()
    else:
        sys.exit(main())
