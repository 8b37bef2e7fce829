"""Signed packs (T27): what a publisher signed is installed with their name, anything else is refused whole."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import LazySettings

from tongban.base.kernel.api import Refused, now
from tongban.packs import api as packs
from tongban.packs.models import Installed
from tongban.trust.keys import api as keys

pytestmark = pytest.mark.django_db
Key = ec.EllipticCurvePrivateKey


def name(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, text), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def usages(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def certificate(
    subject: str, public: ec.EllipticCurvePublicKey, issuer: str, by: Key, *, usage: x509.ObjectIdentifier | None
) -> x509.Certificate:
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
        .serial_number(x509.random_serial_number()).not_valid_before(now() - day).not_valid_after(now() + 30 * day)
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(usages(usage is None), critical=True)
    )  # fmt: skip
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(by, hashes.SHA256())


class Publisher:
    """Another organisation with an authority of its own."""

    def __init__(self, folder: Path, usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING) -> None:
        root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = certificate("根 CA", root.public_key(), "根 CA", root, usage=None).public_bytes(Encoding.DER)
        mine = certificate("某市数据局", own.public_key(), "根 CA", root, usage=usage)
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        self.key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.certificate.write_bytes(mine.public_bytes(Encoding.PEM))


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    made = Publisher(tmp_path)
    keys.import_root(made.root, "某市 CA")
    return made


def refused(folder: Path) -> Refused:
    with pytest.raises(Refused) as refusal:
        packs.apply([str(folder)])
    assert not Installed.objects.filter(key__startswith="demo").exists()
    return refusal.value


def test_t27_a_signed_pack_is_installed_with_its_publisher(demo: Path, publisher: Publisher) -> None:
    packs.sign(packs.load(demo), publisher.key, publisher.certificate)
    assert "某市数据局" in [change.detail for change in packs.plan([str(demo)]) if change.what == "publisher"]
    packs.apply([str(demo)])
    assert Installed.objects.get(key="demo1").publisher == "某市数据局"


def test_t27_one_byte_changed_after_signing_is_refused(demo: Path, publisher: Publisher) -> None:
    packs.sign(packs.load(demo), publisher.key, publisher.certificate)
    readme = demo / "README.md"
    readme.write_bytes(readme.read_bytes()[:-2] + b"!\n")
    assert refused(demo).code == "signature"


def test_t27_a_signature_of_another_pack_or_of_nobody_known_is_refused(
    demo: Path, publisher: Publisher, tmp_path: Path
) -> None:
    (demo / "pack.sig").write_text("no signature")
    assert refused(demo).code == "signature"
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    unknown = Publisher(stranger)
    packs.sign(packs.load(demo), unknown.key, unknown.certificate)
    assert refused(demo).code == "signature"
    packs.sign(packs.load(demo), publisher.key, publisher.certificate)
    other = packs.make("demo2")
    shutil.copy(demo / "pack.sig", other)
    assert refused(other).code == "signature"


def test_t27_a_certificate_for_something_else_does_not_publish(demo: Path, tmp_path: Path) -> None:
    server = Publisher(tmp_path, ExtendedKeyUsageOID.CLIENT_AUTH)
    keys.import_root(server.root, "某市 CA")
    packs.sign(packs.load(demo), server.key, server.certificate)
    assert refused(demo).code == "signature"


def test_t27_production_installs_nothing_unsigned_from_elsewhere(
    demo: Path, publisher: Publisher, tmp_path: Path, settings: LazySettings
) -> None:
    settings.PRODUCTION = True
    elsewhere = tmp_path / "elsewhere" / "demo1"
    shutil.copytree(demo, elsewhere)
    assert refused(elsewhere).code == "unsigned"
    packs.sign(packs.load(elsewhere), publisher.key, publisher.certificate)
    packs.apply([str(elsewhere)])
    assert Installed.objects.get(key="demo1").publisher == "某市数据局"
