"""Two departments' nodes as they run: own PostgreSQL, own leaf, a real hub between them, and the centre's word."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .machines import RESERVE, Node, nodes, wait

RESOURCE = "3070100001/1"
SOURCE = """
name: residents
resource: "{resource}"
source: {{kind: csv, path: "{path}"}}
every: 1s
key: id
items: {{id: 编号, name: 姓名, phone: 电话}}
"""
SINK = """
name: residents
resource: "{resource}"
sink: {{kind: sql, url: "sqlite:///{path}", table: people}}
"""
People = dict[str, tuple[str, str]]
RUNS = "from tongban.data.node.models import Run\nprint(Run.objects.order_by('id').values_list('id').last()[0])"


class Story:
    """The police's file, the tax office's table, and the nodes between them."""

    def __init__(self, folder: Path, made: dict[str, Node]) -> None:
        self.centre, self.police, self.tax = made.values()
        self.file, self.table = folder / "people.csv", folder / "tax.sqlite"
        self.people: People = {str(n): (f"人{n}", f"139{n:08}") for n in range(6_000)}

    def write(self) -> None:
        """The police's file as it is now."""
        lines = ["编号,姓名,电话", *(f"{key},{name},{phone}" for key, (name, phone) in self.people.items())]
        fresh = self.file.with_suffix(".new")
        fresh.write_text("\n".join(lines), encoding="gb18030")
        fresh.replace(self.file)

    def change(self, lap: int) -> None:
        """Some rows change, one goes."""
        for n in range(lap, 6_000, 7):
            self.people[str(n)] = (f"改{lap}-{n}", "")
        self.people.pop(str(lap * 100 + 1), None)
        self.write()

    def arrived(self) -> bool:
        """Whether the tax office's table says what the police's file says, no more and no less."""
        with sqlite3.connect(self.table) as table:
            try:
                rows = table.execute("SELECT id, name FROM people WHERE cd_operation <> 'D'").fetchall()
            except sqlite3.OperationalError:
                return False
        return len(rows) == len(self.people) and dict(rows) == {key: name for key, (name, _) in self.people.items()}

    def rows(self) -> int:
        """How many rows stand in the tax office's table."""
        with sqlite3.connect(self.table) as table:
            return int(table.execute("SELECT count(*) FROM people WHERE cd_operation <> 'D'").fetchone()[0])

    def sent_all(self) -> bool:
        """Whether the source has nothing more to send and every message has its receipt."""
        told = self.police.asked("from tongban.data.node.api import status\nprint(json.dumps(status()))")
        if told is None:
            return False
        (source,) = told["sources"]
        tax = next(peer for peer in told["peers"] if peer["node"] == "tax")
        done = (source["rows"], source["state"]) == (len(self.people), "nothing")
        return done and not tax["waiting"] + tax["sent"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("nodes")
    with nodes(folder, "centre", "police", "tax", small="tax" if os.geteuid() == 0 else "") as made:
        told = Story(folder, made)
        told.write()
        sqlite3.connect(told.table).execute("VACUUM")
        (folder / "source.yaml").write_text(SOURCE.format(resource=RESOURCE, path=told.file))
        (folder / "sink.yaml").write_text(SINK.format(resource=RESOURCE, path=told.table))
        adding = ((told.police, "add-source", "source.yaml"), (told.tax, "add-sink", "sink.yaml"))
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda one: one[0].tongban(one[1], str(folder / one[2])), adding))
        for grant, mode in (("g1", "batch"), ("g2", "query")):
            body = {"grant": grant, "resource": RESOURCE, "mode": mode, "office": "tax-office", "node": "tax",
                    "items": ["id", "name"], "purpose": "综合治税", "until": None}  # fmt: skip
            told.centre.python(
                "from django.db import transaction\nfrom tongban.data.transport import api\n"
                "from tongban.data.transport.data import Kind\nwith transaction.atomic():\n"
                f"    api.send('police', Kind.CONTROL, 'grant', {json.dumps(body)!r}.encode(), resource={RESOURCE!r})"
            )
        yield told


def test_rows_reach_the_other_office_whatever_dies_on_the_way(story: Story) -> None:
    centre, police, tax = story.centre, story.police, story.tax
    wait(story.arrived)

    def ask(node: Node, items: list[str]) -> Any:
        body = json.dumps({"grant": "g2", "purpose": "办件", "where": {"id": "7"}, "items": items})
        return node.python(
            "from tongban.data.transport import api\nfrom tongban.base.kernel.api import Refused\ntry:\n"
            f"    print(api.ask('police', 'query', {body!r}.encode(), grant='g2', timeout=20).body.decode())\n"
            "except Refused as no:\n    print(json.dumps(no.code))"
        )

    assert ask(tax, ["name"]) == {"rows": [{"name": "人7"}]}
    assert ask(tax, ["phone"]) == "grant" and ask(centre, ["name"]) == "grant"

    tax.stop()  # off for a while: what changes meanwhile comes in order when it is back
    for lap, victim in enumerate(("running work", "postgres", "nats-server")):
        before = wait(lambda: police.asked(RUNS))
        story.change(lap)
        wait(lambda before=before: (police.asked(RUNS) or 0) > before)  # type: ignore[misc]
        police.kill(victim)
    tax.start()
    wait(story.arrived)
    wait(story.sent_all)
    status = tax.tongban("status")
    assert status["line"]["up"] and status["sinks"][0]["trouble"] == "" and status["unclaimed"] == {}
    found = police.tongban("check", status=1)["findings"]
    assert {one["subject"] for one in found if not one["well"]} == {"centre and clock"}  # this centre answers no tests


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which needs root")
def test_r25_a_full_disk_is_told_and_loses_nothing(story: Story) -> None:
    """Not a byte is left on the receiver's disk while batches come to it."""
    tax = story.tax
    ballast = tax.inside("ballast")
    wait(story.arrived)
    with ballast.open("wb") as file, pytest.raises(OSError):
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    story.change(3)
    full = f"Only 0 MiB are left on the disk of this node; it takes nothing in below {RESERVE} MiB."
    wait(lambda: full in tax.inside("log/node.log").read_text())
    assert tax.tongban("status")["free_mib"] == 0
    found = {one["subject"]: one["text"] for one in tax.tongban("check", status=1)["findings"] if not one["well"]}
    assert found["disk"] == full
    assert not story.arrived()
    ballast.unlink()
    wait(story.arrived)
    wait(story.sent_all)
    found = tax.tongban("check", status=1)["findings"]
    assert not re.search("disk|line|box|sink", " ".join(one["subject"] for one in found if not one["well"]))


@pytest.mark.skipif(os.environ.get("TONGBAN_FAULTS") != "long", reason="minutes; with TONGBAN_FAULTS=long")
def test_a_file_with_a_million_rows(story: Story) -> None:
    """In GB18030, from the police's file to the tax office's table, in little memory."""
    wait(story.arrived)
    began = time.monotonic()
    story.people = {str(n): (f"人{n}", "") for n in range(1_000_000)}
    story.write()
    wait(lambda: story.rows() == 1_000_000, 3_000, every=2.0)
    assert story.arrived()
    peak = max(node.peak("running work") for node in (story.police, story.tax))
    print(f"a million rows in {time.monotonic() - began:.0f} s, {peak >> 20} MiB at most")
    assert peak < 1 << 30
