"""Lines cut, flapping, losing and crawling; nodes, NATS and PostgreSQL killed with -9 at any moment: nothing is lost,
nothing doubled (issue 4, section 5; R9, R10, T11).

Three nodes with databases of their own and a hub of three servers, each in a network namespace, as real processes.
`TONGBAN_FAULTS=long` sends 2,000 messages and kills for minutes; without it a shorter walk of the same kind.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .lines import why_not
from .province import Node, Province, province, until

LONG = os.environ.get("TONGBAN_FAULTS") == "long"
MESSAGES = 2_000 if LONG else 60
KILLS = 60 if LONG else 6
long = pytest.mark.skipif(not LONG, reason="only with TONGBAN_FAULTS=long")
NUMBER = "460100199001011234"
OPEN = "SELECT count(*) FROM transport_outbox WHERE kind <> 'receipt' AND stage <> 'processed'"


@pytest.fixture(scope="module", name="province")
def _province() -> Iterator[Province]:
    if why := why_not():
        pytest.skip(why)
    with province("tax", "health", hubs=3, apart=True) as made:
        yield made


def test_kill_and_cut_at_random_loses_nothing_and_doubles_nothing(province: Province) -> None:
    nodes = province.nodes
    until(lambda: all(_line(node) for node in nodes.values()), 60, lambda: "a line never came up")
    share = MESSAGES // len(nodes)
    pause = "0.05" if LONG else "0.03"
    senders = {
        name: node.begin("send", ",".join(other for other in nodes if other != name), str(share), "400", pause)
        for name, node in nodes.items()
    }
    told = Counter[str]()
    began = time.monotonic()
    while any(sender.poll() is None for sender in senders.values()) or told.total() < KILLS:
        if LONG or told.total() < KILLS:
            _fault(province, told)
        time.sleep(random.uniform(0.5, 2.0) if LONG else 0.4)
    for name in nodes:
        province.lines.spoil(name, "pass")  # type: ignore[union-attr]
    killed = time.monotonic() - began
    took = until(
        lambda: all(node.ask(OPEN)[0][0] == 0 for node in nodes.values()), 400 if LONG else 90, lambda: _state(province)
    )
    print(f"{MESSAGES} messages, {dict(told)} in {killed:.0f} s, settled {took:.1f} s later")
    _nothing_lost_nothing_doubled(nodes)


def _fault(province: Province, told: Counter[str]) -> None:
    """One thing that goes wrong, at random; in the short run each kind comes once."""
    kinds = ["node", "leaf", "hub", "postgres", "line", "line"]
    kind = random.choice(kinds) if LONG else kinds[told.total() % len(kinds)]
    node = random.choice(list(province.nodes.values()))
    if kind == "node" and node.process and node.process.poll() is None:
        node.kill()
    elif kind == "leaf":
        leaf = random.choice([each.leaf for each in province.nodes.values() if each.leaf])
        leaf.stop(signal.SIGKILL)
    elif kind == "hub":
        random.choice(province.hubs).stop(signal.SIGKILL)
    elif kind == "postgres":
        node.kill_database()
    else:
        kind = random.choice(["cut", "loss30", "slow", "flap", "pass"])
        assert province.lines
        province.lines.spoil(node.name, kind, random.choice(["both", "in", "out"]))
    told[kind] += 1


def _line(node: Node) -> bool:
    found = node.ask("SELECT value->>'up' FROM transport_known WHERE name = 'line'")
    return bool(found) and found[0][0] == "true"


def _state(province: Province) -> str:
    rows = "SELECT stage, code, count(*) FROM transport_outbox WHERE kind <> 'receipt' GROUP BY 1, 2"
    words = [f"{name}: {node.ask(rows)}" for name, node in province.nodes.items()]
    return "\n".join([*words, *(_tail(node.home / "run.log") for node in province.nodes.values())])


def _tail(path: Path) -> str:
    return f"-- {path.parent.name}\n{path.read_text(errors='replace')[-1500:]}"


def _nothing_lost_nothing_doubled(nodes: dict[str, Node]) -> None:
    sent = {name: (node.home / "send.out").read_text().split() for name, node in nodes.items()}
    effects = Counter(row[0] for node in nodes.values() for row in node.ask("SELECT message FROM effect"))
    committed = {
        row[0]
        for node in nodes.values()
        for row in node.ask("SELECT id FROM transport_outbox WHERE business = 'test.note'")
    }
    acknowledged = {id_ for ids in sent.values() for id_ in ids}
    assert acknowledged <= committed
    assert set(effects) == committed, "nothing lost, nothing from nowhere"
    assert set(effects.values()) == {1}, "nothing doubled"


def test_t11_the_hub_s_disk_holds_no_plaintext(province: Province) -> None:
    """Nor can the hub's servers read what is asked and answered."""
    tax, health = province.nodes["tax"], province.nodes["health"]
    health.kill()
    tax.call("send", "health,centre", "20", "400", "0", NUMBER)
    held = [path for hub in province.hubs for path in (hub.folder / "store").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in held) > 10_000
    assert [str(path) for path in held if NUMBER.encode() in path.read_bytes()] == []
    until(lambda: tax.ask(OPEN)[0][0] == 0, 60, lambda: _state(province))
    assert '"answered": 3' in tax.call("ask", "health", "3")


@long
def test_r9_a_cut_line_holds_no_transaction(province: Province) -> None:
    tax = province.nodes["tax"]
    assert province.lines
    province.lines.spoil("tax", "cut")
    tax.call("send", "centre", "30", "40000")
    for _each in range(6):
        held = tax.ask(
            "SELECT state, query FROM pg_stat_activity WHERE backend_xid IS NOT NULL OR state LIKE 'idle in%%' "
            "AND xact_start < clock_timestamp() - interval '0.3 s'"
        )
        assert held == []
        time.sleep(0.3)
    province.lines.spoil("tax", "pass")
    until(lambda: tax.ask(OPEN)[0][0] == 0, 60, lambda: _state(province))


@long
def test_r10_a_hub_that_lost_its_whole_store_gets_everything_again(province: Province) -> None:
    import shutil

    health, centre = province.nodes["health"], province.nodes["centre"]
    health.process, dead = None, health.process  # not started again by the keeper
    assert dead
    os.killpg(dead.pid, signal.SIGKILL)
    dead.wait()
    centre.call("send", "health", "25")
    until(
        lambda: centre.ask("SELECT count(*) FROM transport_outbox WHERE stage = 'waiting'")[0][0] == 0, 30, "not sent"
    )
    province.over.set()
    time.sleep(0.6)
    for hub in province.hubs:
        hub.stop(signal.SIGKILL)
        shutil.rmtree(hub.folder / "store")
    for hub in province.hubs:
        hub.start()
    health.run()
    until(lambda: centre.ask(OPEN)[0][0] == 0, 90, lambda: _state(province))
    doubled = health.ask("SELECT message FROM effect GROUP BY message HAVING count(*) > 1")
    assert doubled == []
