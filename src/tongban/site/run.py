"""`tongban run`, `serve`, `migrate`: bring everything up on one machine and keep it up."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from . import production
from .database import migrated, running
from .home import home
from .nats import exchange_commands
from .postgres import PostgresError, Server
from .witnesses import witness_commands

BACK_OFF = 0.5


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `run`, `serve` and `migrate`."""
    run = commands.add_parser("run", help="set up, start, load the demo province, run the main job, serve")
    run.add_argument("--once", action="store_true", help="end after the main job")
    run.set_defaults(run=run_all)
    serve = commands.add_parser("serve", help="start the processes and keep them up")
    serve.set_defaults(run=lambda _arguments: _serve(lambda: 0, stay=True))
    migrate = commands.add_parser("migrate", help="bring the database to the present definition")
    migrate.set_defaults(run=_migrate)


def say(text: str) -> None:
    """Progress, for people; standard output stays for results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@dataclass
class Child:
    """One process that is started again when it dies."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    asked: bool = False  # to end

    def keep(self) -> None:
        """Start the process if it is not running, no faster than twice a second."""
        if self.process and self.process.poll() is None:
            return
        if time.monotonic() - self.started < BACK_OFF:
            return
        if self.process:
            _end_group(self.process.pid)  # workers of a killed web process would keep its port and go on answering
        log = home() / "log"
        log.mkdir(parents=True, exist_ok=True)
        with (log / f"{self.name}.log").open("ab") as out:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stdout=out, stderr=out, start_new_session=True
            )
        self.started, self.asked = time.monotonic(), False

    def ask(self) -> None:
        """Ask the process and its children to end, once."""
        if self.process and not self.asked:
            self.asked = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)

    def stop(self) -> None:
        """Ask the process and its children to end; then insist."""
        if self.process is None:
            return
        self.ask()
        try:
            self.process.wait(8.0)
        except subprocess.TimeoutExpired:
            _end_group(self.process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(3.0)


def _end_group(leader: int) -> None:
    """Kill what a dead process left behind in its group; the number is not given out again while one is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


@dataclass
class Town:
    """All processes of one machine: the two sites, workers (one may change tables for packs), two witnesses, the
    exchange's hub and loop."""

    children: list[Child] = field(default_factory=list)

    @classmethod
    def usual(cls) -> Town:
        """Public and staff site, worker, the worker that draws, owner's worker, witnesses of the ledger, exchange."""
        python, web = sys.executable, os.environ.get("TONGBAN_WEB_WORKERS", "2")
        sites = [
            Child(site, _granian(port, web), {"TONGBAN_SITE": site, "TONGBAN_DATABASE_ROLE": ""})
            for site, port in (("public", _port("public")), ("staff", _port("staff")))
        ]
        worker = [python, "-c", "from tongban.site.worker import main; main()"]
        usual = {"TONGBAN_SITE": "system", "TONGBAN_DATABASE_ROLE": ""}
        queues = "events,notify,nightly,default,ledger"
        hands = os.environ.get("TONGBAN_WORKER_CONCURRENCY", "3")  # one is always free to seal the ledger
        return cls(
            [
                *sites,
                Child(
                    "worker", worker, {**usual, "TONGBAN_WORKER_QUEUES": queues, "TONGBAN_WORKER_CONCURRENCY": hands}
                ),
                *(Child(f"witness-{name}", command, usual) for name, command in witness_commands().items()),
                *(Child(name, command, usual) for name, command in exchange_commands().items()),
                # Drawing is slow and can wait: on its own, and polite, it holds up neither people nor events.
                Child("documents", ["nice", *worker], {**usual, "TONGBAN_WORKER_QUEUES": "documents"}),
                Child(
                    "definitions",
                    worker,
                    {**usual, "TONGBAN_DATABASE_ROLE": "tongban_owner", "TONGBAN_WORKER_QUEUES": "definitions"},
                ),
            ]
        )

    def keep(self) -> None:
        for child in self.children:
            child.keep()

    def stop(self) -> None:
        for child in self.children:
            child.ask()
        for child in self.children:
            child.stop()


def _port(site: str) -> int:
    return int(os.environ.get(f"TONGBAN_{site.upper()}_PORT", "8000" if site == "public" else "8001"))


def _granian(port: int, workers: str) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", workers, "--blocking-threads", "4", "--respawn-failed-workers", "--no-access-log"),
        *("--log-level", "warning", "tongban.site.wsgi:application"),
    ]


def _ended(_signal: int, _frame: FrameType | None) -> None:
    for ending in (signal.SIGTERM, signal.SIGINT):  # said twice it would break off the stopping
        signal.signal(ending, lambda _signal, _frame: None)
    raise KeyboardInterrupt


def _serve(job: Callable[[], int], *, stay: bool) -> int:
    """Database, processes, the job, and (if told to stay) everything kept up until Ctrl-C."""
    signal.signal(signal.SIGTERM, _ended)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
    status = 0
    with running() as server:
        production.check()
        if not migrated():
            raise RuntimeError("The database is not set up for this version yet. Run `tongban migrate` first.")
        town = Town.usual()
        try:
            town.keep()
            status = job()
            while stay:
                _keep_database(server)
                town.keep()
                time.sleep(0.3)
        except KeyboardInterrupt:
            say("Stopping ...")
        finally:
            town.stop()
    return status


def _keep_database(server: Server | None) -> None:
    """Start the embedded server again when its process is gone. One that recovers by itself is left alone."""
    if server is None or server.alive():
        return
    try:
        server.start()
    except PostgresError as error:
        say(str(error))  # it may still be held by what the dead server left behind; the next round tries again


def _command(*arguments: str) -> None:
    """Run one of our own commands in a process of its own, as the owner of the database."""
    environment = {**os.environ, "TONGBAN_DATABASE_ROLE": "tongban_owner", "TONGBAN_SITE": "system"}
    command = [sys.executable, "-m", "tongban.site.cli", *arguments]
    done = subprocess.run(command, env=environment, check=False, stdout=sys.stderr)  # our own stdout is for the result
    if done.returncode:
        raise RuntimeError(f"`tongban {' '.join(arguments)}` failed; see above")


def _migrate(_arguments: argparse.Namespace) -> int:
    from .boot import migrate, ready

    with ready("tongban_owner"):
        migrate()
    return 0


def run_all(arguments: argparse.Namespace) -> int:
    """The whole path: what `make run` does."""
    began = time.perf_counter()
    steps: list[dict[str, object]] = []

    def timed(name: str, text: str, what: Callable[[], object]) -> None:
        say(f"[{time.perf_counter() - began:6.1f} s] {text} ...")
        start = time.perf_counter()
        what()
        steps.append({"step": name, "seconds": round(time.perf_counter() - start, 2)})

    def job() -> int:
        from .mainjob import main_job, wait_for_sites

        timed("sites", "Starting the public site, the staff site and the worker", wait_for_sites)
        report = main_job(say)
        report["steps"] = [*steps, *report["steps"]]
        report["seconds"] = round(time.perf_counter() - began, 1)
        _addresses()
        print(json.dumps(report, ensure_ascii=False), flush=True)  # noqa: T201
        return 0 if report["ok"] else 1

    with running():
        timed("migrate", "Starting PostgreSQL and bringing the database up to date", lambda: _command("migrate"))
        timed("demo", "Loading the demo province", lambda: _command("demo", "load"))
        return _serve(job, stay=not arguments.once)


def _addresses() -> None:
    accounts = home() / "demo-accounts.json"
    say("")
    say(f"Public site  http://127.0.0.1:{_port('public')}/")
    say(f"Staff site   http://127.0.0.1:{_port('staff')}/")
    if accounts.exists():
        say("Demo accounts (generated people; passwords of this installation only):")
        for account in json.loads(accounts.read_text()).values():
            say(f"  {account['username']:16} {account['password']:20} {account['title']}")
    say("The data centre's story, beside this: .venv/bin/tongban demo data-centre")
