"""What came is linked: progress, golden records, questions for the review desk, difference lists."""

from __future__ import annotations

from functools import partial
from typing import Any

from tongban.base.kernel.api import system
from tongban.data.exchange import api as exchange
from tongban.data.linkage import api as linkage
from tongban.data.linkage.data import Step
from tongban.engine.registers import api as registers

from .described import ALL, CIVIL, Delivered
from .stage import Stage, StepFailed, acts, wait


def link(stage: Stage) -> dict[str, Any]:
    """Each department's rows are taken in, step by step. Civil affairs has no node yet: its file is carried in."""
    for one in ALL:
        code = stage.known["resources"][one.part].code
        if one.node:
            wait(partial(_taken_over, code), f"a delivery of {one.extract}")
    told = {one.part: _absorbed(stage, one) for one in ALL if one.node}
    told[CIVIL.part] = _carried_in(stage)
    with system():
        overview = linkage.overview()
    waiting = {row["key"]: row["open"] + row["second"] for row in overview}
    differences = {source["source"].title: source["open"] for row in overview for source in row["sources"]}
    if not (any(waiting.values()) and any(differences.values())):
        raise StepFailed(f"nothing to review or to tell the sources: {waiting} {differences}")
    _wrong_value_stands(stage)
    seen = [
        stage.see("/registries/", "registry"),
        stage.see(f"/registries/{max(waiting, key=lambda key: waiting[key])}/review/", "registry"),
        stage.see("/registries/differences/", "data_tax"),
    ]
    return {"deliveries": told, "review": waiting, "differences": differences, "seen": seen}


def _taken_over(code: str) -> bool:
    with system():
        return any(one.resource == code and one.received for one in exchange.subscriptions() if one.subscriber)


def _absorbed(stage: Stage, one: Delivered) -> dict[str, int]:
    """The last delivery of the source, when all its steps are done; each is said as it comes."""
    said: set[str] = set()
    code = stage.known["resources"][one.part].code

    def done() -> Any:
        last = delivered(one.registry, code)
        if last is None:
            return None
        if last.step not in said:
            said.add(last.step)
            stage.say(f"{one.extract}: {last.step}")
        if last.step == Step.FAILED:
            raise StepFailed(f"{one.extract}: {last.error}")
        return last if last.step == Step.DONE else None

    return dict(wait(done, f"the linking of {one.extract}").counts)


def delivered(registry: str, code: str) -> Any:
    """The last delivery of a source, None before the first."""
    with system():
        sources = [source for row in linkage.overview() if row["key"] == registry for source in row["sources"]]
    return next((source["last"] for source in sources if source["source"].resource == code), None)


def _carried_in(stage: Stage) -> dict[str, int]:
    code = stage.known["resources"][CIVIL.part].code
    known = delivered(CIVIL.registry, code)
    if known is not None and known.step == Step.DONE:
        return dict(known.counts)
    with acts(stage, "registry") as clerk:
        by = clerk.by
    counts = linkage.absorb(CIVIL.registry, code, _rows(stage), by=by).counts
    stage.say(f"{CIVIL.extract}: its file was carried in, it has no node yet")
    return dict(counts)


def _rows(stage: Stage) -> list[dict[str, object]]:
    from tongban.site.demo.extracts import CIVIL as COLUMNS

    from .files import read

    names = [item.name for item in CIVIL.description.items]
    rows = read(stage.folder / "extracts" / f"{CIVIL.extract}.csv")
    return [{name: row[column] for name, column in zip(names, COLUMNS, strict=True)} for row in rows]


def golden(stage: Stage) -> dict[str, Any]:
    """What the base registry says of the enterprise with the wrong domicile."""
    with system():
        row = registers.find("legal_entity", uscc=stage.known["planted"]["key"])
    if row is None:
        raise StepFailed("the enterprise is not in the registry")
    return {"id": row.id, "address": (row["address"] or {}).get("text", "")}


def _wrong_value_stands(stage: Stage) -> None:
    planted = stage.known["planted"]
    stands = golden(stage)["address"]
    if stands not in (planted["wrong"], planted["right"]):
        raise StepFailed(f"the registry says neither the wrong nor the right domicile: {stands}")
    stage.say(f"the registry has what its source says of {planted['name']}: {stands}")
