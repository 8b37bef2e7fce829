"""Keys, certificates, timestamps and documents for the corpus. Everything is made anew for each run; no secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, NamedTuple

import pikepdf
from asn1crypto import crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

MOMENT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class Case(NamedTuple):
    """A file and the truth about it: verdict, and the reason's code where it matters."""

    name: str
    content: bytes
    verdict: str
    code: str = ""
    beside: bytes | None = None


Cases = Iterator[Case]


@dataclass
class Holder:
    """A key with its certificate and those above it."""

    key: Any
    certificate: x509.Certificate
    chain: list[x509.Certificate] = field(default_factory=list)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.der)

    @property
    def private(self) -> asn1_keys.PrivateKeyInfo:
        kind = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return asn1_keys.PrivateKeyInfo.load(self.key.private_bytes(serialization.Encoding.DER, kind, plain))

    def signer(self, *, chain: bool = True, **more: Any) -> signers.SimpleSigner:
        store = SimpleCertificateStore()
        for one in self.chain if chain else []:
            store.register(asn1_x509.Certificate.load(one.public_bytes(serialization.Encoding.DER)))
        return signers.SimpleSigner(
            signing_cert=self.asn1, signing_key=self.private, cert_registry=store, embed_roots=False, **more
        )


def name(common: str, organisation: str = "省政务服务中心") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def issue(
    common: str,
    by: Holder | None = None,
    key: Any = None,
    *,
    authority: bool = False,
    begins: datetime = MOMENT - 400 * DAY,
    ends: datetime = MOMENT + 400 * DAY,
    usage: str | None = "seal",
    extended: list[Any] | None = None,
    digest: Any = None,
) -> Holder:
    """A certificate for a new key; self-signed without `by`."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = name(common)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if usage:
        builder = builder.add_extension(_usage(authority, usage), critical=True)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=True)
    issuer_key = by.key if by else key
    plain = isinstance(issuer_key, ed25519.Ed25519PrivateKey)
    certificate = builder.sign(issuer_key, None if plain else (digest or hashes.SHA256()))
    return Holder(key, certificate, [by.certificate, *by.chain] if by else [])


def _usage(authority: bool, usage: str) -> x509.KeyUsage:
    seal = usage == "seal" and not authority
    return x509.KeyUsage(
        digital_signature=seal, content_commitment=seal, key_encipherment=usage == "encipher",
        data_encipherment=False, key_agreement=False, key_cert_sign=authority, crl_sign=authority,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def revocation_list(issuer: Holder, revoked: dict[Holder | int, datetime] | None = None) -> bytes:
    """A CRL; `revoked` maps serial numbers to dates."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(MOMENT - DAY)
        .next_update(MOMENT + 7 * DAY)
    )
    for serial, at in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class World:
    """One authority with its people, made once."""

    def __init__(self) -> None:
        self.more_roots: tuple[asn1_x509.Certificate, ...] = ()  # of the SM2 cases
        self.root = issue("测试根", authority=True)
        self.issuing = issue("测试签发", self.root, authority=True)
        self.office = issue("省政务服务中心电子印章", self.issuing)
        self.second = issue("市场监督管理局电子印章", self.issuing)
        self.expired = issue("过期印章", self.issuing, ends=MOMENT - 10 * DAY)
        self.early = issue("未生效印章", self.issuing, begins=MOMENT + 10 * DAY)
        self.revoked = issue("已吊销印章", self.issuing)
        self.stranger = issue("自签名者")
        self.other_root = issue("外来根", authority=True)
        self.outsider = issue("外来印章", self.other_root)
        self.server = issue("server", self.issuing, extended=[ExtendedKeyUsageOID.SERVER_AUTH])
        self.encipher = issue("encipher", self.issuing, usage="encipher")
        self.unrestricted = issue("无用途限制", self.issuing, usage=None)
        self.false_authority = issue("冒充的签发者", self.office)
        self.rsa = issue("RSA印章", self.issuing, rsa.generate_private_key(65537, 2048))
        self.short = issue("短密钥印章", self.issuing, rsa.generate_private_key(65537, 1024))
        self.edwards = issue("Ed25519印章", self.issuing, ed25519.Ed25519PrivateKey.generate())
        self.p384 = issue("P384印章", self.issuing, ec.generate_private_key(ec.SECP384R1()))
        stamp = [ExtendedKeyUsageOID.TIME_STAMPING]
        # pyHanko's stamper for tests signs with RSA only.
        stamping = self.rsa.key
        self.stamping = issue("时间戳", self.root, stamping, extended=stamp)
        self.other_stamping = issue("外来时间戳", self.other_root, stamping, extended=stamp)
        self.no_stamping = issue("不是时间戳", self.root, stamping)

    def stamper(self, holder: Holder | None = None, at: datetime = MOMENT - DAY) -> DummyTimeStamper:
        holder = holder or self.stamping
        store = SimpleCertificateStore()
        return DummyTimeStamper(holder.asn1, holder.private, certs_to_embed=store, fixed_dt=at)


def document(pages: int = 2, *, form: bool = False, streams: bool = False) -> bytes:
    """A plain PDF, with a form of two text fields if wished."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for number in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
        page = pdf.pages[-1]
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.Contents = pdf.make_stream(b"BT /F1 18 Tf 72 700 Td (Approved: page %d, amount 1000) Tj ET" % (number + 1))
    if form:
        named = [
            pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot,
                    Subtype=pikepdf.Name.Widget,
                    FT=pikepdf.Name.Tx,
                    T=key,
                    Rect=[72, place, 272, place + 20],
                    P=pdf.pages[0].obj,
                    DA="/F1 12 Tf 0 g",
                    F=4,
                )
            )
            for key, place in (("name", 600), ("amount", 560))
        ]
        pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array(named))
        pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=pdf.make_indirect(pikepdf.Array(named))))
    out = BytesIO()
    modes = pikepdf.ObjectStreamMode
    pdf.save(out, object_stream_mode=modes.generate if streams else modes.disable, deterministic_id=True,
             compress_streams=False)  # fmt: skip
    return out.getvalue()


def seal(
    pdf: bytes,
    signer: signers.Signer,
    field_name: str = "Seal1",
    *,
    box: tuple[int, int, int, int] | None = None,
    stamper: DummyTimeStamper | None = None,
    strict: bool = True,
    lock: Any = None,
    **metadata: Any,
) -> bytes:
    """The PDF with one more seal."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=strict)
    spec = fields.SigFieldSpec(field_name, box=box, field_mdp_spec=lock, doc_mdp_update_value=None)
    metadata.setdefault("subfilter", fields.SigSeedSubFilter.PADES)
    metadata.setdefault("md_algorithm", "sha256")
    made = signers.PdfSignatureMetadata(field_name=field_name, **metadata)
    pdf_signer = signers.PdfSigner(made, signer, timestamper=stamper, new_field_spec=spec)
    return bytes(pdf_signer.sign_pdf(writer, existing_fields_only=False).getvalue())


def written(writer: IncrementalPdfFileWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def long_term(world: World, pdf: bytes, revoked_days_ago: int | None = None, serial: int = 0) -> bytes:
    serial = serial or world.revoked.certificate.serial_number
    revoked = {serial: MOMENT - revoked_days_ago * DAY} if revoked_days_ago else {}
    lists = [crl.CertificateList.load(revocation_list(one, revoked)) for one in (world.issuing, world.root)]
    out = BytesIO(pdf)
    DocumentSecurityStore.add_dss(out, sig_contents=b"x", certs=[world.office.asn1, world.issuing.asn1], crls=lists)
    return out.getvalue()
