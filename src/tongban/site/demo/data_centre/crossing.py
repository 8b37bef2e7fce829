"""A bundle crosses to an inner deployment: another installation in another zone, and never a line between them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import system
from tongban.data.ferry import api as ferry
from tongban.data.ferry.data import Bundle, State

from .stage import Stage, StepFailed, acts, asked, elsewhere, ended, started

CHANNEL, REGISTER = "to-inner", "legal_entity"
_INNER = ["-m", "tongban.site.demo.data_centre.inner"]


def _home(stage: Stage) -> Path:
    return stage.folder / "inner"


def _environment(stage: Stage) -> dict[str, str]:
    return elsewhere(_home(stage), TONGBAN_ZONE="inner", DJANGO_SETTINGS_MODULE="tongban.site.settings")


def prepare(stage: Stage) -> None:
    """Begin to set up the inner deployment; it takes a while and goes on beside the other steps."""
    home = _home(stage)
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "ready").exists():
        stage.known["inner"] = started([*_INNER, "set-up"], _environment(stage), home / "set-up.log")


def cross(stage: Stage) -> dict[str, Any]:
    """Proposed by one, approved by another, exported, carried, imported; the receipt comes back on paper."""
    process: subprocess.Popen[bytes] | None = stage.known.get("inner")
    if process:
        stage.say("waiting for the inner deployment to be set up")
        ended(process, _home(stage) / "set-up.log", "the inner deployment could not be set up")
    _open(stage)
    bundle = _bundle(stage)
    if bundle.state is not State.ACKNOWLEDGED:
        bundle = _carried(stage, bundle)
    stage.say(f"{bundle.name}: {bundle.rows} rows crossed, the receipt came back")
    return {"bundle": bundle.name, "rows": bundle.rows, "seen": stage.see(f"/ferry/{bundle.id}/", "ferry")}


def _open(stage: Stage) -> None:
    """Both ends of the channel: the certificates were carried by hand once."""
    with system():
        if any(one.key == CHANNEL for one in ferry.channels()):
            return
        root = _home(stage) / "root-of-outer.pem"
        root.write_bytes(ferry.own_root())
    told = _asked_inside(stage, "open", str(root))
    with acts(stage, "security_admin") as officer:
        ferry.open_channel(officer, CHANNEL, "政务外网至政务内网", "outer", "inner", told["certificate"].encode())
    stage.say("the channel is open at both ends")


def _bundle(stage: Stage) -> Bundle:
    """The first bundle of the channel, proposed and approved by two people."""
    with system():
        known, _after = ferry.bundles(CHANNEL)
    found = known[-1] if known else None
    if found is None:
        with acts(stage, "ferry") as officer:
            found = ferry.propose(officer, CHANNEL, "internal", "内网综合分析使用法人单位基础信息", [REGISTER])
    if found.state is State.PROPOSED:
        with acts(stage, "leader") as leader:
            found = ferry.approve(leader, found.id)
    return found


def _carried(stage: Stage, bundle: Bundle) -> Bundle:
    with system():
        exported, path = ferry.export(bundle.id)
    disc = _home(stage) / "disc"
    disc.mkdir(exist_ok=True)
    shutil.copyfile(path, disc / exported.name)
    stage.say(f"{exported.name}: {path.stat().st_size // 1024} KiB on a disc")
    told = asked(["ferry", "import", str(disc / exported.name)], _environment(stage))["imported"][0]
    if told["state"] != "imported" or told["rows"] != exported.rows:
        raise StepFailed(f"the inner deployment says {told}")
    with acts(stage, "ferry") as officer:
        return ferry.acknowledge(officer, told["receipt"])


def _asked_inside(stage: Stage, *arguments: str) -> Any:
    import json
    import sys

    done = subprocess.run([sys.executable, *_INNER, *arguments], env=_environment(stage), capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode:
        raise StepFailed(f"the inner deployment: {done.stderr[-600:].strip()}")
    return json.loads(done.stdout)
