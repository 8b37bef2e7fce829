"""The steps in their order, each timed, said and reported."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from tongban.base.kernel.data import TongbanError
from tongban.site.boot import ready
from tongban.site.run import _ended, say

from .centre import centre
from .stage import Stage, StepFailed, accounts, folder

Work = Callable[[Stage], dict[str, Any]]


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; 0 only if every step held. With `--json` the last line is one JSON object."""
    began = time.perf_counter()
    signal.signal(signal.SIGTERM, _ended)  # what was started here ends with us, however we end
    with centre() as ours, ready():
        from django.conf import settings

        from tongban.base.kernel.api import now

        if settings.PRODUCTION:
            raise RuntimeError("the demonstration is not for a production installation")
        stage = Stage(folder(), settings.STAFF_URL, accounts(), now())
        say(f"The centre serves at {settings.STAFF_URL}" + (" for as long as this lasts" if ours else ""))
        report = _told(stage)
    report["seconds"] = round(time.perf_counter() - began, 1)
    say(f"[{report['seconds']:6.1f} s] " + ("Every step held." if report["ok"] else "Not every step held."))
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False, default=str) + "\n")
    return 0 if report["ok"] else 1


def _told(stage: Stage) -> dict[str, Any]:
    from . import crossing, nodes

    steps: list[dict[str, Any]] = []
    began = time.perf_counter()
    try:
        crossing.prepare(stage)
        for name, text, work in _steps():
            say(f"[{time.perf_counter() - began:6.1f} s] {text}")
            start = time.perf_counter()
            try:
                facts, ok = work(stage), True
            except (StepFailed, TongbanError, OSError) as problem:
                facts, ok = {"why": str(problem) or type(problem).__name__}, False
                say(f"           FAILED: {facts['why']}")
            steps.append({"step": name, "ok": ok, "seconds": round(time.perf_counter() - start, 1), **facts})
            if not ok:
                break
    finally:
        for department in nodes.departments(stage):
            department.ask()
        if (inner := stage.known.get("inner")) and inner.poll() is None:
            inner.terminate()
            inner.wait(60)
        for department in nodes.departments(stage):
            department.end()
    return {"ok": len(steps) == len(_steps()) and all(one["ok"] for one in steps), "steps": steps}


def _steps() -> list[tuple[str, str, Work]]:
    from . import correcting, crossing, files, linking, nodes, publishing, sharing, topic

    return [
        ("extracts", "The departments' own files", files.extracts),
        ("enrol", "Three departments become nodes", nodes.enrol),
        ("publish", "Four departments describe their data; they are reviewed and published", publishing.publish),
        ("connect", "The nodes connect and read their sources", nodes.connect),
        ("collect", "The data office asks for the extracts for the base registries", sharing.collect),
        ("share", "The tax office asks for the enterprises, shared under conditions", sharing.share),
        ("link", "The base registries are linked", linking.link),
        ("correct", "A wrong value is objected to and comes back corrected", correcting.correct),
        ("topic", "Tax governance: registered and not taxed", topic.govern),
        ("cross", "A bundle crosses to the inner zone", crossing.cross),
    ]
