"""A wrong value: doubted by who uses it, answered by its source, corrected in the source's file, and back to all."""

from __future__ import annotations

import io
from typing import Any

from tongban.base.kernel.api import system
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Objection, ObjectionState, Resource
from tongban.packs.data import SAMPLE_PDF
from tongban.trust.identity import api as identity

from . import files, nodes
from .described import MARKET
from .linking import golden
from .sharing import TAX_OFFICE
from .stage import Stage, StepFailed, acts, wait


def correct(stage: Stage) -> dict[str, Any]:
    """The tax office objects to a domicile; the market regulator finds it right, corrects its own file, and the value
    comes to the tax office and into the registry by the next batch."""
    planted = stage.known["planted"]
    found = _objection(stage)
    if found.state is ObjectionState.OPEN:
        stage.say(f"objection to the domicile of {planted['name']}: {planted['wrong']} should be {planted['right']}")
        with acts(stage, f"review_{MARKET.part}") as reviewer:
            answer = "经核对原始登记档案，住所录入有误，予以更正。"
            found = catalogue.answer_objection(reviewer, found.id, True, answer, found.version)
    if found.state is not ObjectionState.CORRECTED:
        raise StepFailed(f"the objection stands at {found.state}")
    files.correct(stage)
    tax = next(one for one in nodes.departments(stage) if one.key == "tax")
    wait(lambda: _told(tax.tongban("corrections"), found), "the correction at the tax office's node")
    stage.say("corrected at its source; the subscribers are told")
    wait(lambda: dict(nodes.taken(stage.known["sink"], "uscc, address")).get(planted["key"]) == planted["right"],
         "the right domicile in the tax office's own table")  # fmt: skip
    wait(lambda: golden(stage)["address"] == planted["right"], "the right domicile in the registry")
    stage.say("the right value is in the tax office's table and in the registry")
    seen = [
        stage.see(f"/catalogue/objections/{found.id}/", "data_tax"),
        stage.see(f"/registries/legal_entity/{golden(stage)['id']}/sources/", "registry"),
    ]
    return {"objection": found.id, "wrong": planted["wrong"], "right": planted["right"], "seen": seen}


def _objection(stage: Stage) -> Objection:
    """The objection of the tax office; raised now unless a former run has."""
    planted = stage.known["planted"]
    resource: Resource = stage.known["resources"][MARKET.part]
    with system():
        office = identity.office_by_code(TAX_OFFICE).ref
        known = [one for one in catalogue.objections(office=office, resource=resource.id) if one.key == planted["key"]]
    if known:
        return known[0]
    with acts(stage, "data_tax") as steward:
        evidence = (io.BytesIO(SAMPLE_PDF), "实地核查记录.pdf")
        return catalogue.object_to(steward, resource.id, office, "address", planted["key"], planted["wrong"],
                                   planted["right"], "实地核查的经营场所与登记住所不符。", evidence)  # fmt: skip


def _told(corrections: Any, found: Objection) -> bool:
    rows = corrections["corrections"] if isinstance(corrections, dict) else corrections
    return any(row["objection"] == found.id for row in rows)
