"""What the databases of the nodes say: how far messages have come, how the line stands, whether all add up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .province import Node, Province

OPEN = (
    "SELECT count(*) FROM transport_outbox "
    "WHERE business = 'test.note' AND stage NOT IN ('processed', 'expired', 'refused')"
)


def line(node: Node) -> tuple[bool, str]:
    """Whether the line of a node is up by its own words, and the words."""
    found = node.ask("SELECT (value->>'up')::bool, value->>'text' FROM transport_known WHERE name = 'line'")
    return (found[0][0], found[0][1]) if found else (False, "")


def state(province: Province) -> str:
    """Everything worth knowing when a test fails."""
    rows = "SELECT kind, stage, code, count(*) FROM transport_outbox WHERE kind <> 'receipt' GROUP BY 1, 2, 3"
    known = [node for node in province.nodes.values() if not node.off]
    words = [f"{node.name}: {line(node)} {node.ask(rows)}" for node in known]
    return "\n".join([*words, *(_tail(node.home / "run.log") for node in known)])


def _tail(path: Path) -> str:
    text = path.read_text(errors="replace")[-1500:] if path.exists() else ""
    return f"-- {path.parent.name}\n{text}"


def nothing_lost_nothing_doubled(nodes: dict[str, Node]) -> dict[str, int]:
    """Every note that was committed worked exactly once at its receiver, but those that expired; how many there are."""
    acknowledged = {id_ for node in nodes.values() for id_ in _told(node)}
    rows = "SELECT id, stage FROM transport_outbox WHERE business = 'test.note'"
    committed = dict(row for node in nodes.values() for row in node.ask(rows))
    effects = Counter(row[0] for node in nodes.values() for row in node.ask("SELECT message FROM effect"))
    worth = {id_ for id_, stage in committed.items() if stage != "expired"}
    lost, doubled = worth - effects.keys(), {id_ for id_, times in effects.items() if times > 1}
    assert acknowledged <= committed.keys()
    assert lost == doubled == effects.keys() - worth == set()
    return {"messages": len(committed), "lost": len(lost), "doubled": len(doubled)}


def _told(node: Node) -> list[str]:
    """The ids that senders in the background were told are committed."""
    path = node.home / "send.out"
    return path.read_text().split() if path.exists() else []
