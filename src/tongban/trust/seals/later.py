"""What was put into a PDF after it was sealed: whether the seal allows it, and what it is, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import islice, takewhile
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader, process_data_at_eof
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from .allowed import ALLOWED, REMARKS_ALLOWED
from .pages import annotations_of, pages_of
from .ranges import entry
from .signers import Bad, broken
from .verdicts import Change, Facts, Reason, Verdict

MOST_CHANGES = 200
MOST_OBJECTS = 20_000
SPACE = b" \t\r\n\0\f"
BACKWARDS = frozenset({"/Parent", "/P", "/Popup", "/IRT", "/StructParent", "/StructParents"})


def verdict_on_later(
    reader: PdfFileReader, loose: int, content: bytes, value: Any, field: Any, seal: Any, end: int
) -> Bad | None:
    """What speaks against the revisions after the sealed one, None when the seal allows them; `loose` is the file's
    `last_loose_revision`."""
    revision = sealed_revision(reader, end)
    if not _ends_at(reader, content, revision, end):
        return Bad(Verdict.ALTERED, "part_only")
    if isinstance(value, generic.IndirectObject) and reader.xrefs.get_last_change(value.reference) > revision:
        return Bad(Verdict.ALTERED, "changed_after")
    later = reader.xrefs.total_revisions - revision - 1
    last = content.rfind(b"%%EOF")
    if content[last + 5 :].strip(SPACE) or (not later and content[end:].strip(SPACE) not in (b"", b"%%EOF")):
        return Bad(Verdict.ALTERED, "appended")
    if loose > revision:
        return Bad(Verdict.ALTERED, "two_ways")
    permitted = _permission(seal, field)
    policy = REMARKS_ALLOWED if permitted is MDPPerm.ANNOTATE else ALLOWED
    outcome = policy.review_file(reader, revision, field_mdp_spec=_locks(seal, field), doc_mdp=permitted)
    if not isinstance(outcome, DiffResult) or outcome.modification_level is ModificationLevel.OTHER:
        return Bad(Verdict.ALTERED, "changed_after")
    if permitted is not None and outcome.modification_level.value > permitted.value:
        return Bad(Verdict.ALTERED, "not_allowed")
    return None


def sealed_revision(reader: PdfFileReader, end: int) -> int:
    """The last revision whose cross-references, and those before them, all lie in the first `end` bytes. Counted
    from 0, the two parts of a linearized file as two."""
    ends = (reader.xrefs.get_xref_container_info(one).end_location for one in range(reader.xrefs.total_revisions))
    return sum(1 for _one in takewhile(lambda one: one <= end, ends)) - 1


def _ends_at(reader: PdfFileReader, content: bytes, revision: int, end: int) -> bool:
    """Whether the cover ends where this revision ends."""
    stream = BytesIO(content)
    stream.seek(end)
    try:
        return revision >= 0 and process_data_at_eof(stream) == reader.xrefs.get_startxref_for_revision(revision)
    except (PdfError, ValueError, OSError):
        return False


def last_loose_revision(reader: PdfFileReader) -> int:
    """The last revision that does not keep to the syntax of the standard, 0 when all but the first do: a key with two
    values, say, is read one way here and another way by a viewer; hybrid cross-references are made for that. What was
    sealed may be as careless as its maker was: the seal covers it. What came after may not."""
    lenient, reader.strict = reader.strict, True
    try:
        numbers = range(reader.xrefs.total_revisions - 1, 0, -1)
        return next((number for number in numbers if not _by_the_letter(reader, number)), 0)
    finally:
        reader.strict = lenient


def _by_the_letter(reader: PdfFileReader, number: int) -> bool:
    known = reader.xrefs
    if known.get_xref_data(number).hybrid is not None:
        return False
    try:
        for reference in known.explicit_refs_in_revision(number) - known.refs_freed_in_revision(number):
            reader.get_object(reference, revision=number)
    except PdfError:
        return False
    return True


def _transform(seal: Any, method: str) -> Any:
    """The parameters of a transform method the seal names."""
    for one in entry(seal, "/Reference", ()):
        one = one.get_object()
        if entry(one, "/TransformMethod") == method:
            return entry(one, "/TransformParams", generic.DictionaryObject())
    return None


def _permission(seal: Any, field: Any) -> MDPPerm | None:
    """What a certifying seal, or the lock of its field, leaves open (ISO 32000-2, 12.8.2.2)."""
    told = _transform(seal, "/DocMDP")
    raw = entry(told, "/P", 2) if told is not None else entry(entry(field, "/Lock", {}), "/P")
    if raw is None:
        return None
    try:
        return MDPPerm(int(raw))
    except (ValueError, TypeError) as error:
        raise broken("structure") from error


def _locks(seal: Any, field: Any) -> FieldMDPSpec | None:
    told = _transform(seal, "/FieldMDP")
    told = told if told is not None else entry(field, "/Lock")
    if told is None:
        return None
    try:
        return FieldMDPSpec.from_pdf_object(told)
    except (ValueError, KeyError, TypeError) as error:
        raise broken("structure") from error


# What it is


def changes_of(reader: PdfFileReader, end: int, *, allowed: bool) -> tuple[Change, ...]:
    """The differences between the sealed revision and the present one. Never raises: a list that cannot be made is
    a changed structure."""
    try:
        return tuple(islice(_differences(reader, sealed_revision(reader, end), allowed), MOST_CHANGES))
    except Exception:
        return (Change(0, Reason("document_changed"), allowed),)


def _differences(reader: PdfFileReader, revision: int, allowed: bool) -> Iterator[Change]:
    last = reader.xrefs.total_revisions - 1
    old, new = reader.get_historical_resolver(revision), reader.get_historical_resolver(last)
    touched = {
        one.idnum for number in range(revision + 1, last + 1) for one in reader.xrefs.explicit_refs_in_revision(number)
    }
    before = {page.container_ref.idnum: (number, page) for number, page in enumerate(pages_of(old), 1)}
    after = {page.container_ref.idnum: (number, page) for number, page in enumerate(pages_of(new), 1)}
    found = 0
    for key, (number, _page) in before.items():
        if key not in after:
            found += 1
            yield Change(number, Reason("page_removed"), False)
    common = [key for key in before if key in after]
    moved = [key for key in after if key in before] != common
    for key, (number, page) in after.items():
        if key not in before:
            found += 1
            yield Change(number, Reason("page_added"), False)
            continue
        if moved and before[key][0] != number:
            yield Change(number, Reason("page_moved"), False)
        for reason, fine in _of_page(before[key][1], page, touched):
            found += 1
            yield Change(number, reason, fine or allowed)
    for reason, fine in _of_document(old, new):
        found += 1
        yield Change(0, reason, fine or allowed)
    if not found and not allowed:
        yield Change(0, Reason("document_changed"), False)


def _of_page(known: Any, page: Any, touched: set[int]) -> Iterator[tuple[Reason, bool]]:
    if _differs(known, page, touched):
        yield Reason("page_content"), False
    former, present = annotations_of(known), annotations_of(page)
    for key, one in present.items():
        if key not in former:
            yield _annotation("added", one)
        elif key in touched or _reaches(one, touched, BACKWARDS):
            yield _annotation("changed", one)
    for key, one in former.items():
        if key not in present:
            yield _annotation("removed", one)


def _differs(known: Any, page: Any, touched: set[int]) -> bool:
    for key in {*known.keys(), *page.keys()} - {"/Annots", "/Parent", "/StructParents", "/Tabs", "/LastModified"}:
        if (key in known) != (key in page) or known.raw_get(key) != page.raw_get(key):
            return True
        if _reaches(page.raw_get(key), touched, BACKWARDS | {"/Annots"}):
            return True
    return False


def _reaches(start: Any, touched: set[int], but: frozenset[str]) -> bool:
    """Whether anything below `start` was touched, not walking back up."""
    waiting = [start]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_OBJECTS:
        node = waiting.pop()
        if isinstance(node, generic.IndirectObject):
            if node.idnum in touched:
                return True
            if node.idnum in seen:
                continue
            seen.add(node.idnum)
            node = node.get_object()
        if isinstance(node, generic.DictionaryObject):
            waiting.extend(node.raw_get(key) for key in node if key not in but)
        elif isinstance(node, generic.ArrayObject):
            waiting.extend(node.raw_get(index) for index in range(len(node)))
    return False


def _annotation(what: str, node: Any) -> tuple[Reason, bool]:
    kind = str(entry(node, "/Subtype", "/?"))[1:30]
    if kind != "Widget":
        return Reason(f"annotation_{what}", {"kind": kind}), False
    name, is_seal = _field(node)
    if is_seal and what in ("added", "changed"):
        if entry(entry(node, "/V", {}), "/Type") == "/DocTimeStamp":
            return Reason("stamp_added"), True
        return Reason("seal_added", {"name": name}), True
    return Reason({"changed": "field_filled"}.get(what, f"field_{what}"), {"name": name}), False


def _field(node: Any) -> tuple[str, bool]:
    """The full name of a form field and whether it is for signatures."""
    parts: list[str] = []
    kind: Any = None
    for _step in range(20):
        if "/T" in node:
            parts.append(str(node["/T"]))
        kind = kind or entry(node, "/FT")
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    name = "".join(c for c in ".".join(reversed(parts)) if c.isprintable())
    return name[:100], kind == "/Sig"


def _of_document(old: Any, new: Any) -> Iterator[tuple[Reason, bool]]:
    former, present = old.root, new.root
    if _raw(former, "/DSS") != _raw(present, "/DSS"):
        yield Reason("long_term"), True
    for key in {*former.keys(), *present.keys()} - {
        "/DSS",
        "/AcroForm",
        "/Metadata",
        "/Extensions",
        "/Pages",
        "/Version",
    }:
        if _raw(former, key) != _raw(present, key):
            facts: Facts = {}
            yield Reason("document_changed", facts), False
            break


def _raw(node: Any, key: str) -> Any:
    return node.raw_get(key) if key in node else None
