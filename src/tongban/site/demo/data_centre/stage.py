"""What all steps of the story share: where it plays, who acts, what is said, and waiting for what must come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tongban.site.home import home
from tongban.site.run import say

PATIENCE = 180.0  # seconds that something may take on a busy machine before the step fails
_OWN = ("TONGBAN_ZONE", "TONGBAN_PROFILE", "TONGBAN_REGION", "TONGBAN_EGRESS", "TONGBAN_NODE_RESERVE_MIB")


class StepFailed(RuntimeError):
    """A step did not lead where it had to."""


@dataclass
class Stage:
    """The story's folder and how far it has come. `known`: what one step tells the next."""

    folder: Path
    staff: str
    accounts: dict[str, dict[str, str]]
    began: datetime
    known: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """One line of progress."""
        say(f"           {text}")

    def see(self, path: str, part: str) -> dict[str, str]:
        """Tell where on the staff site it is seen, and by which account."""
        seen = {"address": f"{self.staff}{path}", "account": self.accounts[part]["username"]}
        self.say(f"seen at {seen['address']} by {seen['account']}")
        return seen


def folder() -> Path:
    """Where extracts, nodes and the inner deployment of the story live."""
    return home() / "demo" / "data-centre"


def accounts() -> dict[str, dict[str, str]]:
    """The demo accounts by part."""
    return dict(json.loads((home() / "demo-accounts.json").read_text()))


@contextmanager
def acts(stage: Stage, part: str) -> Iterator[Any]:
    """Inside the block row security sees this person; gives the actor."""
    from tongban.trust.identity import api as identity

    actor = identity.actor_for(identity.person_by_username(stage.accounts[part]["username"]).ref)
    with identity.acting(actor):
        yield actor


def wait(what: Callable[[], Any], words: str, seconds: float = PATIENCE) -> Any:
    """Until it is there; gives it. `StepFailed` with the words when it does not come."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise StepFailed(f"did not come within {seconds:.0f} s: {words}")
        time.sleep(0.3)
    return found


def elsewhere(at: Path, **more: str) -> dict[str, str]:
    """The environment of an installation of its own: nothing of ours but the language of the operating system."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_") or name in _OWN}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    return {**kept, "TONGBAN_HOME": str(at), **more}


def started(arguments: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """One of our commands in a process of its own; what it says goes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen([sys.executable, *arguments], env=environment, stdout=out, stderr=out)


def ended(process: subprocess.Popen[bytes], log: Path, words: str) -> None:
    """Wait for a command; `StepFailed` with its last words when it did not go well."""
    try:
        well = process.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        well = False
    if not well:
        raise StepFailed(f"{words}: {log.read_text(errors='replace')[-600:].strip()}")


def asked(arguments: list[str], environment: dict[str, str]) -> Any:
    """What one of our commands answers in JSON; `StepFailed` unless it went well."""
    command = [sys.executable, "-m", "tongban.site.cli", *arguments, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StepFailed(f"tongban {' '.join(arguments[:2])}: {(done.stdout + done.stderr)[-600:].strip()}")
    return json.loads(done.stdout)
