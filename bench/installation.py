"""An installation of its own for a workload: durability on, a small town, the web processes it needs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "Bu-Shi-Mi-Ma-1"
WORKERS = os.environ.get("TONGBAN_BENCH_PROCESSES", "2")  # of each web site


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installation(*, pack: bool = False) -> Iterator[Any]:
    """A migrated database with the small town of the tests; Django is set up as the application role."""
    home = Path(tempfile.mkdtemp(prefix="tongban-bench-"))
    os.environ |= {"TONGBAN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tongban.site.settings"}
    os.environ |= {"TONGBAN_PUBLIC_PORT": str(free_port()), "TONGBAN_STAFF_PORT": str(free_port())}
    os.environ.pop("TONGBAN_DATABASE_ROLE", None)
    from tongban.site.postgres import Server

    server = Server()
    server.start()
    try:
        owner = {**os.environ, "TONGBAN_DATABASE_ROLE": "tongban_owner"}
        subprocess.run([sys.executable, "-m", "tongban.site.cli", "migrate"], env=owner, check=True)
        subprocess.run(
            [sys.executable, "-m", "bench.town", *(["pack"] if pack else [])], env=owner, check=True, cwd=ROOT
        )
        import django

        django.setup()
        yield server
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def web(site: str, application: str = "tongban.site.wsgi:application") -> Iterator[str]:
    """A web process under granian; gives its address."""
    port = free_port()
    environment = {**os.environ, "TONGBAN_SITE": site, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", WORKERS]
    command += ["--blocking-threads", "4", "--no-access-log", "--log-level", "warning", application]
    with (Path(os.environ["TONGBAN_HOME"]) / f"{site}.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/health/", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
