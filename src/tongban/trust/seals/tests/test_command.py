"""`tongban seal verify`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tongban.trust.seals import cli

from .makers import World, document, seal
from .writing import signed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    place = tmp_path_factory.mktemp("seals")
    (place / "ca.pem").write_bytes(world.root.certificate.public_bytes(Encoding.PEM))
    (place / "sealed.pdf").write_bytes(seal(document(), world.office.signer()))
    (place / "plain.pdf").write_bytes(document())
    (place / "notice.txt").write_bytes(b"notice")
    (place / "notice.txt.p7s").write_bytes(signed(world.office, b"notice"))
    (place / "other.p7s").write_bytes(signed(world.office, b"other"))
    (place / "other.text").write_bytes(b"other")
    (place / "empty.pdf").write_bytes(b"")
    return place


def _run(*arguments: object) -> int:
    """Through the parser of the command line, with the command as this room registers it."""
    import argparse

    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    known = parser.parse_args(["seal", "verify", *map(str, arguments)])
    return int(known.run(known))


def test_one_line_per_file_and_the_exit_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = ("--trust", folder / "ca.pem", "--json")
    assert _run(folder / "sealed.pdf", folder / "notice.txt.p7s", folder / "other.p7s", *trust) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["verdict"] for line in lines] == ["valid"] * 3
    first = lines[0]["signatures"][0]
    assert first["signer"] == "省政务服务中心电子印章" and first["time_source"] == "claimed" and first["changes"] == []
    names = ["sealed.pdf", "plain.pdf", "empty.pdf", "missing.pdf", "."]
    assert _run(*(folder / name for name in names), *trust) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = ["valid", "unsigned", "unreadable", "unreadable", "unreadable"]
    assert [line["verdict"] for line in lines] == found and all(line["reason"] for line in lines)


def test_people_read_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(folder / "sealed.pdf", folder / "plain.pdf", "--trust", folder / "ca.pem") == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("sealed.pdf: valid: Unchanged since it was sealed by 省政务服务中心电子印章.")
    assert second.endswith("plain.pdf: unsigned: The file bears no seal.")
    assert _run("no\nsuch\udcff.pdf") == 1
    assert capsys.readouterr().out == "no\\nsuch\\udcff.pdf: unreadable: There is no such file.\n"


def test_content_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = ("--trust", folder / "ca.pem")
    assert _run(folder / "other.p7s", "--content", folder / "other.text", *trust) == 0
    assert _run(folder / "other.p7s", "--content", folder / "notice.txt", *trust) == 1
    assert "altered" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["a.pdf", "--trust", "missing.pem"], ["a", "b", "--content", "c"], ["a", "--content", "missing"]],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(*arguments)
    assert ended.value.code == 2 and capsys.readouterr().err
