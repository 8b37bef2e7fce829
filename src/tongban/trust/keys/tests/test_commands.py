"""`tongban ca` and `tongban keys`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509

from tongban.trust.keys import api, cli


@pytest.fixture
def tongban(db: None, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> dict[str, Any]:
        parser = argparse.ArgumentParser()
        cli.register(parser.add_subparsers(), run=cli.execute)
        arguments = parser.parse_args([*words, "--json"])
        assert arguments.run(arguments) == 0
        return dict(json.loads(capsys.readouterr().out))

    return run


def test_commands(tongban: Any, tmp_path: Path) -> None:
    made = tongban("ca", "init")
    assert tongban("ca", "init") == made
    assert tongban("ca", "init", "--suite", "gm")["authority"] != made["authority"]
    assert tongban("ca", "roots")["pem"].count("BEGIN CERTIFICATE") == 2
    assert tongban("ca", "lists") == {"ok": True, "signed": 4}
    (tmp_path / "p.txt").write_text("电子政务商密证书策略正文，适用于全省政务机构。", "utf-8")
    tongban("ca", "policy", "commercial", "1.0", str(tmp_path / "p.txt"))
    key = api.ensure_key("ledger")
    assert tongban("ca", "renew")["title"].endswith("CA G2") and len(api.trust_roots()) == 2
    assert (
        x509.Certificate.load(api.certificate_of(api.ensure_key("node").id)).issuer.native["common_name"].endswith("G2")
    )
    assert api.judge(api.certificate_of(key.id)).good  # the former authority's certificates live on
    assert key.id in [one["id"] for one in tongban("keys", "list")["keys"]]
    assert tongban("keys", "rotate", key.id)["key"] == api.key_for("ledger").id
    assert tongban("keys", "check")["provider gm"] == "ready"
