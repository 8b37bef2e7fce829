"""Materials without an upload on the page: files sent before, files of earlier cases, licences. Only one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused
from tongban.data.licences import api as licences
from tongban.engine.forms import api as forms
from tongban.engine.forms.data import FormDefinition, Material
from tongban.trust.identity.data import Actor

from ..models import Draft
from ..queries.earlier import earlier_papers
from ..queries.people import number_shown
from ..queries.services import open_service

APPLICATION = "hall.application"


def material_of(form: FormDefinition, slot: str) -> Material:
    """The definition of a material slot; `NotFound`."""
    try:
        return form.material(slot)
    except KeyError:
        raise NotFound(_("This application has no such material.")) from None


def receive_paper(
    actor: Actor, form: FormDefinition, slot: str, stream: Any, name: str, subject: Ref | None = None
) -> Any:
    """Take a file for a material slot in. `Invalid` says under the slot's name what is wrong with it."""
    material = material_of(form, slot)
    formats = tuple("jpeg" if ending == "jpg" else ending for ending in material.formats)
    try:
        return files.receive(stream, name, files.Slot(formats, material.max_bytes), by=actor.person, subject=subject)
    except Invalid as error:
        raise Invalid({slot: next(iter(error.errors.values()))}) from None


def licence_paper(material: Material, holder: Ref, identifier: str) -> dict[str, Any]:
    """A licence of the library in place of an upload (DATA-40). `Refused` unless the holder's own and of the type."""
    own = {licence.identifier: licence for licence in licences.of_holder(holder)}
    licence = own.get(identifier)
    if licence is None or licence.type != material.licence:
        raise Refused(_("This licence cannot be used here."))
    return {"licence": licence.identifier, "name": f"{licence.title} {number_shown(licence.number)}"}


def earlier_paper(actor: Actor, draft: Draft, slot: str, file: str) -> dict[str, Any]:
    """A file of the applicant's earlier case in place of an upload (DATA-40): the very file, whose content is still
    what was handed in. `Refused` for every other, whosever it is (T13)."""
    found = next((one for one in earlier_papers(actor, draft).get(slot, ()) if one.file == file), None)
    if found is None:
        raise Refused(_("This material cannot be used here."))
    with files.open_released(file) as content:
        if hashlib.sha256(content.read()).hexdigest() != found.sha256:
            raise Refused(_("The stored file is damaged. Please upload it again."))
    held = {"file": found.file, "name": found.name, "size": found.size, "type": found.mime}
    origin = {"earlier": str(found.case), "case_no": found.case_no, "at": found.at.isoformat()}
    return {**held, **origin, "sha256": found.sha256}


def own_papers(
    actor: Actor, item: str, given: Mapping[str, Sequence[Mapping[str, str]]], nonce: str
) -> dict[str, list[dict[str, Any]]]:
    """The papers of an application as `submit` takes them. A file or licence of somebody else answers like one that
    does not exist (T13)."""
    if not given:
        return {}
    form = forms.current(open_service(item).form)
    return {slot: [_own(actor, form, slot, paper, nonce) for paper in held] for slot, held in given.items()}


def _own(actor: Actor, form: FormDefinition, slot: str, paper: Mapping[str, str], nonce: str) -> dict[str, Any]:
    material = material_of(form, slot)
    if paper.get("licence"):
        return licence_paper(material, actor.applicant, paper["licence"])
    file = files.attach(paper.get("file", ""), Ref(APPLICATION, nonce), by=actor.person)
    return {"file": file.id, "name": file.name, "size": file.size, "type": file.mime}
