"""Lines cut, flapping, losing and crawling; nodes, workers, NATS and PostgreSQL killed with -9 at any moment: nothing
is lost, nothing doubled, and each node says how its line stands (issue 4, section 5; R9, R10, T11).

Nodes with databases of their own and a hub of three servers, each in a network namespace, as real processes.
`TONGBAN_FAULTS=long` sends 2,000 messages between three of them and kills for minutes; without it a shorter run of the
same kind. `TONGBAN_FAULTS_SEED` chooses the same faults again.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .lines import why_not
from .province import PATIENCE, Province, province, until
from .states import OPEN, line, nothing_lost_nothing_doubled, state

LONG = os.environ.get("TONGBAN_FAULTS") == "long"
MESSAGES = 2_000 if LONG else 60
FAULTS = 120 if LONG else 7
SEED = int(os.environ.get("TONGBAN_FAULTS_SEED", "0")) or random.randrange(1, 1 << 32)
NUMBER = "460100199001011234"
SPOILED = {
    "tax": ("cut", "both"), "health": ("cut", "in"), "civil": ("flap", "both"), "land": ("loss30", "both"),
    "police": ("slow", "both"),
}  # fmt: skip
HELD = (  # for longer than a busy machine keeps a short transaction waiting, and shorter than a cut line is noticed
    "SELECT state, query FROM pg_stat_activity WHERE (backend_xid IS NOT NULL OR state LIKE 'idle in%%') "
    "AND xact_start < clock_timestamp() - interval '3 s'"
)


@pytest.fixture(scope="module", name="province")
def _province() -> Iterator[Province]:
    if why := why_not():
        pytest.skip(why)
    with province(*SPOILED, hubs=3, apart=True) as made:
        until(lambda: all(line(node) == (True, "") for node in made.nodes.values()), lambda: state(made))
        yield made


def test_r9_spoiled_lines_hold_no_transaction_and_lose_nothing(province: Province) -> None:
    """Cut in full, cut one way, flapping, at 30 % loss and at 64 kbit/s, all at once."""
    nodes, lines = province.nodes, province.lines
    assert lines
    for name, (mode, direction) in SPOILED.items():
        lines.spoil(name, mode, direction)
    senders = [nodes[name].begin("send", "centre", "10", "6000") for name in SPOILED]
    senders.append(nodes["centre"].begin("send", ",".join(SPOILED), "25", "400"))
    for name in ("tax", "health"):
        until(lambda name=name: not line(nodes[name])[0], lambda: state(province))  # type: ignore[misc]
        assert line(nodes[name])[1].startswith(("the line is down", "the hub is not ready"))
        assert nodes[name].ask(HELD) == []
    assert [sender.wait(PATIENCE) for sender in senders] == [0] * len(senders)
    assert nodes["tax"].ask(OPEN) == [(10,)], "all of it waits"
    until(lambda: nodes["police"].ask(OPEN) == [(0,)], lambda: state(province))  # at 64 kbit/s it goes all the same
    for name in SPOILED:
        lines.spoil(name, "pass")
    until(lambda: all(node.ask(OPEN) == [(0,)] for node in nodes.values()), lambda: state(province))
    nothing_lost_nothing_doubled(nodes)
    until(lambda: all(line(node) == (True, "") for node in nodes.values()), lambda: state(province))


def test_kill_and_cut_at_random_loses_nothing_and_doubles_nothing(province: Province) -> None:
    three = [province.nodes[name] for name in ("centre", "tax", "health")]
    began, chance, told = time.monotonic(), random.Random(SEED), Counter[str]()
    before = nothing_lost_nothing_doubled(province.nodes)["messages"]
    share, pause = -(-MESSAGES // len(three)), "0.1" if LONG else "0.03"
    senders = [
        node.begin("send", ",".join(other.name for other in three if other is not node), str(share), "400", pause)
        for node in three
    ]
    while any(sender.poll() is None for sender in senders) or told.total() < FAULTS:
        if LONG or told.total() < FAULTS:
            told[_fault(province, chance, told.total())] += 1
        time.sleep(chance.uniform(0.3, 1.5) if LONG else 0.4)
    for node in three:
        province.lines.spoil(node.name, "pass")  # type: ignore[union-attr]
    faults = time.monotonic() - began
    patience = 600 if LONG else PATIENCE
    until(lambda: all(node.ask(OPEN) == [(0,)] for node in three), lambda: f"seed {SEED}\n{state(province)}", patience)
    found = nothing_lost_nothing_doubled(province.nodes)
    found |= {"messages": found["messages"] - before, "seed": SEED, **told}
    found |= {"seconds of faults": round(faults), "seconds": round(time.monotonic() - began)}
    print(json.dumps(found))
    assert found["messages"] >= MESSAGES


def _fault(province: Province, chance: random.Random, turn: int) -> str:
    """One thing that goes wrong at one of three nodes or the hub; in the short run each kind comes once."""
    kinds = ["worker", "leaf", "hub", "postgres", "node", "line", "line"]
    kind = chance.choice(kinds) if LONG else kinds[turn % len(kinds)]
    node = province.nodes[chance.choice(["centre", "tax", "health"])]
    if kind == "worker" and node.process and node.process.poll() is None:
        node.kill()
    elif kind == "leaf":
        leaf = province.nodes[chance.choice(["tax", "health"])].leaf
        assert leaf
        leaf.stop(signal.SIGKILL)
    elif kind == "hub":
        chance.choice(province.hubs).stop(signal.SIGKILL)
    elif kind == "postgres":
        node.kill_database()
    elif kind == "node":
        node.stop()
    elif kind == "line":
        kind = chance.choice(["cut", "loss30", "slow", "flap", "pass", "pass"])
        assert province.lines
        province.lines.spoil(node.name, kind, chance.choice(["both", "in", "out"]))
    return kind


def test_t11_the_hub_s_disk_holds_no_plaintext(province: Province) -> None:
    """Nor can the hub's servers read what is asked and answered."""
    tax, health = province.nodes["tax"], province.nodes["health"]
    health.kill()
    tax.call("send", "health,centre", "20", "400", "0", NUMBER)
    held = _stored(province)
    assert sum(map(len, held.values())) > 10_000
    assert [path for path, content in held.items() if NUMBER.encode() in content] == []
    until(lambda: tax.ask(OPEN) == [(0,)], lambda: state(province))
    assert '"answered": 3' in tax.call("ask", "health", "3")


def _stored(province: Province) -> dict[str, bytes]:
    """What lies on the hub's disks; a block whose last message is taken meanwhile is gone, as it should be."""
    held: dict[str, bytes] = {}
    for hub in province.hubs:
        for folder, _, names in os.walk(hub.folder / "store"):
            for path in (Path(folder, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    held[str(path)] = path.read_bytes()
    return held
