"""Three departments become nodes: invited, enrolled with the signed file, running, their files read as sources."""

from __future__ import annotations

import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import NotFound, Refused, system
from tongban.data.catalogue.data import Resource
from tongban.data.exchange import api as exchange
from tongban.data.exchange.data import Node, NodeState
from tongban.data.transport import api as transport
from tongban.trust.identity import api as identity

from .described import ALL, MARKET, Delivered, mapping
from .stage import Stage, StepFailed, acts, asked, elsewhere, ended, started, wait

_CLI = ["-m", "tongban.site.cli"]
_SINK = """
name: enterprises
resource: "{code}"
sink: {{kind: sql, url: "sqlite:///{path}", table: enterprises}}
"""


@dataclass
class Department:
    """One department's machine: a home of its own and its processes."""

    of: Delivered
    home: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        """The node's key in the registry of nodes."""
        return self.of.part

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see."""
        return elsewhere(self.home)

    @property
    def log(self) -> Path:
        """What its command says."""
        return self.home / "node.log"

    def tongban(self, *arguments: str) -> Any:
        """`tongban node ...` on this machine."""
        return asked(["node", *arguments], self.environment)

    def ask(self) -> None:
        """Ask what we started to end."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """Until it has ended."""
        if self.process:
            self.process.wait(60)


def departments(stage: Stage) -> list[Department]:
    """The departments that have a node, first named here."""
    if "departments" not in stage.known:
        machines = [Department(one, stage.folder / "nodes" / one.part) for one in ALL if one.node]
        stage.known["departments"] = machines
    return list(stage.known["departments"])


def enrol(stage: Stage) -> dict[str, Any]:
    """Invite those who are no nodes yet; each makes its keys and shows its token. Then all of them start."""
    wait(_centre_is_node, "the centre's own node")
    under_way = [one for one in departments(stage) if (found := _file(stage, one)) and _begin(one, found)]
    wait(lambda: all(one.process and one.process.poll() is not None for one in under_way), "the nodes' certificates")
    for one in under_way:
        assert one.process
        ended(one.process, one.log, f"{one.key} could not be enrolled")
        stage.say(f"{one.key}: enrolled with the signed file, keys made on its own machine")
    for one in departments(stage):
        one.process = started([*_CLI, "node", "run"], one.environment, one.log)
    return {"enrolled": [one.key for one in under_way]}


def _centre_is_node() -> bool:
    try:
        return bool(transport.own().gates)
    except Refused:  # not set up yet
        return False


def _file(stage: Stage, one: Department) -> bytes | None:
    """The signed file for a department that needs one; None where it is a node."""
    with system():
        known = _node(one.key)
        code = one.of.description.provider
        title = identity.office_by_code(code).title
    stands = known and known.state not in (NodeState.INVITED, NodeState.CLOSED, NodeState.BLOCKED)
    if stands and (one.home / "transport" / "own.json").exists():
        return None
    with acts(stage, "exchange") as manager:
        if known:
            return exchange.invite_again(manager, one.key)
        _row, file = exchange.invite(manager, one.key, code, level="province", division="460000", title=title)
    stage.say(f"{one.key}: {title} is invited")
    return file


def _node(key: str) -> Node | None:
    try:
        return exchange.node(key)
    except NotFound:
        return None


def _begin(one: Department, file: bytes) -> bool:
    one.home.mkdir(parents=True, exist_ok=True)
    path = one.home / "enrolment.json"
    path.touch(mode=0o600)
    path.write_bytes(file)
    with system():
        told = exchange.fingerprint()  # as the centre tells it by telephone
    one.process = started([*_CLI, "node", "enrol", str(path), "--fingerprint", told], one.environment, one.log)
    return True


def connect(stage: Stage) -> dict[str, Any]:
    """Until the centre has heard of each; then their sources are added."""
    machines = departments(stage)
    for one in machines:
        wait(partial(_heard, stage, one), f"a sign of life of {one.key}; see {one.log}")
    with ThreadPoolExecutor(len(machines)) as hands:
        list(hands.map(lambda one: _add_source(stage, one), machines))
    seen = stage.see("/exchange/", "exchange")
    return {"nodes": [one.key for one in departments(stage)], "seen": seen}


def _heard(stage: Stage, one: Department) -> bool:
    """Whether the node has been heard of since the story began."""
    if one.process and one.process.poll() is not None:
        raise StepFailed(f"the node {one.key} ended: {one.log.read_text(errors='replace')[-600:]}")
    with system():
        node = exchange.node(one.key)
    return node.state == NodeState.ACTIVE and bool(node.seen and node.seen > stage.began)


def _add_source(stage: Stage, one: Department) -> None:
    resource: Resource = stage.known["resources"][one.key]
    path, extract = one.home / "source.yaml", stage.folder / "extracts" / f"{one.of.extract}.csv"
    path.write_text(mapping(one.of, resource.code, resource.edition, str(extract)), "utf-8")
    one.tongban("add-source", str(path))
    stage.say(f"{one.key}: connected, source {one.of.extract} at work")


def sink(stage: Stage) -> Path:
    """Where the tax office takes in enterprises: a table of its own."""
    tax = next(one for one in departments(stage) if one.key == "tax")
    path, file = tax.home / "enterprises.sqlite", tax.home / "sink.yaml"
    with sqlite3.connect(path) as table:
        table.execute("VACUUM")
    file.write_text(_SINK.format(code=stage.known["resources"][MARKET.part].code, path=path), "utf-8")
    tax.tongban("add-sink", str(file))
    return path


def taken(path: Path, items: str) -> list[tuple[Any, ...]]:
    """What stands in the tax office's own table."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as table:
        try:
            return table.execute(f"SELECT {items} FROM enterprises WHERE cd_operation <> 'D'").fetchall()  # noqa: S608
        except sqlite3.OperationalError:
            return []
