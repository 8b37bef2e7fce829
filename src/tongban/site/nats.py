"""The embedded NATS: a real server from a wheel as our own child; the hub with JetStream, or a department's leaf.

The line is mutual TLS throughout. Whose certificate a line shows decides which subjects it may use, so no office can
speak in another's name (T9) or take what is for another (T10); whoever is blocked is cut off.

`TONGBAN_NATS_PORT`: the hub's port for our own processes; leaves of departments get the next one, the other servers of
a cluster the one after it. Without it free ports are found and kept. `TONGBAN_NATS_HOST`: the address under which
departments reach the leaf port (default: this machine only). One of three servers: `TONGBAN_NATS_NAME=hub-1` and
`TONGBAN_NATS_CLUSTER=hub-1=10.0.0.1,hub-2=10.0.0.2,hub-3=10.0.0.3` with the same port and the same `line/` folder on
each. `TONGBAN_NATS_URL`: servers of your own, nothing is started here.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from tongban.data.transport.data import CENTRE, LineKey

from .home import home

LARGEST = 1 << 20  # bytes of a frame; parts of messages are far smaller
CLASSES = ("1", "2", "3")


class NatsError(RuntimeError):
    """The server cannot be started; the message says why and what to do."""


def _program() -> str:
    """The server's program: the wheel's beside our Python, else an installed one."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise NatsError(
            "There is no nats-server program here. Install it, or set TONGBAN_NATS_URL to servers of yours."
        )
    return found


def write(path: Path, text: str) -> None:
    """Write a file that only we may read, all at once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def ports(path: Path, count: int) -> list[int]:
    """Ports of last time, kept in a file; fresh free ones at first, below those that outgoing connections are given:
    one of these may hold a port while the server that kept it starts again."""
    if not path.exists():
        free = filter(_is_free, secrets.SystemRandom().sample(range(20_000, 32_768), 1_000))
        write(path, json.dumps(list(islice(free, count))))
    return [int(port) for port in json.loads(path.read_text())]


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


@dataclass
class Server:
    """One nats-server on one folder. Subclasses write its configuration."""

    folder: Path
    name: str
    key: LineKey = field(repr=False, default=LineKey("", "", ""))
    host: str = "127.0.0.1"
    port: int = 0
    place: Sequence[str] = ()  # words before the command: where it runs, say another network namespace
    process: subprocess.Popen[bytes] | None = None

    def configuration(self) -> str:
        """The text of the configuration file."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Where clients on this machine connect."""
        return f"tls://{self.host}:{self.port}"

    def prepare(self) -> list[str]:
        """Write the configuration; gives the command to run."""
        for name, text in (
            ("line.pem", self.key.certificate),
            ("line.key", self.key.key),
            ("roots.pem", self.key.roots),
        ):
            write(self.folder / name, text)
        write(self.folder / "nats.conf", self.configuration())
        return [*self.place, _program(), "-c", str(self.folder / "nats.conf"), "-P", str(self.folder / "pid")]

    def start(self, patience: float = 15.0) -> None:
        """Start it as our child and wait until it listens; `NatsError`."""
        command = self.prepare()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.alive():
                return
            time.sleep(0.05)
        tail = (self.folder / "server.log").read_text(errors="replace")[-600:]
        raise NatsError(f"nats-server did not start. The end of {self.folder / 'server.log'}:\n{tail}")

    def alive(self) -> bool:
        """Whether it has got as far as to listen."""
        probe = [sys.executable, "-c", _PROBE, self.host, str(self.port)]
        if self.place:
            return subprocess.run([*self.place, *probe], check=False, capture_output=True).returncode == 0
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            return True
        return False

    def stop(self, kind: signal.Signals = signal.SIGTERM) -> None:
        """End our child."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(kind)
            self.process.wait(20)

    def reload(self) -> None:
        """Let a running server read its configuration again, whoever started it."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.folder / "pid").read_text()), signal.SIGHUP)

    def _tls(self, extra: str = "") -> str:
        files = {name: json.dumps(str(self.folder / file)) for name, file in _FILES.items()}
        return f"tls {{ {', '.join(f'{name}: {file}' for name, file in files.items())}, timeout: 10 {extra} }}"


_PROBE = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)"
_FILES = {"cert_file": "line.pem", "key_file": "line.key", "ca_file": "roots.pem"}


@dataclass
class Hub(Server):
    """The exchange's hub, or one of the servers of its cluster (`cluster`: name of each and its address)."""

    gate: str = "127.0.0.1"
    gate_port: int = 0
    cluster: dict[str, str] = field(default_factory=dict)
    cluster_port: int = 0
    nodes: Sequence[str] = ()

    def configuration(self) -> str:
        users = ", ".join(_user(node) for node in sorted({*self.nodes} - {CENTRE}))
        routes = ", ".join(f'"nats://{at}:{self.cluster_port}"' for at in self.cluster.values())
        mine = self.cluster.get(self.name, "")
        joined = f"""cluster {{ name: tongban, listen: "{mine}:{self.cluster_port}", no_advertise: true,
  routes: [{routes}], {self._tls(", verify: true")} }}"""
        return f"""
server_name: {json.dumps(self.name)}
listen: "{self.host}:{self.port}"
max_payload: {LARGEST}
write_deadline: "30s"
jetstream {{ domain: hub, store_dir: {json.dumps(str(self.folder / "store"))}, sync_interval: always }}
{self._tls(", verify_and_map: true")}
accounts {{
  SYSTEM {{ }}
  EXCHANGE {{ jetstream: enabled, users: [ {{ user: "{CENTRE}" }}, {users} ] }}
}}
system_account: SYSTEM
leafnodes {{ listen: "{self.gate}:{self.gate_port}", no_advertise: true, {self._tls(", verify_and_map: true")} }}
{joined if self.cluster else ""}
"""


def _user(node: str) -> str:
    """What a node may do over its line: send in its own name, fetch and acknowledge its own, ask and be asked."""
    says = [f"ex.*.*.{node}", f"q.*.{node}", "_INBOX.>"]
    for prefix in ("$JS.API", "$JS.hub.API"):
        says += [f"{prefix}.STREAM.INFO.EXCHANGE", f"{prefix}.CONSUMER.INFO.EXCHANGE.*"]
        says += [f"{prefix}.CONSUMER.MSG.NEXT.EXCHANGE.{node}-{one}" for one in CLASSES]
    for one in CLASSES:
        says += [f"$JS.ACK.EXCHANGE.{node}-{one}.>", f"$JS.ACK.*.*.EXCHANGE.{node}-{one}.>"]
    hears = [f"q.{node}.*", f"_INBOX.{node}.>"]
    may = f"publish: {{ allow: {json.dumps(says)} }}, subscribe: {{ allow: {json.dumps(hears)} }}"
    return f'{{ user: "{node}", permissions: {{ {may} }} }}'


@dataclass
class Leaf(Server):
    """A department's end of the line: takes words of this machine only, keeps nothing. `gates`: the hub's addresses."""

    gates: Sequence[str] = ()

    def configuration(self) -> str:
        urls = ", ".join(json.dumps(gate) for gate in self.gates)
        return f"""
server_name: {json.dumps(self.name)}
listen: "{self.host}:{self.port}"
max_payload: {LARGEST}
{self._tls(", verify: true")}
leafnodes {{ reconnect: 1, remotes: [ {{ urls: [{urls}], {self._tls()} }} ] }}
"""


def hub() -> Hub | None:
    """This installation's hub by its settings; None where servers of your own are named."""
    if os.environ.get("TONGBAN_NATS_URL"):
        return None
    from tongban.data.transport.api import line_key

    folder = home() / "nats"
    start = int(os.environ.get("TONGBAN_NATS_PORT", "0"))
    mine = [start, start + 1, start + 2] if start else ports(folder / "ports.json", 3)
    cluster = dict(one.split("=", 1) for one in filter(None, os.environ.get("TONGBAN_NATS_CLUSTER", "").split(",")))
    gate = os.environ.get("TONGBAN_NATS_HOST", "127.0.0.1")
    made = Hub(
        folder,
        os.environ.get("TONGBAN_NATS_NAME", "hub"),
        port=mine[0],
        gate=gate,
        gate_port=mine[1],
        cluster=cluster,
        cluster_port=mine[2],
    )
    kept = [folder / file for file in _FILES.values()]
    if all(path.exists() for path in kept):
        made.key = LineKey(*(path.read_text() for path in kept))
    else:
        made.key = line_key(made.name, [gate, *cluster.values()], home() / "line")
    made.nodes = _admitted(folder)
    return made


def _admitted(folder: Path) -> list[str]:
    path = folder / "nodes.json"
    return list(json.loads(path.read_text())) if path.exists() else []


def admit(server: Hub, nodes: Iterable[str]) -> bool:
    """Let these nodes, and no others, have a line; whether that is news to the hub."""
    wanted = sorted({*nodes} - {CENTRE})
    if wanted == list(server.nodes):
        return False
    write(server.folder / "nodes.json", json.dumps(wanted))
    server.nodes = wanted
    server.prepare()
    server.reload()
    return True


def serve() -> None:
    """Become the hub: write its configuration and go on as its program."""
    _django()
    server = hub()
    if server is None:
        raise NatsError("TONGBAN_NATS_URL names servers of yours; there is no hub to start here.")
    command = server.prepare()
    os.execv(command[0], command)  # noqa: S606 - our own program and file


def exchange_commands() -> dict[str, list[str]]:
    """What to keep running for the exchange: the hub, unless servers of your own are named, and the centre's loop."""
    here = [sys.executable, "-m", "tongban.site.nats"]
    if os.environ.get("TONGBAN_NATS_URL"):
        return {"transport": [*here, "centre"]}
    if not os.environ.get("TONGBAN_NATS_PORT"):
        ports(home() / "nats" / "ports.json", 3)  # kept before two processes ask for them at the same moment
    return {"nats": [*here, "hub"], "transport": [*here, "centre"]}


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
    import django

    django.setup()


def set_up_centre() -> None:
    """Make this installation the node `centre`, with its line to the hub. Inside Django."""
    from django.conf import settings

    from tongban.data.transport import api as transport

    title = dict(settings.TONGBAN_REGION_TITLE).get("zh", "数据中心")
    own = transport.ensure_own(CENTRE, CENTRE, title)
    server = hub()
    if server is None:
        wanted = replace(own, servers=tuple(os.environ["TONGBAN_NATS_URL"].split(",")))
        if path := os.environ.get("TONGBAN_NATS_LINE", ""):  # folder with line.pem, line.key and roots.pem of yours
            line = LineKey(*((Path(path) / file).read_text() for file in _FILES.values()))
            wanted = replace(wanted, line_certificate=line.certificate, line_key=line.key, line_roots=line.roots)
    else:
        gates = list(server.cluster.values()) or [server.gate]
        wanted = replace(
            own,
            servers=(server.url,),
            gates=tuple(f"tls://{gate}:{server.gate_port}" for gate in gates),
            replicas=max(1, len(server.cluster)),
        )
        if own.line_roots != server.key.roots:
            line = transport.line_key(CENTRE)
            wanted = replace(wanted, line_certificate=line.certificate, line_key=line.key, line_roots=line.roots)
    if wanted != own:
        transport.set_up(wanted)


def centre() -> None:
    """The centre's transport process: the loop, and a hub that knows who may have a line. Until told to stop."""
    _django()
    from django.db import DatabaseError, InterfaceError, connection

    from tongban.data.transport import api as transport

    set_up_centre()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    signal.signal(signal.SIGINT, lambda _signal, _frame: stop.set())
    server = hub()

    def gatekeeper() -> None:
        while server and not stop.wait(2):
            try:
                admit(server, [peer.node for peer in transport.peers() if not peer.blocked])
            except (DatabaseError, InterfaceError):
                connection.close()
        connection.close()

    keeper = threading.Thread(target=gatekeeper, name="gatekeeper", daemon=True)
    keeper.start()
    transport.run(stop)
    keeper.join(5)


if __name__ == "__main__":
    {"hub": serve, "centre": centre}[sys.argv[1]]()
