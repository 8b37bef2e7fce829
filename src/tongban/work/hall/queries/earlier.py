"""What an applicant has handed in before and need not hand in again (DATA-40)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef

from tongban.base.files import api as files
from tongban.base.files.data import File
from tongban.base.kernel.api import Ref, now
from tongban.engine.forms import api as forms
from tongban.engine.forms.data import Material
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from ..data import CaseState, EarlierPaper
from ..limits import REUSE_DAYS
from ..models import Case, Draft, Paper

_LOOKED_AT = 200
_OFFERED = 3


def earlier_papers(actor: Actor, draft: Draft) -> dict[str, tuple[EarlierPaper, ...]]:
    """For each material of a draft the uploads that may stand in for a new one, the newest first.

    The applicant's own, of a material of the same title, from the last round of a case that an office has accepted and
    not refused, not older than `REUSE_DAYS`, released, and of a format and size that this material takes. An agent sees
    those of the matters that their authorisation holds for. A clerk at the window is offered none.
    """
    if not str(actor.applicant) == draft.owner == draft.applicant:
        return {}
    papers = _accepted(actor, draft)
    kept = files.files_by_id([paper.file for paper in papers])
    titles = _titles(papers)
    form = forms.definition(draft.form)
    found: dict[str, tuple[EarlierPaper, ...]] = {}
    for material in forms.fragment(form, None, draft.answers).materials:
        held = {paper.get("file") for paper in draft.papers.get(material.name, [])}
        fitting = [
            paper
            for paper in papers
            if paper.file not in held
            and titles[paper.pk] == _plain(material)
            and paper.file in kept
            and _fits(kept[paper.file], material)
        ]
        if offers := list(_once(fitting, kept)):
            found[material.name] = tuple(offers[:_OFFERED])
    return found


def papers_reused(since: datetime | None = None, until: datetime | None = None) -> int:
    """How often a file of an earlier case stood in for an upload (DATA-40). As the system."""
    before = Paper.objects.filter(file=OuterRef("file"), case_id__lt=OuterRef("case_id"))
    rows = Paper.objects.filter(Exists(before), round=1).exclude(file="")
    if since:
        rows = rows.filter(case__submitted_at__gte=since)
    return (rows.filter(case__submitted_at__lt=until) if until else rows).count()


def _accepted(actor: Actor, draft: Draft) -> list[Paper]:
    """Uploads of cases whose materials an office found in order, in matters that the actor may see."""
    cases = Case.objects.filter(applicant=str(actor.applicant), accepted_at__isnull=False)
    cases = cases.exclude(state=CaseState.REFUSED).exclude(public_id=draft.corrects)
    rows = Paper.objects.filter(case__in=cases, round=F("case__round")).exclude(file="")
    papers = list(rows.select_related("case").order_by("-case_id", "id")[:_LOOKED_AT])
    if actor.acting_for is None:
        return papers
    covered = {item: _covers(actor, actor.acting_for, item) for item in {draft.item, *(p.case.item for p in papers)}}
    return [paper for paper in papers if covered[draft.item] and covered[paper.case.item]]


def _covers(actor: Actor, principal: Ref, item: str) -> bool:
    return identity.may_act_for(actor, principal, item)


def _titles(papers: Iterable[Paper]) -> dict[int, str]:
    """Of each paper the material's title in the form that its case was filled in with; each form is read once."""
    read = {digest: forms.definition(digest) for digest in {paper.case.form for paper in papers}}
    return {
        paper.pk: next((_plain(one) for one in read[paper.case.form].materials if one.name == paper.slot), "")
        for paper in papers
    }


def _plain(material: Material) -> str:
    return "".join(material.title.zh.split())


def _fits(file: File, material: Material) -> bool:
    formats = {"jpeg" if ending == "jpg" else ending for ending in material.formats}
    fresh = file.at > now() - timedelta(days=REUSE_DAYS)
    return fresh and file.format in formats and file.size <= material.max_bytes


def _once(papers: Iterable[Paper], kept: dict[str, File]) -> Iterable[EarlierPaper]:
    """Each content once."""
    seen: set[str] = set()
    for paper in papers:
        file = kept[paper.file]
        if file.sha256 not in seen:
            seen.add(file.sha256)
            yield EarlierPaper(
                file.id, paper.name, file.size, file.mime, file.sha256, file.at, paper.case.ref, paper.case.case_no
            )
