"""Nodes with databases of their own around a hub, as real processes that can be killed and come up again."""

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
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from tongban.data.transport.api import fresh_own, line_key
from tongban.data.transport.data import CENTRE
from tongban.site.nats import Hub, Leaf
from tongban.site.postgres import Server

from . import leftovers
from .lines import Lines

ROOT = Path(__file__).resolve().parents[2]
FEW = {"max_connections": "120", "shared_buffers": "32MB"}
PATIENCE = 300.0  # seconds that anything may take on a machine that is busy with other things; nothing waits for them


@dataclass
class Node:
    """One office: PostgreSQL, a leaf (the centre has none), the transport process. `inside`: a network namespace."""

    name: str
    home: Path
    inside: str = ""
    leaf: Leaf | None = None
    program: str = "tests.faults.node"
    process: subprocess.Popen[bytes] | None = None
    days: float = 0  # by which its clocks are ahead of the machine's
    off: bool = False  # nothing is started again
    busy: threading.Lock = field(default_factory=threading.Lock, repr=False)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Server(folder=self.home / "postgres", extra=FEW)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "TONGBAN_HOME": str(self.home),
            "TONGBAN_DATABASE_ROLE": "tongban_owner",
            "TONGBAN_DATABASE_URL": "",
            "TONGBAN_DATABASE_NAME": "tongban",
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
            "TONGBAN_SECRET_DATABASE_TONGBAN_OWNER": WORD,
            "FAULTS_DAYS": str(self.days),
        }

    def command(self, *words: str) -> list[str]:
        return [*within(self.inside), sys.executable, "-m", self.program, *words]

    def call(self, *words: str) -> str:
        """One command of this node to its end; its output."""
        done = subprocess.run(self.command(*words), env=self.environment, cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout.decode()

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """One command in the background, its output in a file of its name."""
        with (self.home / f"{words[0]}.log").open("ab") as log, (self.home / f"{words[0]}.out").open("ab") as out:
            return subprocess.Popen(
                self.command(*words), env=self.environment, cwd=ROOT, stdout=out, stderr=log, start_new_session=True
            )

    def run(self) -> None:
        """Start the transport process."""
        self.process = self.begin("run", str(self.home / "told.json"))

    def kill(self) -> None:
        """kill -9 of the transport process."""
        assert self.process
        _kill(self.process)

    def kill_database(self) -> None:
        """kill -9 of PostgreSQL."""
        with contextlib.suppress(ProcessLookupError):
            if pid := self.server._pid():
                os.kill(pid, signal.SIGKILL)

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of this node's database, asked until it answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(self.server.url(password=WORD), connect_timeout=10) as connection:
                    return connection.execute(statement, values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def start(self) -> None:
        self.server.start()
        if self.leaf:
            self.leaf.start(PATIENCE)
        self.run()

    def keep(self) -> None:
        """Start again what died."""
        with self.busy:
            if self.off:
                return
            if not self.server.alive():
                self.server.start()
            if self.leaf and self.leaf.process and self.leaf.process.poll() is not None:
                self.leaf.start(PATIENCE)
            if self.process and self.process.poll() is not None:
                self.run()

    def rest(self) -> None:
        """The worker is killed and stays away; the database answers."""
        with self.busy:
            self.off = True
            self.kill()

    def switch_off(self) -> None:
        """Pull the plug of the whole machine."""
        with self.busy:
            self.off = True
            self.stop()

    def switch_on(self, days: float = 0.0) -> None:
        """Days later it comes up again, in the keeper's next round."""
        self.days, self.off = days, False

    def stop(self) -> None:
        """kill -9 of everything on it."""
        if self.process:
            _kill(self.process)
        if self.leaf:
            self.leaf.stop(signal.SIGKILL)
        self.kill_database()


WORD = "only-for-tests"  # the password of throw-away databases


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def within(place: str) -> list[str]:
    """How a command is run in a network namespace."""
    return ["ip", "netns", "exec", place] if place else []


def template() -> Path:
    """The folder of a migrated database, made once per state of the migrations."""
    files = [*ROOT.glob("src/tongban/base/*/migrations/*.py"), *ROOT.glob("src/tongban/data/transport/migrations/*.py")]
    files += [Path(__file__).with_name("node.py"), Path(__file__).with_name("settings.py")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]
    made = Node("template", Path(tempfile.gettempdir()) / f"tongban-faults-{os.geteuid()}-{digest}")
    with made.home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made.home / "done").exists():
            shutil.rmtree(made.home, ignore_errors=True)
            made.home.mkdir(mode=0o755)
            made.server.start()
            made.call("migrate")
            made.server.stop()
            (made.home / "done").touch()
    return made.home


class Province:
    """A hub of one server or three, the centre, and departments' nodes; everybody knows everybody. With `apart`, in
    network namespaces of their own."""

    def __init__(
        self, *names: str, hubs: int = 1, apart: bool = False, program: str = "", algorithm: str = "ecdsa-p256"
    ) -> None:
        self.program, self.algorithm = program or "tests.faults.node", algorithm
        leftovers.clear()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{leftovers.FOLDER}{os.getpid()}-"))
        self.folder.chmod(0o755)
        # An address of this run's own: a port that another program happens to call from is never one of ours.
        self.address = "127." + ".".join(map(str, os.getpid().to_bytes(3, "big")))
        self.over = threading.Event()
        self.keeper: threading.Thread | None = None
        everybody = [CENTRE, *names]
        hub_names = [f"hub-{number}" for number in range(1, hubs + 1)]
        self.lines = Lines(hub_names, everybody) if apart else None
        self.hubs = [self._hub(name, hub_names, everybody) for name in hub_names]
        made = template()
        self.nodes = {name: self._node(name, made) for name in everybody}
        self.owns = {name: fresh_own(name, f"office-{name}", name, self.algorithm) for name in self.nodes}
        self._equip()
        self.introduce()

    def _hub(self, name: str, hubs: list[str], nodes: list[str]) -> Hub:
        at = self.lines.address(name) if self.lines else self.address
        others = {each: self.lines.address(each) for each in hubs} if self.lines and len(hubs) > 1 else {}
        key = line_key(name, [at], self.folder / "line")
        return Hub(
            self.folder / name, name, key, host=at, port=4222, gate=at, gate_port=4223, cluster=others,
            cluster_port=4224, nodes=nodes, place=within(self.lines.place(name)) if self.lines else (),
        )  # fmt: skip

    def _node(self, name: str, made: Path) -> Node:
        home = self.folder / name
        subprocess.run(["cp", "-a", str(made), str(home)], check=True)
        return Node(name, home, self.lines.place(name) if self.lines else "", program=self.program)

    def _equip(self) -> None:
        """Each node's way to the hub."""
        for name, node in self.nodes.items():
            key = line_key(name, [self.address], self.folder / "line")
            self.owns[name] = replace(
                self.owns[name], line_certificate=key.certificate, line_key=key.key, line_roots=key.roots,
                servers=self._servers(node, key), replicas=len(self.hubs),
            )  # fmt: skip

    def introduce(self) -> None:
        """Write down for each who it is and who the others are; its process reads that when it starts."""
        for name, node in self.nodes.items():
            peers = [
                {"node": one.node, "office": one.office, "title": one.title, "certificate": one.certificate}
                for one in self.owns.values()
                if one.node != name
            ]
            (node.home / "told.json").write_text(json.dumps({"own": asdict(self.owns[name]), "peers": peers}))

    def renew(self, name: str) -> None:
        """A node gets a certificate for a fresh key; the others learn of it."""
        fresh = fresh_own(name, f"office-{name}", name, self.algorithm)
        self.owns[name] = replace(self.owns[name], certificate=fresh.certificate, key=fresh.key)
        self.introduce()

    def _servers(self, node: Node, key: Any) -> tuple[str, ...]:
        if node.name == CENTRE:
            return tuple(hub.url for hub in self.hubs)
        host, port = ("127.0.0.1", 4222) if self.lines else (self.address, 4300 + len(self._leaves()))
        gates = [f"tls://{hub.gate}:{hub.gate_port}" for hub in self.hubs]
        place = within(node.inside)
        node.leaf = Leaf(node.home / "leaf", node.name, key, host=host, port=port, gates=gates, place=place)
        return (node.leaf.url,)

    def _leaves(self) -> list[Leaf]:
        return [node.leaf for node in self.nodes.values() if node.leaf]

    def start(self) -> None:
        """Everything at once: lines, hub, nodes; whatever dies from now on is started again."""
        if self.lines:
            self.lines.make()
        starts = [*(partial(hub.start, PATIENCE) for hub in self.hubs), *(node.start for node in self.nodes.values())]
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda start: start(), starts))
        self.keeper = threading.Thread(target=self._keep, daemon=True)
        self.keeper.start()

    def _keep(self) -> None:
        """Like `tongban serve`: what died is started again, and what fails is tried again: the keeper never goes."""

        def keep(one: Node | Hub) -> None:
            try:
                if isinstance(one, Node):
                    one.keep()
                elif (process := one.process) and process.poll() is not None:
                    one.start(PATIENCE)
            except Exception as error:  # a port or a lock is held a moment longer, a process went meanwhile
                sys.stderr.write(f"keeper: {one.name}: {error}\n")

        with ThreadPoolExecutor() as pool:
            while not self.over.wait(0.2):
                list(pool.map(keep, [*self.hubs, *self.nodes.values()]))

    def days_later(self, days: float) -> None:
        """All machines are off, and on again so many days later."""
        for node in self.nodes.values():
            node.switch_off()
            node.switch_on(days)

    def lose_store(self) -> None:
        """The hub's servers die and come back without anything they held."""
        dead = [hub.process for hub in self.hubs]
        for hub, process in zip(self.hubs, dead, strict=True):
            hub.process = None  # the keeper leaves it alone
            assert process
            process.kill()
            process.wait()
            shutil.rmtree(hub.folder / "store")
        for hub in self.hubs:
            hub.start(PATIENCE)

    def stop(self) -> None:
        """End everything and take it away."""
        self.over.set()
        if self.keeper:
            self.keeper.join()
        for node in self.nodes.values():
            node.stop()
        for hub in self.hubs:
            hub.stop(signal.SIGKILL)
        if self.lines:
            self.lines.end()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def province(*names: str, **options: Any) -> Iterator[Province]:
    """A started province, taken down at the end; options as of `Province`."""
    variable = "TONGBAN_SECRET_DATABASE_TONGBAN_OWNER"
    before = os.environ.get(variable)
    os.environ[variable] = WORD
    try:
        made = Province(*names, **options)
        try:
            made.start()
            yield made
        finally:
            made.stop()
    finally:
        os.environ.pop(variable)
        if before:
            os.environ[variable] = before


def until(what: Callable[[], bool], why: Callable[[], str], seconds: float = PATIENCE) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why()
        time.sleep(0.1)
