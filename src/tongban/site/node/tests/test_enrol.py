"""Becoming a node: only by a whole, signed, living file of the centre that a person recognised (T9)."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tongban.base.kernel.api import Refused, canonical, now
from tongban.data.transport import api as transport
from tongban.site.node import enrolment

PEM = serialization.Encoding.PEM


class Authority:
    """A centre's authority, in small."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.certificate = self.certify("root", self.key.public_key(), ca=True)

    def certify(self, name: str, public: Any, *, ca: bool = False) -> x509.Certificate:
        subject, issuer = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text), x509.NameAttribute(NameOID.SERIAL_NUMBER, text)])
            for text in (name, "root")
        )
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now() - timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        return builder.not_valid_after(now() + timedelta(days=90)).sign(self.key, hashes.SHA384())

    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()


class Centre(HTTPServer):
    """The address in the file: certifies what the token asks for."""

    authority: Authority
    answers: Authority | None = None  # somebody else on the line
    asked: list[dict[str, str]]


class Handler(BaseHTTPRequestHandler):
    server: Centre

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(told)
        chains = {}
        for name, csr in (("certificates", "csr"), ("line_certificates", "line_csr")):
            request = x509.load_pem_x509_csr(told[csr].encode())
            assert request.is_signature_valid
            authority = self.server.answers or self.server.authority
            made = authority.certify(told["node"], request.public_key())
            chains[name] = made.public_bytes(PEM).decode() + authority.pem()
        stranger = {"node": "stranger", "office": "x", "title": "x", "certificate": "x", "blocked": False}
        answer = {**chains, "line_authorities": [self.server.authority.pem()], "peers": [stranger]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def centre() -> Iterator[Centre]:
    server = Centre(("127.0.0.1", 0), Handler)
    server.authority, server.asked = Authority(), []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def invited(centre: Centre, tmp_path: Path) -> Callable[..., Path]:
    """An enrolment file as the centre makes it, with what a test wants otherwise in its body."""

    def make(signer: Authority | None = None, by: Any = None, **changes: Any) -> Path:
        own = transport.fresh_own("centre", "centre", "数据中心")
        key = ec.generate_private_key(ec.SECP256R1())
        chain = [(signer or centre.authority).certify("centre", key.public_key()).public_bytes(PEM).decode()]
        if by:  # a certificate of somebody who is no authority, and one that he made
            chain = [*by(key.public_key()), *chain[1:]]
        known = {"node": "centre", "office": "centre", "title": "数据中心", "certificate": own.certificate}
        body = {
            "node": "police", "office": "4600001", "title": "公安厅", "level": "province", "division": "460000",
            "zone": "outer", "centre": {**known, "blocked": False}, "hub": ["tls://127.0.0.1:7310"],
            "enrol": f"http://127.0.0.1:{centre.server_port}/node/enrol/", "authorities": [centre.authority.pem()],
            "token": "once", "expires": (now() + timedelta(days=7)).isoformat(), **changes,
        }  # fmt: skip
        value = key.sign(canonical(body), ec.ECDSA(hashes.SHA256()))
        signature = {"algorithm": "ecdsa-p256", "hash": "sha256", "value": base64.b64encode(value).decode()}
        whole = {"format": enrolment.FORMAT, "body": body, "signature": {**signature, "certificates": chain}}
        path = tmp_path / "police.enrolment.json"
        path.write_text(json.dumps(whole, ensure_ascii=False))
        return path

    return make


@pytest.mark.django_db
def test_an_office_becomes_a_node(
    centre: Centre, invited: Callable[..., Path], settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TONGBAN_HOME, settings.EGRESS = tmp_path, ()
    monkeypatch.setenv("TONGBAN_HOME", str(tmp_path))
    found = enrolment.read(invited())
    assert len(found.fingerprint.split()) == 16
    assert enrolment.enrol(found) == "police"
    own = transport.own()
    assert (own.node, own.gates) == ("police", ("tls://127.0.0.1:7310",))
    assert own.certificate.count("BEGIN") == 1 and [peer.node for peer in transport.peers()] == ["centre"]
    assert centre.asked[0]["token"] == "once" and "PRIVATE" not in json.dumps(centre.asked)
    kept = (tmp_path / "node" / "enrolment.json").read_text()
    assert "once" not in kept and oct((tmp_path / "transport" / "own.json").stat().st_mode)[-3:] == "600"


@pytest.mark.django_db
def test_t9_an_answer_of_somebody_else_on_the_line_sets_nothing_up(
    centre: Centre, invited: Callable[..., Path], settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TONGBAN_HOME, settings.EGRESS = tmp_path, ()
    monkeypatch.setenv("TONGBAN_HOME", str(tmp_path))
    centre.answers = Authority()
    with pytest.raises(Refused):
        enrolment.enrol(enrolment.read(invited()))
    assert not (tmp_path / "transport").exists() and not transport.peers()


def test_t9_a_file_that_was_changed_is_of_another_or_ran_out_is_refused(
    centre: Centre, invited: Callable[..., Path]
) -> None:
    good = invited().read_text()
    node = Authority()
    node.certificate = centre.authority.certify("root", node.key.public_key())  # a node's own, and no authority's

    def from_a_node(public: Any) -> list[str]:
        return [one.public_bytes(PEM).decode() for one in (node.certify("centre", public), node.certificate)]

    def by_a_node(public: Any) -> list[str]:
        return [centre.authority.certify("market", public).public_bytes(PEM).decode()]

    bad = [
        invited(by=from_a_node).read_text(),
        invited(by=by_a_node).read_text(),
        invited(signer=Authority()).read_text(),
        invited(expires=(now() - timedelta(minutes=1)).isoformat()).read_text(),
        invited(hub=[]).read_text(),
    ]
    path = invited()
    for text in (*bad, good.replace("7310", "7311", 1), good[:-20], "{}"):
        path.write_text(text)
        with pytest.raises(Refused):
            enrolment.read(path)
    assert centre.asked == []
