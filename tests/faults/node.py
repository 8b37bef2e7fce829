"""The program of a node under test: `migrate`, `run FILE`, `send TO,TO COUNT SIZE PAUSE TEXT DAYS`, `ask TO COUNT`,
`replay TO DAYS`, `forget`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.settings")

EFFECTS = "CREATE TABLE effect (message text, sender text, n int, at timestamptz DEFAULT clock_timestamp())"


def main() -> None:
    import django

    django.setup()
    if days := float(os.environ.get("FAULTS_DAYS", "0")):
        from contextvars import ContextVar
        from datetime import timedelta

        from tongban.base.kernel import clock

        clock._shift = ContextVar("later", default=timedelta(days=days))  # in all threads
    verb, *rest = sys.argv[1:]
    verbs: dict[str, Callable[..., None]] = {
        "migrate": migrate, "run": run, "send": send, "ask": ask, "replay": replay, "forget": forget,
    }  # fmt: skip
    verbs[verb](*rest)


def migrate() -> None:
    from django.core.management import call_command
    from django.db import connection

    from tongban.site.database import prepare

    prepare()
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute(EFFECTS)


def run(path: str) -> None:
    """Become the node of the file, pin the peers in it, and work until told to stop."""
    from django.db import DatabaseError, connection

    from tongban.data.transport import api as transport
    from tongban.data.transport.data import Message, Outcome, Own, Peer

    told = json.loads(Path(path).read_text())
    transport.set_up(Own(**told["own"]))
    while True:
        try:
            known = {peer.node: peer.certificate for peer in transport.peers()}
            for peer in told["peers"]:
                if peer["certificate"] != known.get(peer["node"]):
                    transport.trust(Peer(**peer))
            break
        except DatabaseError:
            connection.close()
            time.sleep(0.2)

    @transport.receives("test.note")
    def note(message: Message) -> Outcome:
        told = json.loads(message.body)
        if told.get("poison"):
            raise RuntimeError("a message that cannot be worked on")
        with connection.cursor() as cursor:
            values = [message.envelope.id, message.envelope.sender, told["n"]]
            cursor.execute("INSERT INTO effect (message, sender, n) VALUES (%s, %s, %s)", values)
        return Outcome()

    @transport.receives("test.question")
    def question(message: Message) -> Outcome:
        return Outcome(body=message.body)

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    transport.run(stop)


def send(to: str, count: str, size: str = "200", pause: str = "0", text: str = "", days: str = "") -> None:
    """Send so many notes in turn, each in its own transaction, and print the id of each that was committed. A database
    that is being killed is tried again. `days`: after which they are worth nothing."""
    from datetime import timedelta

    from django.db import DatabaseError, InterfaceError, connection, transaction

    from tongban.base.kernel.api import now
    from tongban.data.transport import api as transport
    from tongban.data.transport.data import Kind

    receivers = to.split(",")
    for n in range(int(count)):
        body = json.dumps({"n": n, "number": text, "text": os.urandom(int(size) // 2).hex()}).encode()
        while True:
            try:
                with transaction.atomic():
                    expires = now() + timedelta(days=float(days)) if days else None
                    id_ = transport.send(receivers[n % len(receivers)], Kind.DATA, "test.note", body, expires=expires)
                break
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(0.1)
        sys.stdout.write(f"{id_}\n")
        sys.stdout.flush()
        time.sleep(float(pause))


def replay(to: str, days: str) -> None:
    """Send everything of the last days once more; print how many messages that is."""
    from datetime import timedelta

    from tongban.base.kernel.api import now
    from tongban.data.transport import api as transport

    sys.stdout.write(str(transport.replay(to, now() - timedelta(days=float(days)))))


def forget() -> None:
    """At the centre: the hub forgets at once what it would after its windows, which of our clocks it does not know."""
    import asyncio

    from tongban.data.transport import api as transport
    from tongban.data.transport.broker import PROBLEMS, SEEN, STREAM, Hub

    async def narrow() -> None:
        hub = Hub(transport.own())
        while not hub.begun:
            with contextlib.suppress(*PROBLEMS):
                await hub.connect()
        for name in (STREAM, SEEN):
            config = (await hub.stream.stream_info(name)).config
            config.duplicate_window, config.max_age = 0.1, config.max_age and 0.1
            await hub.stream.update_stream(config)
        await asyncio.sleep(0.3)
        await hub.close()

    asyncio.run(narrow())


def ask(to: str, count: str) -> None:
    """Ask so many questions; print how many were answered."""
    from tongban.base.kernel.api import Refused
    from tongban.data.transport import api as transport

    answered, codes = 0, set()
    for n in range(int(count)):
        try:
            body = f"question {n}".encode()
            answered += transport.ask(to, "test.question", body, timeout=5).body == body
        except Refused as refused:
            codes.add(refused.code)
    sys.stdout.write(json.dumps({"answered": answered, "codes": sorted(codes)}))


if __name__ == "__main__":
    main()
