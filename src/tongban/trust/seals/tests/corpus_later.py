"""What people and attackers put into a PDF after it was sealed."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields

from .makers import Case, Cases, World, long_term, seal, written
from .writing import hand_sealed, increment, object_of, signed, size_of


def _fill(pdf: bytes, number: int = 0, text: str = "filled") -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    field = writer.root["/AcroForm"]["/Fields"][number].get_object()
    field["/V"] = generic.pdf_string(text)
    writer.update_container(field)
    return written(writer)


def _annotate(pdf: bytes, kind: str, **more: Any) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    page = writer.root["/Pages"]["/Kids"][0]
    box = generic.ArrayObject(map(generic.NumberObject, (50, 690, 400, 720)))
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name(kind),
            pdf_name("/Rect"): box,
            pdf_name("/Contents"): generic.pdf_string("Rejected"),
            **{pdf_name(key): value for key, value in more.items()},
        }
    )
    writer.register_annotation(page.container_ref, writer.add_object(note))
    return written(writer)


def _page_changed(pdf: bytes, text: bytes = b"Rejected: amount 9999") -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    page = writer.root["/Pages"]["/Kids"][1]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 18 Tf 72 700 Td (%b) Tj ET" % text))
    writer.update_container(page)
    return written(writer)


def stream_replaced(pdf: bytes) -> bytes:
    number, body = object_of(pdf, rb"Approved: page 1")
    return increment(pdf, {number: body.replace(b"Approved", b"Rejected")})


def _catalog_changed(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    action = generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("1")}
    )
    writer.root["/OpenAction"] = action
    writer.update_root()
    return written(writer)


def _page_added(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    page = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Page"),
            pdf_name("/MediaBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842))),
            pdf_name("/Resources"): generic.DictionaryObject(),
        }
    )
    writer.insert_page(page)
    return written(writer)


def _removed(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    writer.root["/AcroForm"] = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject()})
    writer.update_root()
    return written(writer)


def _saved_anew(pdf: bytes) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(out)
    return out.getvalue()


def hybrid(pdf: bytes) -> bytes:
    """An update with a table and, for readers that know it, a stream: two readers may see two things."""
    number = size_of(pdf)
    root = re.findall(rb"/Root (\d+ \d+ R)", pdf)[-1]
    row = b"\1" + len(pdf).to_bytes(4, "big") + b"\0\0"
    kind = b"<< /Type /XRef /Size %d /W [1 4 2] /Index [%d 1] /Root %b /Length 7 >>" % (number + 1, number, root)
    out = increment(pdf, {number: kind + b"\nstream\n" + row + b"\nendstream"})
    said = b"trailer\n<< /Size %d" % (number + 1)
    return out.replace(said, b"trailer\n<< /XRefStm %d /Size %d" % (len(pdf), number + 1))


def _long_term_replaced(pdf: bytes, *, gone: bool = False) -> bytes:
    """As several common programs do: what stood below /VRI is written anew; or nobody should: all is taken away."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if gone:
        del writer.root["/DSS"]
    else:
        writer.root["/DSS"]["/VRI"] = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/VRI")})
        writer.update_container(writer.root["/DSS"])
    writer.update_root()
    return written(writer)


def later_changes(world: World, plain: bytes, form: bytes, sealed: bytes, sealed_form: bytes) -> Cases:
    office = world.office.signer()
    yield Case("filled-after", _fill(sealed_form), "valid", "ok_changes")
    yield Case("filled-and-sealed", seal(_fill(sealed_form), world.second.signer(), "Seal2"), "valid", "ok_changes")
    certified = {p.value: seal(form, office, certify=True, docmdp_permissions=p) for p in fields.MDPPerm}
    yield Case("certified-1-filled", _fill(certified[1]), "altered")
    yield Case("certified-2-filled", _fill(certified[2]), "valid", "ok_changes")
    yield Case("certified-3-filled", _fill(certified[3]), "valid", "ok_changes")
    lasting = seal(long_term(world, sealed), world.second.signer(), "Seal2")
    yield Case("long-term-replaced", _long_term_replaced(lasting), "valid", "ok_changes")
    yield Case("long-term-gone", _long_term_replaced(lasting, gone=True), "altered", "changed_after")
    spare = size_of(plain)
    spared = seal(increment(plain, {spare: b"(spare)"}), office)
    yield Case("unused-freed", increment(spared, {}, freed=spare), "valid", "ok")
    yield Case("page-freed", increment(spared, {}, freed=object_of(plain, rb"page 1")[0]), "altered", "changed_after")
    yield Case("certified-1-long-term", long_term(world, certified[1]), "valid", "ok_changes")
    yield Case(
        "certified-1-sealed", hand_sealed(certified[1], lambda data: signed(world.office, data)), "altered", "two_ways"
    )
    yield Case("certified-2-sealed", seal(certified[2], world.second.signer(), "Seal2"), "valid", "ok_changes")
    yield Case("certified-2-note", _annotate(certified[2], "/Text"), "altered")
    yield Case("certified-3-note", _annotate(certified[3], "/Text"), "valid", "ok_changes")
    for kind in ("/FreeText", "/Stamp", "/Redact", "/Square", "/Ink"):
        yield Case(f"evil-annotation{kind.lower().replace('/', '-')}", _annotate(certified[3], kind), "altered")
    paint = generic.DictionaryObject({pdf_name("/N"): generic.NullObject()})
    yield Case("evil-appearance", _annotate(certified[3], "/Highlight", **{"/AP": paint}), "altered")
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, fields=["amount"])
    locked = seal(form, office, lock=lock)
    yield Case("locked", locked, "valid", "ok")
    yield Case("locked-other-filled", _fill(locked, 0), "valid", "ok_changes")
    yield Case("locked-filled", _fill(locked, 1), "altered")
    mixed = seal(hybrid(plain), office, strict=False)
    yield Case("hybrid", mixed, "valid", "ok")
    yield Case("hybrid-changed", _page_changed(mixed), "altered", "changed_after")
    yield Case("hybrid-sealed-twice", seal(mixed, world.second.signer(), "Seal2", strict=False), "valid", "ok_changes")
    yield Case("hybrid-after", hybrid(sealed), "altered", "two_ways")
    yield Case("note-after", _annotate(sealed, "/Text"), "altered")
    yield Case("page-changed", _page_changed(sealed), "altered", "changed_after")
    yield Case("page-changed-two-seals", _page_changed(seal(sealed, world.second.signer(), "Seal2")), "altered")
    changed_between = seal(_page_changed(sealed), world.second.signer(), "Seal2")
    yield Case("changed-between-seals", changed_between, "altered", "changed_after")
    yield Case("page-added", _page_added(sealed), "altered", "changed_after")
    yield Case("catalog-changed", _catalog_changed(sealed), "altered", "changed_after")
    yield Case("removed", _removed(sealed), "altered", "removed")
    yield Case("saved-anew", _saved_anew(sealed), "altered")
    yield Case("back-to-revision", _page_changed(sealed)[: len(sealed)], "valid", "ok")
