"""The embedded server where the account that runs it may not enter our folders."""

import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from tongban.site import postgres


@pytest.mark.skipif(os.geteuid() != 0, reason="only a start as root hands the server to another account")
def test_a_checkout_that_only_root_may_enter_still_gets_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, copies = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())  # mkdtemp: mode 0700, as /root has
    copies.chmod(0o755)
    packages = postgres._binaries().parents[2]
    for part in packages.glob(f"{postgres._binaries().parents[1].name}*"):
        (closed / part.name).symlink_to(part)
    inside = closed / postgres._binaries().relative_to(packages)
    monkeypatch.setattr(postgres, "_COPIES", copies)
    reached = postgres._reachable(inside)
    monkeypatch.setattr(postgres, "_binaries", lambda: reached)
    server = postgres.Server(folder=closed / "postgres")
    try:
        assert reached.is_relative_to(copies)
        server.start()
        with psycopg.connect(server.url(database="postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert postgres._reachable(inside) == reached
        assert len(list(copies.iterdir())) == 1
    finally:
        server.stop()
        shutil.rmtree(closed)
        shutil.rmtree(copies)
