"""An installation of its own in a temporary folder, with its processes, for tests that are hard on them."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

ROOT = Path(__file__).resolve().parents[2]
Answer = tuple[int, str, str]  # status, Location, body


class Installation:
    """A home folder, two free ports, `tongban serve`, and a connection to look at the rows afterwards."""

    def __init__(self, **load: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="tongban-"))
        self.home.chmod(0o755)  # the database's account must reach its folder
        self.ports = dict(zip(("public", "staff"), _free_ports(2), strict=True))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("TONGBAN_")}
        self.environment = inherited | {
            "TONGBAN_HOME": str(self.home),
            "TONGBAN_PUBLIC_PORT": str(self.ports["public"]),
            "TONGBAN_STAFF_PORT": str(self.ports["staff"]),
            "PYTHONPATH": str(ROOT),
        }
        self.load_settings = load
        self.supervisor: subprocess.Popen[bytes] | None = None

    def fill(self) -> dict[str, Any]:
        """Migrate and load the small town; gives what the loader printed."""
        environment = self.environment | {"TONGBAN_SITE": "public"} | self.load_settings
        command = [sys.executable, "-m", "tests.concurrency.load"]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return dict(json.loads(done.stdout))

    def serve(self) -> None:
        """Start the supervisor and wait until both sites answer."""
        with (self.home / "serve.log").open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "tongban.site.cli", "serve"],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for site in self.ports:
            deadline = time.monotonic() + 90
            while Browser(self, site).ask("GET", "/health/")[0] != 200:
                assert self.supervisor.poll() is None, (self.home / "serve.log").read_text()[-2000:]
                assert time.monotonic() < deadline, f"the {site} site does not answer"
                time.sleep(0.3)

    def processes(self) -> dict[int, tuple[int, str]]:
        """The supervisor's living descendants, each with its generation and command line; nobody else's."""
        assert self.supervisor
        return descendants(self.supervisor.pid)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds, read as its owner."""
        word = json.loads((self.home / "secrets.json").read_text())["database_tongban_owner"]
        folder = self.home / "postgres" / "run"
        with psycopg.connect(f"host={folder} dbname=tongban user=tongban_owner password={word}") as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def stop(self) -> None:
        """End everything that was started here, by its own process id."""
        if self.supervisor is None:
            return
        left = self.processes()
        self.supervisor.send_signal(signal.SIGTERM)
        try:
            self.supervisor.wait(40)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait(10)
        for pid in left:
            if command_line(pid):
                kill(pid)


class Browser:
    """Somebody with cookies who does not follow redirects. A dead connection answers with status 0."""

    def __init__(self, installation: Installation, site: str, cookies: dict[str, str] | None = None) -> None:
        self.port, self.site = installation.ports[site], site
        self.token = secrets.token_hex(16)
        self.cookies = {f"tongban_{site}_csrf": self.token, **(cookies or {})}

    def sign_in(self, username: str, password: str) -> Browser:
        """With a password, as on the page; tries again while the site is down."""
        deadline = time.monotonic() + 60
        while f"tongban_{self.site}_session" not in self.cookies:
            self.post("/account/sign-in/", login=username, password=password)
            assert time.monotonic() < deadline, f"{username} cannot sign in"
        return self

    def post(self, path: str, **fields: str) -> Answer:
        return self.ask("POST", path, urlencode({**fields, "csrfmiddlewaretoken": self.token}))

    def ask(self, method: str, path: str, body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            origin = f"http://127.0.0.1:{self.port}"
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin, "Referer": origin + path}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name] = value
                if name.endswith("_csrf"):
                    self.token = value
            return answer.status, answer.headers.get("Location", ""), answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, "", ""
        finally:
            connection.close()


def descendants(root: int) -> dict[int, tuple[int, str]]:
    """Every living process below `root`: 1 for its children, 2 for theirs, and what they run."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: dict[int, tuple[int, str]] = {}
    generation, depth = [root], 0
    while generation:
        depth += 1
        generation = [child for parent in generation for child in children.get(parent, [])]
        found |= {pid: (depth, command_line(pid)) for pid in generation}
    return found


def command_line(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def kill(pid: int) -> bool:
    """SIGKILL; false when it was gone already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
