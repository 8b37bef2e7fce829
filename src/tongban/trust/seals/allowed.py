"""What may be put into a PDF after it was sealed: the library's analysis, stricter on notes, milder on what shows
nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DocInfoRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    QualifiedWhitelistRule,
    ReferenceUpdate,
    StandardDiffPolicy,
    SuspiciousModification,
    WhitelistRule,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts
from pyhanko.sign.diff_analysis.rules_api import Context

from .pages import annotations_of, pages_of
from .ranges import entry

REMARKS = frozenset({"/Text", "/Popup"})
MARKS = frozenset({"/Highlight", "/Underline", "/StrikeOut", "/Squiggly"})
MOST_OBJECTS = 20_000
DEPTH = 7
"""Of the document security store: /Root, /DSS, /VRI, the seal, its lists, a place in one, /Length."""


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


class _LongTerm(WhitelistRule):
    """Long-term data may be added and replaced, not taken away. It shows nothing, and signers are judged by it only as
    far as a trusted root has signed it; the library's own rule refuses what several common programs do to /VRI."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        if "/DSS" in old.root and "/DSS" not in new.root:
            raise SuspiciousModification("/DSS was taken away")
        touched = new.explicit_refs_in_revision()
        for resolver in (old, new):
            for reference, path in _below(resolver.root, "/DSS"):
                if reference in touched:
                    # Only this place is cleared: what stands elsewhere, too, stays unexplained.
                    yield ReferenceUpdate(reference, Context.from_absolute(old, path))


def _below(root: Any, key: str) -> Iterator[tuple[generic.Reference, RawPdfPath]]:
    """The references below an entry of the catalog, and every place where each stands."""
    waiting = [(root.raw_get(key), RawPdfPath("/Root", key))] if key in root else []
    for _step in range(MOST_OBJECTS):
        if not waiting:
            return
        node, path = waiting.pop()
        if isinstance(node, generic.IndirectObject):
            yield node.reference, path
            node = node.get_object()
        if len(path) > DEPTH:
            continue
        if isinstance(node, generic.DictionaryObject):
            waiting.extend((node.raw_get(one), path + one) for one in node)
        elif isinstance(node, generic.ArrayObject):
            waiting.extend((node.raw_get(one), path + one) for one in range(len(node)))


class _Freed(WhitelistRule):
    """An object may be given up when nothing leads to it any more."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        if freed := new.refs_freed_in_revision():
            yield from map(ReferenceUpdate, freed - new.collect_dependencies(new.root))


_UNSEEN = (DocInfoRule, XrefStreamRule, ObjectStreamRule, MetadataUpdateRule, _LongTerm, _Freed)
_RULES = [CatalogModificationRule(), *(rule().as_qualified(ModificationLevel.LTA_UPDATES) for rule in _UNSEEN)]
_FIELDS = DEFAULT_DIFF_POLICY.form_rule
ALLOWED = StandardDiffPolicy(_RULES, _FIELDS, reject_object_freeing=False)
REMARKS_ALLOWED = StandardDiffPolicy([*_RULES, _Remarks()], _FIELDS, reject_object_freeing=False)
