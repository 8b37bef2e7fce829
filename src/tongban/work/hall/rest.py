"""The REST shape of applying and following; the public site mounts `router` under `/api/`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Header, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from tongban.engine.forms import api as forms
from tongban.trust.identity.api import actor_of

from .access import access_own_case
from .actions.papers import own_papers, receive_paper
from .actions.submit import submit
from .queries.cases import case_view
from .queries.people import applicant_of
from .queries.services import open_service

router = Router(tags=["hall"])


class PaperIn(Schema):
    """One paper of a material: a file sent before, or a licence of the library by its identifier."""

    file: str = ""
    licence: str = ""


class ApplicationIn(Schema):
    """An application: the item's key, the form's answers by field, the papers by material."""

    item: str
    answers: dict[str, Any]
    papers: dict[str, list[PaperIn]] = {}


class SubmittedOut(Schema):
    """What to follow the case with. `query_code` comes once: repeating the request gives the case without it."""

    id: str
    case_no: str
    query_code: str


class HolderOut(Schema):
    """An office that has the case now, until when and why."""

    office: str
    task: str
    due: date | None
    why: str


class StepOut(Schema):
    """One line of the timeline."""

    at: datetime
    kind: str
    title: str
    office: str
    note: str


class CaseOut(Schema):
    """Where a case stands."""

    id: str
    case_no: str
    title: str
    item: str
    state: str
    submitted_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    due: date | None
    due_why: str
    licence: str
    holders: list[HolderOut]
    steps: list[StepOut]


class FileOut(Schema):
    """A file that may be named in `papers`."""

    file: str
    name: str
    size: int


@router.post("/applications", response={201: SubmittedOut})
def apply(
    request: HttpRequest,
    body: ApplicationIn,
    idempotency_key: Header[Annotated[str, Field(min_length=8, max_length=56)]],
) -> tuple[int, dict[str, str]]:
    """Hand an application in. The same `Idempotency-Key` from the same person makes one case (T36).

    422 with a message per field or material; 403 where the item is paused or the account's level does not reach.
    """
    actor = actor_of(request)
    nonce = f"api:{idempotency_key}"
    papers = {slot: [paper.dict() for paper in held] for slot, held in body.papers.items()}
    held = own_papers(actor, body.item, papers, nonce)
    done = submit(actor, body.item, applicant_of(actor), body.answers, held, nonce=nonce)
    return 201, {"id": done.case.id, "case_no": done.case_no, "query_code": done.query_code}


@router.post("/files/{item}/{slot}", response={201: FileOut})
def send_file(request: HttpRequest, item: str, slot: str, file: File[UploadedFile]) -> tuple[int, dict[str, str | int]]:
    """Send a file for a material, before the application that names it."""
    form = forms.current(open_service(item).form)
    kept = receive_paper(actor_of(request), form, slot, file, file.name or "")
    return 201, {"file": kept.id, "name": kept.name, "size": kept.size}


@router.get("/cases/{case_id}", response=CaseOut)
def one_case(request: HttpRequest, case_id: str) -> dict[str, Any]:
    """The applicant's own case: who has it, until when, why, and what happened."""
    view = case_view(access_own_case(actor_of(request), case_id))
    same = ("case_no", "title", "item", "submitted_at", "accepted_at", "closed_at", "due", "due_why", "licence")
    return {
        "id": view.ref.id,
        "state": view.state.value,
        **{name: getattr(view, name) for name in same},
        "holders": [{"office": h.office, "task": str(h.task), "due": h.due, "why": h.why} for h in view.holders],
        "steps": [
            {"at": s.at, "kind": s.kind, "title": str(s.title), "office": s.office, "note": s.note} for s in view.steps
        ],
    }
