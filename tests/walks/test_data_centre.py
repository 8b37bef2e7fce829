"""The data centre as its people see it after `tongban demo data-centre`, in a browser, desktop and phone.

The command runs beside the serving installation of the walks, with real nodes, a real hub and an inner deployment; it
leaves what it did and no process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.concurrency.installation import ROOT

from .conftest import DESKTOP
from .installation import Walk
from .steps import latin, said

STEPS = ["extracts", "enrol", "publish", "connect", "collect", "share", "link", "correct", "topic", "cross"]


@pytest.fixture(scope="module")
def told(walk: Walk) -> dict[str, Any]:
    """What the command reported, by step."""
    command = [sys.executable, "-m", "tongban.site.cli", "demo", "data-centre", "--json"]
    done = subprocess.run(command, env=walk.installation.environment, cwd=ROOT, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    report = json.loads(done.stdout.decode().splitlines()[-1])
    assert report["ok"]
    return {step["step"]: step for step in report["steps"]}


def _path(seen: dict[str, str]) -> str:
    return urlsplit(seen["address"]).path


def _left(home: Path) -> list[str]:
    """Processes that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in environment + command:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def test_every_step_holds_and_no_process_is_left(walk: Walk, told: dict[str, Any]) -> None:
    assert [name for name, step in told.items() if step["ok"]] == STEPS
    assert _left(walk.installation.home / "demo") == []


def test_the_catalogue_shows_what_was_published_and_granted(walk: Walk, told: dict[str, Any]) -> None:
    page = walk.person("data_authority", "/catalogue/", DESKTOP)
    for title in ("常住人口登记信息", "婚姻登记和殡葬信息", "市场主体登记信息", "纳税人登记信息"):
        assert title in said(page)
    assert latin(page) == []
    walk.look(page, "data-catalogue")
    page.get_by_role("link", name="市场主体登记信息").first.click()
    assert "统一社会信用代码" in said(page)
    walk.look(page, "data-resource")
    page = walk.person("data_tax", f"/catalogue/grants/{told['share']['grant']}/")
    walk.look(page, "data-grant")
    page = walk.person("registry", "/catalogue/requests/")
    assert "婚姻登记和殡葬信息" in said(page)
    walk.look(page, "data-requests")


def test_the_console_shows_the_nodes_and_what_came(walk: Walk, told: dict[str, Any]) -> None:
    page = walk.person("exchange", "/exchange/")
    for title in ("海南省公安厅", "海南省市场监督管理局", "国家税务总局海南省税务局"):
        assert title in said(page)
    assert page.locator("main svg path").count() > 15, "the counties of the map"
    assert "婚姻登记和殡葬信息：提供单位尚未接入节点" in said(page)
    walk.look(page, "data-console")
    page.goto(walk.url("staff", "/exchange/deliveries/"))
    for code in told["publish"]["resources"].values():
        assert (code in said(page)) == (code != told["publish"]["resources"]["civil"])
    walk.look(page, "data-deliveries")
    page.goto(walk.url("staff", "/exchange/nodes/police/"))
    walk.look(page, "data-node")


def test_the_registries_show_progress_questions_and_differences(walk: Walk, told: dict[str, Any]) -> None:
    page = walk.person("registry", "/registries/")
    assert "婚姻登记和殡葬信息" in said(page)
    walk.look(page, "data-registries")
    page.locator("main a[href*='/registries/deliveries/']").first.click()
    walk.look(page, "data-delivery")
    page.goto(walk.url("staff", _path(told["link"]["seen"][1])))
    walk.look(page, "data-review-queue")
    page.locator("main a[href*='/registries/review/']").first.click()
    walk.look(page, "data-review")
    page = walk.person("data_tax", "/registries/differences/")
    page.locator("main a[href*='/registries/differences/']").first.click()
    walk.look(page, "data-differences")


def test_the_objection_tells_what_was_wrong_and_the_registry_what_is_right(walk: Walk, told: dict[str, Any]) -> None:
    objection, lineage = (_path(seen) for seen in told["correct"]["seen"])
    page = walk.person("data_tax", objection)
    for value in (told["correct"]["wrong"], told["correct"]["right"]):
        assert value in said(page)
    walk.look(page, "data-objection")
    page = walk.person("registry", lineage)
    assert told["correct"]["right"] in said(page)
    assert latin(page) == []
    walk.look(page, "data-lineage")


def test_the_topic_lists_who_is_registered_and_not_taxed(walk: Walk, told: dict[str, Any]) -> None:
    page = walk.person("tax_governance", "/tax-governance/")
    assert page.locator("main a[href*='/tax-governance/']").count() >= told["topic"]["found"]["untaxed"]
    walk.look(page, "data-topic")


def test_the_bundle_is_back_with_its_receipt(walk: Walk, told: dict[str, Any]) -> None:
    page = walk.person("ferry", "/ferry/")
    walk.look(page, "data-ferry")
    page.goto(walk.url("staff", _path(told["cross"]["seen"])))
    walk.look(page, "data-bundle")
