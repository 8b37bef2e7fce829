"""Pages for what comes from other authorities, and for the end of a custody (TRUST-01, TRUST-02)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tongban.base.kernel.api import Ref
from tongban.base.ledger.api import history
from tongban.trust.keys import api, escrow
from tongban.trust.keys.data import AUTHORITY

from .conftest import OpenSSL
from .test_pages import __getattr__ as _addresses
from .test_pages import browse  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
PAGE = "/ca/outside/"
SEEN = "身份证原件"


def __getattr__(name: str) -> Any:
    return _addresses(name)


@pytest.fixture
def made(openssl: OpenSSL) -> tuple[bytes, bytes]:
    """Another authority's root (PEM) and the certificate it gave somebody (DER)."""
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    at = openssl.folder
    extensions = openssl.file("e", b"keyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n")
    openssl("req", "-x509", *new, "-days", 30, "-subj", "/CN=Provincial CA", "-keyout", at / "k", "-out", at / "r")
    openssl("req", "-new", *new, "-subj", "/CN=wang", "-keyout", at / "lk", "-out", at / "lr")
    given = ("-CA", at / "r", "-CAkey", at / "k", "-days", 20, "-extfile", extensions, "-outform", "DER")
    openssl("x509", "-req", "-in", at / "lr", *given, "-out", at / "l")
    return (at / "r").read_bytes(), (at / "l").read_bytes()


def _file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("certificate.pem", content)


def test_a_root_is_imported_a_certificate_bound_and_trust_withdrawn(
    world: SimpleNamespace,
    browse: Any,  # noqa: F811
    made: tuple[bytes, bytes],
) -> None:
    root, leaf = made
    registrar, issuer = browse(world.registrar), browse(world.issuer)
    sent = {
        "import-certificate": _file(root),
        "import-title": "省数字证书认证中心",
        "import-delegation": "琼数〔2026〕3号",
    }
    assert registrar.post(f"{PAGE}import/", sent).status_code == 403 and api.trust_roots() == ()
    sent["import-certificate"] = _file(leaf)
    assert issuer.post(f"{PAGE}import/", sent).status_code == 422 and api.trust_roots() == ()
    sent["import-certificate"] = _file(root)
    assert issuer.post(f"{PAGE}import/", sent).status_code == 302 and len(api.trust_roots()) == 1
    assert "省数字证书认证中心" in issuer.get(PAGE).content.decode()
    bound = {"bind-holder": "wang", "bind-profile": "person", "bind-evidence": SEEN}
    assert issuer.post(f"{PAGE}bind/", bound | {"bind-certificate": _file(leaf)}).status_code == 403
    assert registrar.post(f"{PAGE}bind/", bound | {"bind-certificate": _file(b"junk")}).status_code == 403
    assert api.person_of_certificate(leaf) is None
    assert registrar.post(f"{PAGE}bind/", bound | {"bind-certificate": _file(leaf)}).status_code == 302
    assert api.person_of_certificate(leaf) == world.citizen.person
    from tongban.trust.keys.models import Authority, Certificate

    row, outside = Certificate.objects.get(holder=str(world.citizen.person)), Authority.objects.get(key__isnull=True)
    (bind,) = history(Ref("keys.certificate", row.serial))
    assert (bind.kind, bind.by, bind.facts["evidence"]) == ("ca.bound", world.registrar.by, SEEN)
    ended = {"distrust-root": outside.id, "distrust-reason": "委托终止"}
    assert registrar.post(f"{PAGE}distrust/", ended).status_code == 403 and len(api.trust_roots()) == 1
    assert issuer.post(f"{PAGE}distrust/", ended).status_code == 302
    assert api.trust_roots() == () and api.person_of_certificate(leaf) is None
    kinds = [entry.kind for entry in history(Ref(AUTHORITY, outside.id))]
    assert kinds == ["ca.root_imported", "ca.root_distrusted"]


def test_a_custody_ends_while_two_stay(world: SimpleNamespace, browse: Any) -> None:  # noqa: F811
    third = world.staff("third", "custodian")
    for actor in (world.keeper, world.second, third):
        escrow.become_custodian(actor, "custodian's own words")
    client, sent = browse(world.keeper), {"end-custodian": str(third.person)}
    assert browse(world.registrar).post("/keys/custody/end/", sent).status_code == 403
    assert third.person in escrow.custodians()
    assert client.post("/keys/custody/end/", sent).status_code == 302
    assert third.person not in escrow.custodians()
    assert history(third.person)[-1].kind == "keys.custodian_ended"
    assert client.post("/keys/custody/end/", sent).status_code == 422  # no custodian any more
    assert client.post("/keys/custody/end/", {"end-custodian": str(world.second.person)}).status_code == 403
    assert len(escrow.custodians()) == 2
