"""A copy is sealed for whoever may restore it, the drill restores it, and a changed byte stops it (R26)."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.conftest import build_town
from tongban.base.files import api as files
from tongban.base.files import store
from tongban.packs.data import SAMPLE_PDF
from tongban.site.postgres import Server, _binaries

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("age"), reason="age is not installed (apt-get install age)"),
]


class Keeper:
    """Whoever copies and restores: the server's programs, a folder of copies, a key."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.copies, self.key = folder / "copies", folder / "key.txt"
        made = subprocess.run(["age-keygen", "-o", self.key], capture_output=True, text=True, check=True)
        (folder / "recipients.txt").write_text(made.stderr.partition("Public key: ")[2])
        parts = psycopg.conninfo.conninfo_to_dict(Server().url())
        self.environment = os.environ | {
            "PATH": f"{_binaries()}:{os.environ['PATH']}",
            "PGHOST": str(parts["host"]),
            "PGPORT": str(parts["port"]),
            "PGUSER": str(parts["user"]),
            "PGPASSWORD": str(parts["password"]),
            "PGDATABASE": str(connection.settings_dict["NAME"]),
            "TONGBAN_HOME": str(home),
            "TONGBAN_BACKUP_FOR": str(folder / "recipients.txt"),
        }

    def run(self, script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(DEPLOY / script), *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment | environment, capture_output=True, text=True, timeout=120, check=False
        )

    def back_up(self) -> Path:
        done = self.run("backup.sh", self.copies)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.strip())


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    monkeypatch.setattr(store, "root", lambda: tmp_path / "own" / "files")  # with no files of other tests
    town = build_town()
    files.receive(io.BytesIO(SAMPLE_PDF), "章程.pdf", files.Slot(("pdf",)), by=town.founder.person)
    return Keeper(tmp_path, tmp_path / "own")


def _databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def test_r26_a_copy_is_sealed_and_the_drill_restores_it(keeper: Keeper) -> None:
    dump = keeper.back_up()
    stored = [path for path in keeper.copies.rglob("*") if path.is_file()]
    assert dump in stored and len(stored) >= 2
    for path in stored:
        content = path.read_bytes()
        assert path.suffix == ".age" and content.startswith(b"age-encryption.org/v1"), path
        assert b"PGDMP" not in content and b"%PDF" not in content
    before = _databases()
    done = keeper.run("drill.sh", keeper.key, keeper.copies)
    assert done.returncode == 0, done.stderr
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_leaf")
        leaves = cursor.fetchone()[0]
    assert leaves and f"{leaves} leaves of the ledger" in done.stdout
    assert f"{len(stored) - 1} stored files" in done.stdout
    assert _databases() == before, "the drill leaves nothing behind"


def test_r26_another_key_a_changed_byte_or_a_missing_file_stops_it(keeper: Keeper, tmp_path: Path) -> None:
    dump, before = keeper.back_up(), _databases()
    other = tmp_path / "other.txt"
    subprocess.run(["age-keygen", "-o", other], capture_output=True, check=True)
    assert "no identity matched" in keeper.run("drill.sh", other, keeper.copies).stderr
    whole = dump.read_bytes()
    for spoiled in (whole[:-1], whole[: len(whole) // 2], whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]):
        dump.write_bytes(spoiled)
        assert keeper.run("drill.sh", keeper.key, keeper.copies).returncode != 0
    dump.write_bytes(whole)
    file = next(path for path in (keeper.copies / "files").rglob("*.age"))
    kept = file.rename(tmp_path / "away.age")
    done = keeper.run("drill.sh", keeper.key, keeper.copies)
    assert done.returncode != 0 and "missing in the copy" in done.stderr
    kept.rename(file)
    recipients = tmp_path / "recipients.txt"
    subprocess.run(f"echo something else | age -R {recipients} -o {file}", shell=True, check=True)
    done = keeper.run("drill.sh", keeper.key, keeper.copies)
    assert done.returncode != 0 and "not what its name says" in done.stderr
    assert _databases() == before


def test_r26_nothing_is_copied_in_clear_or_restored_over_something(keeper: Keeper, tmp_path: Path) -> None:
    done = keeper.run("backup.sh", keeper.copies, TONGBAN_BACKUP_FOR="")
    assert done.returncode != 0 and "TONGBAN_BACKUP_FOR" in done.stderr
    assert not keeper.copies.exists()
    dump = keeper.back_up()
    (tmp_path / "home" / "files").mkdir(parents=True)
    (tmp_path / "home" / "files" / "something").write_text("there")
    done = keeper.run("restore.sh", keeper.key, dump, TONGBAN_HOME=str(tmp_path / "home"), PGDATABASE="postgres")
    assert done.returncode != 0 and "nothing is restored over it" in done.stderr
    assert [path.name for path in (tmp_path / "home" / "files").iterdir()] == ["something"]
