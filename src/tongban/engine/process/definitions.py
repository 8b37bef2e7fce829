"""Published processes: compiled once per content and kept; running instances never see another version
(R15)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, now
from tongban.base.ledger import api as ledger

from . import checks
from .compile import read
from .data import DefinitionRef, Finding
from .elements import SHARED
from .feel import FeelJudge
from .joining import joined
from .link import link
from .model import Graph, Trigger
from .statements import ARM_START

Calls = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Published:
    """A definition's row and its graph."""

    id: int
    ref: DefinitionRef
    graph: Graph


_graphs: dict[tuple[str, str], Graph] = {}


def publish(key: str, xml: bytes, by: Ref | None = None) -> DefinitionRef:
    """Make `xml` the version of process `key` that new instances get; the same content is the same reference.

    `Invalid` with a message per finding, keyed `line.element`, when it may not be run.
    """
    reading = read(xml)
    if reading.graph is None or reading.findings:
        raise _invalid(reading.findings)
    ref = DefinitionRef(key, hashlib.sha256(xml).hexdigest())
    with joined():
        calls = _bound(reading.graph)
        graph = _linked(reading.graph, calls)
        findings = checks.unready(graph)
        if findings:
            raise _invalid(findings)
        id_ = _insert(ref, xml, calls, by)
        _make_current(id_, ref, graph)
    return ref


def _invalid(findings: list[Finding] | tuple[Finding, ...]) -> Invalid:
    return Invalid(
        {f"{f.line}.{f.element}": f.reason for f in findings}, _("The process cannot be run as it is drawn.")
    )


def _bound(graph: Graph) -> dict[str, list[str]]:
    """What the calls of `graph` mean today: the current version of the process published under that key."""
    names = {n.calls for s in graph.scopes.values() for n in s.nodes.values() if n.calls}
    if not names:
        return {}
    keys = {f"shared:{name}" if name in SHARED else name: name for name in names}
    for key in keys:
        if key.startswith("shared:"):
            _publish_shared(key)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.key, d.hash FROM process_key k JOIN process_definition d ON d.id = k.definition_id "
            "WHERE k.key = ANY(%s)",
            [sorted(keys)],
        )
        return {keys[key]: [key, hash_] for key, hash_ in cursor.fetchall()}


def _insert(ref: DefinitionRef, xml: bytes, calls: Calls, by: Ref | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO process_definition (key, hash, xml, calls, published_at, published_by) "
            "VALUES (%s, %s, %s, %s::jsonb, %s, %s) ON CONFLICT (key, hash) DO NOTHING RETURNING id",
            [ref.key, ref.hash, xml, json.dumps(calls), now(), str(by or "")],
        )
        row = cursor.fetchone()
        if row is not None:
            ledger.write("process.published", Ref("process.definition", ref.key), by=by, hash=ref.hash)
            return int(row[0])
        cursor.execute("SELECT id FROM process_definition WHERE key = %s AND hash = %s", [ref.key, ref.hash])
        return int(cursor.fetchone()[0])


def _make_current(id_: int, ref: DefinitionRef, graph: Graph) -> None:
    starts = [n for root in graph.main for n in graph.scopes[root].events]
    messages = sorted({n.message for n in starts if n.trigger is Trigger.MESSAGE})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO process_key (key, definition_id, messages) VALUES (%s, %s, %s) ON CONFLICT (key) "
            "DO UPDATE SET definition_id = EXCLUDED.definition_id, messages = EXCLUDED.messages "
            "WHERE process_key.definition_id <> EXCLUDED.definition_id RETURNING key",
            [ref.key, id_, messages],
        )
        if cursor.fetchone() is None:
            return  # it was current already; its timers run
        cursor.execute(
            "DELETE FROM process_timer t USING process_definition d "
            "WHERE t.instance_id IS NULL AND d.id = t.definition_id AND d.key = %s",
            [ref.key],
        )
        moment = now()
        for node in starts:
            if node.trigger is Trigger.TIMER and node.timer is not None:
                due, left = FeelJudge(moment).due(node.timer, {}, None)
                arm_start(id_, node.id, due, left)


def arm_start(definition: int, element: str, due: datetime, repeats: int) -> None:
    """Set the timer of a timer start event."""
    with connection.cursor() as cursor:
        cursor.execute(
            ARM_START,
            [definition, element, due, repeats],
        )


@cache
def shared() -> Mapping[str, bytes]:
    """The XML of the processes that most packs use as they are, by name; started as `shared:NAME`."""
    folder = files(__package__).joinpath("shared")
    return {name: folder.joinpath(f"{name}.bpmn").read_bytes() for name in SHARED}


def _publish_shared(key: str) -> None:
    """Publish a shared process when it is first used, and again when the product brings a new version."""
    xml = shared().get(key.removeprefix("shared:"))
    if xml is None:
        return
    ref = DefinitionRef(key, hashlib.sha256(xml).hexdigest())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM process_key k JOIN process_definition d ON d.id = k.definition_id "
            "WHERE k.key = %s AND d.hash = %s",
            [key, ref.hash],
        )
        if cursor.fetchone() is None:
            publish(key, xml)


def find(definition: DefinitionRef | str) -> Published:
    """The definition that is meant: one exact version, or the one that new instances of a key get."""
    if isinstance(definition, str) and definition.startswith("shared:"):
        _publish_shared(definition)
    sql = "SELECT d.id, d.key, d.hash, d.calls FROM process_definition d "
    if isinstance(definition, str):
        sql, wanted = sql + "JOIN process_key k ON k.definition_id = d.id WHERE k.key = %s", [definition]
    else:
        sql, wanted = sql + "WHERE d.key = %s AND d.hash = %s", [definition.key, definition.hash]
    with connection.cursor() as cursor:
        cursor.execute(sql, wanted)
        row = cursor.fetchone()
    if row is None:
        name = definition if isinstance(definition, str) else definition.key
        raise NotFound(_("There is no process named %(name)s.") % {"name": name})
    return published(*row)


def published(id_: int, key: str, hash_: str, calls: Any) -> Published:
    """The definition of a row, from the cache or compiled now."""
    text = calls if isinstance(calls, str) else json.dumps(calls)
    graph = _graphs.get((hash_, text))
    if graph is None:
        graph = _linked(_compiled(xml_of(id_)), json.loads(text))
        if len(_graphs) > 500:
            _graphs.clear()
        _graphs[hash_, text] = graph
    return Published(id_, DefinitionRef(key, hash_), graph)


def xml_of(id_: int) -> bytes:
    """The XML as it was published."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xml FROM process_definition WHERE id = %s", [id_])
        return bytes(cursor.fetchone()[0])


@lru_cache(maxsize=200)
def _compiled(xml: bytes) -> Graph:
    graph = read(xml).graph
    assert graph is not None, "a published definition compiles"
    return graph


def _linked(graph: Graph, calls: Calls) -> Graph:
    def resolve(called: str) -> tuple[str, Graph, str] | None:
        if called not in calls:
            return None
        other = find(DefinitionRef(*calls[called]))
        return f"{other.ref.key}@{other.ref.hash[:8]}", other.graph, other.graph.main[0]

    return link(graph, resolve) if calls else graph
