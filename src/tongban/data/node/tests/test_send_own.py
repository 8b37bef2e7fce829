"""Files that a department keeps itself: each that is new or changed goes once, to who may have it, and comes whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tongban.base.kernel.api import DefinitionError
from tongban.data.node import files, filing, models, pieces
from tongban.data.node.api import add_sink, add_source, faults, load_mapping, run_source, status
from tongban.data.node.data import RunState
from tongban.data.transport.data import Kind, Stage
from tongban.data.transport.models import Out, OutBody
from tongban.data.transport.sealing import unpacked

from .conftest import RESOURCE
from .test_send_files import SINK, stages, taken

SOURCE = """
name: drawings
resource: "{resource}"
source: {{kind: files, path: "{folder}/{{project}}/{{sheet}}.pdf", largest: 1M}}
key: [project, sheet]
items:
  project: {{column: project}}
  sheet: {{column: sheet}}
  path: {{column: path}}
  size: {{column: size, type: int}}
  sha256: {{column: sha256}}
"""
Granted = Callable[..., None]


@pytest.fixture
def folder(node: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two drawings of one project, pieces of a few bytes."""
    monkeypatch.setattr(pieces, "PIECE", 10)
    made = node / "plans"
    (made / "海口-12").mkdir(parents=True)
    for sheet in ("总平面", "A2"):
        (made / "海口-12" / f"{sheet}.pdf").write_bytes(b"%PDF the same drawing twice")
    (made / "海口-12" / "notes.txt").write_text("no drawing")
    add_source(SOURCE.format(resource=RESOURCE, folder=made), "a.yaml")
    return made


def sent() -> list[tuple[dict[str, Any], bytes]]:
    """Head and content of every piece in the outbox."""
    rows = Out.objects.filter(kind=Kind.FILE).order_by("number")
    bodies = [unpacked(row.packing, bytes(OutBody.objects.get(message=row.id).content)) for row in rows]
    return [(json.loads(head), piece) for head, _line, piece in (body.partition(b"\n") for body in bodies)]


def test_each_new_or_changed_file_goes_once_to_who_may_have_it(folder: Path, granted: Granted) -> None:
    assert run_source("drawings").counts.inserted == 2
    assert files.send_files() == 0, "nobody may have them"
    granted(["project", "sheet"], mode="file")
    assert files.send_files() == 2 and files.send_files() == 0
    heads = [head for head, _piece in sent() if head["number"] == 1]
    assert [head["row"]["sheet"] for head in heads] == ["A2", "总平面"] and heads[0]["total"] == 3
    assert heads[1]["name"].startswith("海口-12_总平面-") and heads[1]["name"].endswith(".pdf")
    assert set(heads[0]["row"]) == {"project", "sheet", "cd_key"}
    (folder / "海口-12" / "A2.pdf").write_bytes(b"%PDF another")
    assert files.send_files() == 0, "not before the source is read"
    assert run_source("drawings").counts.updated == 1 and files.send_files() == 1
    assert status()["grants"][0]["files"] == 2 and status()["today"]["files_sent"] == 2
    granted(["project"], mode="file")
    assert files.send_files() == 2, "a grant that says something else is a new one"
    assert "A2" not in json.dumps([head for head, _piece in sent()[-2:]]), "the sheet is not granted"


def test_what_may_not_go_is_named_and_holds_nothing_up(folder: Path, granted: Granted, monkeypatch: Any) -> None:
    granted(["project", "sheet"], mode="file")
    with (folder / "海口-12" / "B1.pdf").open("wb") as large:
        large.truncate((1 << 20) + 1)
    (folder.parent / "secret.pdf").write_text("not of this folder")
    (folder / "海口-12" / "B2.pdf").symlink_to(folder.parent / "secret.pdf")
    run = run_source("drawings")
    assert (run.state, run.counts.inserted) == (RunState.NOTHING, 2)
    assert [fault.why for fault in faults("drawings")] == ["larger than 1 MiB", "a link to what is outside the folder"]
    (folder / "海口-12" / "A2.pdf").unlink()
    assert files.send_files() == 1, "it is gone since the source was read"
    monkeypatch.setattr(filing, "send_pieces", lambda *_given: "0" * 64)  # written to while it was sent
    (folder / "海口-12" / "总平面.pdf").write_bytes(b"%PDF changed")
    run_source("drawings")
    assert files.send_files() == 0 and models.Filed.objects.count() == 1


def test_a_file_arrives_with_its_key_and_an_old_state_never_after_a_new_one(folder: Path, granted: Granted) -> None:
    granted(["project", "sheet"], mode="file")
    run_source("drawings")
    files.send_files()
    old = sent()
    (folder / "海口-12" / "A2.pdf").write_bytes(b"%PDF another drawing")
    run_source("drawings")
    files.send_files()
    new = sent()[len(old) :]
    place = folder.parent / "in"
    add_sink(SINK.format(resource=RESOURCE, path=place), "s.yaml")
    early = [one for one in old if one[0]["row"]["sheet"] != "A2"]
    late = [one for one in old if one[0]["row"]["sheet"] == "A2"]
    ids = taken([*early, *new])
    assert files.deliver_files() == 2
    ids += taken(late)
    assert files.deliver_files() == 1
    assert stages(ids) == {(Stage.PROCESSED, "")}
    found = {path.name.rpartition("-")[0]: path for path in place.glob("*.pdf")}
    assert found["海口-12_A2"].read_bytes() == b"%PDF another drawing"
    assert found["海口-12_总平面"].read_bytes() == b"%PDF the same drawing twice"
    about = json.loads(Path(f"{found['海口-12_A2']}.json").read_text())
    assert (about["row"]["project"], about["row"]["sheet"], about["sender"]) == ("海口-12", "A2", "tax")


def test_a_folder_whose_names_say_no_key_is_no_source(node: Path) -> None:
    text = SOURCE.format(resource=RESOURCE, folder=node)
    with pytest.raises(DefinitionError) as wrong:
        load_mapping(text.replace("{project}/{sheet}", "*").replace("column: sha256", "column: size"), "a.yaml")
    assert "column is sha256" in str(wrong.value.findings) and "business key" in str(wrong.value.findings)
