"""Sealing a PDF: PAdES with timestamp and long-term data (ETSI EN 319 142-1, B-LTA). The key stays in the key
management centre; pyHanko writes the PDF."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from queue import SimpleQueue
from typing import Any

from asn1crypto import algos, tsp, x509
from asn1crypto import crl as lists
from django.utils.translation import gettext as _
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tongban.base.kernel.api import NotFound, Refused, now
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Algorithm, KeyInfo

from .data import Place
from .drawing import SIZE

# It warns at every seal that revocation lists are not fetched; they are given.
logging.getLogger("pyhanko.sign.signers.pdf_signer").setLevel(logging.ERROR)

MARGIN = 6  # points between seals that stand beside each other


@dataclass(frozen=True)
class Appearance:
    """What is seen on the page; without a picture nothing is."""

    picture: RawContent | None = None
    place: Place = field(default_factory=Place)


class _Desk:
    """The library works in an event loop, where Django keeps the database away. So the library gets a thread, and
    what needs the caller's connection and transaction is asked for there and done here."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Callable[[], bytes], Future[bytes]] | None] = SimpleQueue()

    def ask(self, work: Callable[[], bytes]) -> bytes:
        """Have it done by the thread that serves."""
        answer: Future[bytes] = Future()
        self._asked.put((work, answer))
        return answer.result()

    def serve(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run the coroutine to its end and do what it asks for."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(lambda: asyncio.run(make()))
            running.add_done_callback(lambda _done: self._asked.put(None))
            while (job := self._asked.get()) is not None:
                work, answer = job
                try:
                    answer.set_result(work())
                except BaseException as error:
                    answer.set_exception(error)
            return running.result()


class _Signer(signers.Signer):
    """Lets the key management centre sign."""

    def __init__(self, key: KeyInfo, chain: tuple[bytes, ...], desk: _Desk) -> None:
        certificate, *above = [x509.Certificate.load(one) for one in chain]
        store = SimpleCertificateStore()
        store.register_multiple(above)
        mechanism = algos.SignedDigestAlgorithm({"algorithm": _MECHANISMS[key.algorithm]})
        super().__init__(signing_cert=certificate, cert_registry=store, embed_roots=True, signature_mechanism=mechanism)
        self._key, self._desk = key, desk

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature value; for the estimate of its size, as many bytes."""
        if dry_run:
            return bytes(512)
        return self._desk.ask(lambda: keys.sign(self._key.id, data, hash_name=digest_algorithm).value)


_MECHANISMS = {
    Algorithm.P256: "sha256_ecdsa",
    Algorithm.P384: "sha384_ecdsa",
    Algorithm.RSA3072: "sha256_rsa",
}


class _Stamper(TimeStamper):
    """Our own timestamp authority, asked without a network."""

    def __init__(self, desk: _Desk) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._desk = desk

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The authority's answer."""
        return tsp.TimeStampResp.load(self._desk.ask(lambda: keys.timestamp_answer(req.dump())))


def seal(
    pdf: bytes, key: KeyInfo, appearance: Appearance, reason: str, *, certify: bool = False, location: str = ""
) -> bytes:
    """The PDF with a further seal, timestamped, with all that is needed to check it in years. `certify`: as the first
    and certifying one, it allows further seals and filling in, nothing else. `Refused` for files that cannot take it
    and keys that PDF readers do not know."""
    if key.algorithm not in _MECHANISMS:
        raise Refused(_("Seals on PDF need a key that PDF readers know: ECDSA or RSA."), "algorithm")
    chain = keys.signing_certificate(key.id)
    desk = _Desk()
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        if writer.prev.encrypted:
            raise Refused(_("An encrypted PDF cannot be sealed."), "encrypted")
        metadata = _metadata(writer, key, chain, reason, certify=certify, location=location)
        pdf_signer = signers.PdfSigner(
            metadata,
            _Signer(key, chain, desk),
            timestamper=_Stamper(desk),
            stamp_style=StaticStampStyle(background=appearance.picture, border_width=0, background_opacity=1.0)
            if appearance.picture
            else None,
            new_field_spec=_field(writer, str(metadata.field_name), appearance),
        )
        out = desk.serve(lambda: pdf_signer.async_sign_pdf(writer, existing_fields_only=False))
        return bytes(out.getvalue())
    except PdfError as error:
        raise Refused(_("This PDF cannot be sealed: its structure is damaged or it is locked."), "pdf") from error


def _metadata(
    writer: IncrementalPdfFileWriter,
    key: KeyInfo,
    chain: tuple[bytes, ...],
    reason: str,
    *,
    certify: bool,
    location: str,
) -> signers.PdfSignatureMetadata:
    present = {name for name, _value, _ref in fields.enumerate_sig_fields(writer.prev)}
    number = next(n for n in range(1, len(present) + 2) if f"Seal{n}" not in present)
    return signers.PdfSignatureMetadata(
        field_name=f"Seal{number}",
        md_algorithm="sha384" if key.algorithm is Algorithm.P384 else "sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason or None,
        location=location or None,
        certify=certify,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=_context(chain),
    )


def _context(chain: tuple[bytes, ...]) -> ValidationContext:
    """What the long-term data is gathered from: the chain and the present lists of those who issued it."""
    found = []
    for issuer in chain[1:]:
        try:
            found.append(lists.CertificateList.load(keys.crl_for(issuer)))
        except NotFound:  # an outside authority: its list is not ours to give
            continue
    certificates = [x509.Certificate.load(one) for one in chain]
    roots = [x509.Certificate.load(one) for one in keys.trust_roots()]
    return ValidationContext(
        trust_roots=roots, other_certs=certificates[1:], crls=found, allow_fetching=False, moment=now(),
        retroactive_revinfo=True,
    )  # fmt: skip


def _field(writer: IncrementalPdfFileWriter, name: str, appearance: Appearance) -> fields.SigFieldSpec:
    if appearance.picture is None:
        return fields.SigFieldSpec(name, on_page=appearance.place.page)
    left, bottom = _free(writer, appearance.place)
    box = (round(left), round(bottom), round(left + SIZE), round(bottom + SIZE))
    return fields.SigFieldSpec(name, on_page=appearance.place.page, box=box)


def _free(writer: IncrementalPdfFileWriter, place: Place) -> tuple[float, float]:
    """Where no other seal stands: to the left of those that do, then a row above."""
    page, _resources = writer.find_page_for_modification(place.page)
    taken = [
        tuple(float(one) for one in note.get_object()["/Rect"])
        for note in page.get_object().get("/Annots", ())
        if note.get_object().get("/FT") == "/Sig"
    ]
    left, bottom = place.left, place.bottom
    while any(x0 < left + SIZE and left < x1 and y0 < bottom + SIZE and bottom < y1 for x0, y0, x1, y1 in taken):
        left -= SIZE + MARGIN
        if left < MARGIN:
            left, bottom = place.left, bottom + SIZE + MARGIN
    return left, bottom
