"""What was put into a PDF after it was sealed: whether the seal allows it, and what it is, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError, PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader, process_data_at_eof
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    QualifiedWhitelistRule,
    ReferenceUpdate,
    StandardDiffPolicy,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from .ranges import entry
from .signers import Bad, broken
from .verdicts import Change, Facts, Reason, Verdict

MOST_PAGES = 5000
MOST_CHANGES = 200
SPACE = b" \t\r\n\0\f"
REMARKS = frozenset({"/Text", "/Popup"})
MARKS = frozenset({"/Highlight", "/Underline", "/StrikeOut", "/Squiggly"})
BACKWARDS = frozenset({"/Parent", "/P", "/Popup", "/IRT", "/StructParent", "/StructParents"})


def verdict_on_later(reader: PdfFileReader, content: bytes, value: Any, field: Any, seal: Any, end: int) -> Bad | None:
    """What speaks against the revisions after the sealed one, None when the seal allows them."""
    revision = sealed_revision(reader, value, field)
    if not _whole_revision(reader, content, revision, end):
        return Bad(Verdict.ALTERED, "part_only")
    later = reader.xrefs.total_revisions - revision - 1
    last = content.rfind(b"%%EOF")
    if content[last + 5 :].strip(SPACE) or (not later and content[end:].strip(SPACE) not in (b"", b"%%EOF")):
        return Bad(Verdict.ALTERED, "appended")
    if later and (reader.xrefs.hybrid_xrefs_present or not _by_the_letter(reader, revision)):
        return Bad(Verdict.ALTERED, "two_ways")
    permitted = _permission(seal, field)
    policy = REMARKS_ALLOWED if permitted is MDPPerm.ANNOTATE else DEFAULT_DIFF_POLICY
    outcome = policy.review_file(reader, revision, field_mdp_spec=_locks(seal, field), doc_mdp=permitted)
    if not isinstance(outcome, DiffResult) or outcome.modification_level is ModificationLevel.OTHER:
        return Bad(Verdict.ALTERED, "changed_after")
    if permitted is not None and outcome.modification_level.value > permitted.value:
        return Bad(Verdict.ALTERED, "not_allowed")
    return None


def sealed_revision(reader: PdfFileReader, value: Any, field: Any) -> int:
    """The revision that brought the signature value in, counted from 0."""
    reference = value.reference if isinstance(value, generic.IndirectObject) else field.container_ref
    revision = reader.xrefs.get_last_change(reference)
    if revision is None:
        raise PdfReadError("signature value without a revision")
    return int(revision)


def _whole_revision(reader: PdfFileReader, content: bytes, revision: int, end: int) -> bool:
    """The cover ends where a revision ends, and all cross-references up to there are covered."""
    stream = BytesIO(content)
    stream.seek(end)
    try:
        if process_data_at_eof(stream) != reader.xrefs.get_startxref_for_revision(revision):
            return False
    except (PdfError, ValueError, OSError):
        return False
    ends = (reader.xrefs.get_xref_container_info(one).end_location for one in range(revision + 1))
    return all(one <= end for one in ends)


def _by_the_letter(reader: PdfFileReader, revision: int) -> bool:
    """What came after sealing keeps to the syntax of the standard: a key with two values, say, is read one way here
    and another way by a viewer. The sealed part may be as careless as its maker was: the seal covers it."""
    lenient, reader.strict = reader.strict, True
    try:
        for number in range(revision + 1, reader.xrefs.total_revisions):
            for reference in reader.xrefs.explicit_refs_in_revision(number):
                reader.get_object(reference, revision=number)
    except PdfError:
        return False
    finally:
        reader.strict = lenient
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


class _Remarks(QualifiedWhitelistRule):
    """Annotations that DocMDP level 3 allows, as far as they cannot cover content: notes, and markup without an
    appearance of its own. What paints over a page is an evil annotation, whatever the level says."""

    def apply_qualified(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterable[tuple[ModificationLevel, ReferenceUpdate]]:
        before = {page.container_ref.idnum: page for page in pages_of(old)}
        for page in pages_of(new):
            known = before.get(page.container_ref.idnum)
            if known is not None and compare_dicts(known, page, frozenset({"/Annots"}), raise_exc=False):
                yield from self._of_page(old, new, known, page)

    def _of_page(
        self, old: HistoricalResolver, new: HistoricalResolver, known: Any, page: Any
    ) -> Iterator[tuple[ModificationLevel, ReferenceUpdate]]:
        former, present = annotations_of(known), annotations_of(page)
        added = {key: one for key, one in present.items() if key not in former}
        if not added or not former.keys() <= present.keys() or not all(map(_harmless, added.values())):
            return
        level = ModificationLevel.ANNOTATIONS
        yield level, ReferenceUpdate(page.container_ref)
        listed = page.raw_get("/Annots")
        if isinstance(listed, generic.IndirectObject):
            yield level, ReferenceUpdate(listed.reference)
        for one in added.values():
            if old.is_ref_unassignable(one.container_ref):
                yield level, ReferenceUpdate(one.container_ref)


def _harmless(annotation: Any) -> bool:
    kind = entry(annotation, "/Subtype")
    if "/A" in annotation or "/AA" in annotation:
        return False
    return kind in REMARKS | MARKS and "/AP" not in annotation


REMARKS_ALLOWED = StandardDiffPolicy(
    global_rules=[*DEFAULT_DIFF_POLICY.global_rules, _Remarks()], form_rule=DEFAULT_DIFF_POLICY.form_rule
)


# What it is


def pages_of(handler: Any) -> Iterator[Any]:
    """The page dictionaries in their order; a tree that turns upon itself ends."""
    waiting = [handler.root.raw_get("/Pages")]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_PAGES * 2:
        raw = waiting.pop()
        node = raw.get_object()
        if not isinstance(node, generic.DictionaryObject):
            continue
        key = raw.reference.idnum if isinstance(raw, generic.IndirectObject) else -id(node)
        if key in seen:
            continue
        seen.add(key)
        kids = entry(node, "/Kids")
        if isinstance(kids, generic.ArrayObject):
            waiting.extend(reversed([kids.raw_get(index) for index in range(len(kids))]))
        elif node.container_ref is not None:
            yield node


def annotations_of(page: Any) -> dict[int, Any]:
    """Annotations by object number; direct ones cannot be told apart and count by their place."""
    listed = entry(page, "/Annots")
    if not isinstance(listed, generic.ArrayObject):
        return {}
    found: dict[int, Any] = {}
    for index in range(min(len(listed), 2000)):
        raw = listed.raw_get(index)
        node = raw.get_object()
        if isinstance(node, generic.DictionaryObject):
            found[raw.reference.idnum if isinstance(raw, generic.IndirectObject) else -1 - index] = node
    return found


def changes_of(reader: PdfFileReader, value: Any, *, allowed: bool) -> tuple[Change, ...]:
    """The differences between the sealed revision and the present one. Never raises: a list that cannot be made is
    a changed structure."""
    try:
        revision = reader.xrefs.get_last_change(value.reference)
        return tuple(islice(_differences(reader, revision, allowed), MOST_CHANGES))
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
    while waiting and len(seen) < 20_000:
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
