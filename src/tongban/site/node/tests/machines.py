"""A hub and nodes around it as they run: `tongban node run` in a home of its own, driven by its command line."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.test import override_settings

import tongban
from tongban.data.transport import api as transport
from tongban.data.transport.data import Own
from tongban.site.nats import Hub, ports

RESERVE = 16  # MiB that a node keeps free
SHELL = """
import contextlib, io, json, sys
from tongban.site.node.database import ready
with ready():
    for line in sys.stdin:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(json.loads(line), {"json": json})
        print(json.dumps(out.getvalue()), flush=True)
"""


@dataclass
class Node:
    """One node in a home of its own. `disk`: where its home is a small disk, the process that holds it in a mount
    namespace of its own; it is gone with that process, however the test ends."""

    home: Path
    process: subprocess.Popen[bytes] | None = None
    shell: subprocess.Popen[str] | None = None
    disk: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.home)

    def command(self, *words: str) -> list[str]:
        inside = ["nsenter", f"--mount=/proc/{self.disk.pid}/ns/mnt", "--"] if self.disk else []
        return [*inside, sys.executable, *words]

    def small_disk(self, mebibytes: int) -> None:
        """Its home moves to a disk of that size."""
        disk, pipe = Path(f"{self.home}.disk"), subprocess.PIPE
        disk.mkdir()
        steps = [
            f"mount -t tmpfs -o size={mebibytes}m,mode=755 none {disk}", f"cp -a {self.home}/. {disk}",
            f"mount --move {disk} {self.home}", "echo ready", "exec cat",
        ]  # fmt: skip
        words = ["unshare", "--mount", "sh", "-c", " && ".join(steps)]
        self.disk = subprocess.Popen(words, stdin=pipe, stdout=pipe)
        assert self.disk.stdout and self.disk.stdout.readline() == b"ready\n"

    def inside(self, path: str) -> Path:
        """A file of its home as we see it from here."""
        return (Path(f"/proc/{self.disk.pid}/root") if self.disk else Path("/")) / str(self.home / path).lstrip("/")

    def start(self) -> None:
        with self.inside("run.log").open("ab") as log:
            command = self.command("-m", "tongban.site.cli", "node", "run")
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def stop(self) -> None:
        if self.shell:
            self.shell.kill()
            self.shell.wait()
            self.shell = None
        if self.process:
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def tongban(self, *arguments: str, status: int = 0) -> Any:
        command = self.command("-m", "tongban.site.cli", "node", *arguments, "--json")
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return json.loads(done.stdout)

    def python(self, code: str) -> Any:
        """Run something inside the node, in a process of its own that stays; it prints JSON."""
        if self.shell is None:
            pipe = subprocess.PIPE
            with self.inside("shell.log").open("ab") as log:
                self.shell = subprocess.Popen(
                    self.command("-c", SHELL), env=self.environment, stdin=pipe, stdout=pipe, stderr=log, text=True
                )
        assert self.shell.stdin and self.shell.stdout
        self.shell.stdin.write(json.dumps(code) + "\n")
        self.shell.stdin.flush()
        answer = self.shell.stdout.readline()
        assert answer, self.inside("shell.log").read_text()
        return json.loads(json.loads(answer) or "null")

    def asked(self, code: str) -> Any:
        """As `python`, or None while its database is away."""
        try:
            return self.python(code)
        except AssertionError:
            self.shell = None
            return None

    def kill(self, what: str) -> None:
        """kill -9 of one of its processes."""
        os.kill(self._child(what), signal.SIGKILL)

    def peak(self, what: str) -> int:
        """The most memory that one of its processes ever held, in bytes."""
        status = Path(f"/proc/{self._child(what)}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10

    def _child(self, what: str) -> int:
        """One of its processes, found among its children by its command."""
        for pid in _below(self.process.pid if self.process else 0):
            if what in Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " "):
                return pid
        raise AssertionError(f"no {what} is running")


def environment(home: Path) -> dict[str, str]:
    """What processes of a node see."""
    dropped = ("TONGBAN_DATABASE_ROLE", "TONGBAN_DATABASE_NAME", "TONGBAN_TEST_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    settings = {"DJANGO_SETTINGS_MODULE": "tongban.site.node.settings", "TONGBAN_LANGUAGE": "en"}
    return {**kept, **settings, "TONGBAN_HOME": str(home), "TONGBAN_NODE_RESERVE_MIB": str(RESERVE)}


def _below(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        children = ""
        with contextlib.suppress(OSError):  # it went meanwhile
            children = task.read_text()
        for child in children.split():
            yield int(child)
            yield from _below(int(child))


def wait(what: Callable[[], Any], seconds: float = 120, every: float = 0.1) -> Any:
    """Ask until there is an answer; gives it."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(every)
    return found


def _template() -> Path:
    """The home of a node whose database is up to date, made once per state of the migrations."""
    source = Path(tongban.__file__).parent
    rooms = ("base/kernel", "base/ledger", "data/transport", "data/node")
    files = [path for room in rooms for path in source.glob(f"{room}/migrations/*.py")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in [*sorted(files), Path(__file__)])).hexdigest()[:12]
    made = Path(tempfile.gettempdir()) / f"tongban-node-{os.geteuid()}-{digest}"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "done").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(mode=0o755)
            command = [sys.executable, "-m", "tongban.site.node.running", "migrate"]
            subprocess.run(command, env=environment(made), check=True)
            (made / "done").touch()
    return made


@contextmanager
def nodes(folder: Path, *names: str, small: str = "") -> Iterator[dict[str, Node]]:
    """A hub and started nodes that know each other, the first of them the centre. The home of `small` is a disk of its
    own with little room."""
    line, mine = folder / "line", ports(folder / "ports.json", 2)
    key = transport.line_key("hub", ["127.0.0.1"], line)
    hub = Hub(folder / "hub", "hub", key, port=mine[0], gate_port=mine[1], nodes=names[1:])
    hub.start()
    owns = {name: _own(name, line, f"tls://127.0.0.1:{mine[1]}") for name in names}
    made = {name: Node(folder / name) for name in names}
    peers = [
        {"node": own.node, "office": own.office, "title": own.title, "certificate": own.certificate, "blocked": False}
        for own in owns.values()
    ]
    known = f"from tongban.data.node import api\napi.adopt_peers(json.loads({json.dumps(json.dumps(peers))}))"
    template = _template()

    def begin(name: str, node: Node) -> None:
        subprocess.run(["cp", "-a", str(template), str(node.home)], check=True)
        with override_settings(TONGBAN_HOME=node.home):
            transport.set_up(owns[name])
        if name == small:
            node.small_disk(400)
        node.start()

    try:
        for name, node in made.items():
            begin(name, node)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: (_up(node), node.python(known)), made.values()))
        yield made
    finally:
        for node in made.values():
            if node.process:
                node.process.terminate()
        for node in made.values():
            node.stop()
            if node.disk:
                node.disk.communicate()
        hub.stop()
        assert not _left(folder), "every process of the nodes ends with them"


def _left(folder: Path) -> list[str]:
    """Processes that were started for homes below a folder and still run."""
    commands = {path: path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline")}
    return [command for command in commands.values() if f"{folder}/" in command]


def _own(name: str, line: Path, gate: str) -> Own:
    key = transport.line_key(name, ["127.0.0.1"], line)
    own = transport.fresh_own(name, f"{name}-office", name)
    return replace(own, line_certificate=key.certificate, line_key=key.key, line_roots=key.roots, gates=(gate,))


def _up(node: Node) -> None:
    """Until its children run."""

    def children() -> bool:
        assert node.process and node.process.poll() is None, node.inside("run.log").read_text()
        return node.inside("log/node.log").exists()

    wait(children)
