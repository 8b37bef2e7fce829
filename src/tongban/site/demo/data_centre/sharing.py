"""The data office and the tax office ask for resources; they are checked, decided by their owners, and flow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tongban.base.kernel.api import Ref, system, today
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import GrantState, Mode, Request, RequestState, Resource, Wish
from tongban.data.linkage import api as linkage
from tongban.data.linkage.data import Source
from tongban.trust.identity import api as identity

from . import nodes
from .described import ALL, MARKET, Delivered
from .stage import Stage, StepFailed, acts, wait

DATA_OFFICE, TAX_OFFICE = "460000-data", "460000-tax"
_UNTIL = timedelta(days=365)
FOR_TAX = ("uscc", "name", "former_name", "registration_number", "type", "representative", "address", "industry",
           "founded", "status")  # fmt: skip


def collect(stage: Stage) -> dict[str, Any]:
    """The data office asks for the extracts for the base registries, and each owner grants them."""
    given: dict[str, str] = {}
    for one in ALL:
        resource: Resource = stage.known["resources"][one.part]
        _source(stage, one, resource)
        items = tuple(item.name for item in resource.items)
        wish = _wish(resource, DATA_OFFICE, items, "《政务数据共享条例》第十三条", "人口和法人单位基础信息库归集、比对",
                     "基础信息库")  # fmt: skip
        given[one.part] = _granted(stage, one, wish, "registry")
    seen = stage.see("/catalogue/requests/", "registry")
    return {"grants": given, "seen": seen}


def _source(stage: Stage, one: Delivered, resource: Resource) -> None:
    """What the department delivers for a registry, before its first batch comes."""
    with system():
        office = identity.office_by_code(one.description.provider).ref
    with acts(stage, "registry") as clerk:
        linkage.define_source(
            Source(one.registry, resource.code, resource.title, office, one.role, one.key, dict(one.means), one.rank),
            by=clerk.by,
        )


def share(stage: Stage) -> dict[str, Any]:
    """The tax office asks for the enterprises, shared under conditions, and takes them in at its own table."""
    resource: Resource = stage.known["resources"][MARKET.part]
    wish = _wish(resource, TAX_OFFICE, FOR_TAX, "《中华人民共和国税收征收管理法》第十五条",
                 "综合治税：核对登记与纳税信息", "税收征管信息系统")  # fmt: skip
    grant = _granted(stage, MARKET, wish, "data_tax")
    path = nodes.sink(stage)
    stage.known["sink"] = path
    key = stage.known["planted"]["key"]
    wait(lambda: key in {row[0] for row in nodes.taken(path, "uscc")}, "enterprises in the tax office's own table")
    rows = len(nodes.taken(path, "uscc"))
    stage.say(f"the tax office has {rows} enterprises in its own table")
    columns = set(FOR_TAX) | {"representative_id", "capital"}
    with_values = {name for name in columns if _has(path, name)}
    if with_values != set(FOR_TAX):
        raise StepFailed(f"granted were {sorted(FOR_TAX)}, there came {sorted(with_values)}")
    seen = stage.see(f"/catalogue/grants/{grant}/", "data_tax")
    return {"grant": grant, "rows": rows, "items": sorted(with_values), "seen": seen}


def _has(path: Any, name: str) -> bool:
    return any(row[0] for row in nodes.taken(path, name))


def _wish(resource: Resource, office: str, items: tuple[str, ...], basis: str, purpose: str, system_: str) -> Wish:
    with system():
        ref = identity.office_by_code(office).ref
    return Wish(
        resource=resource.id, office=ref, items=items, basis=basis, purpose=purpose, system=system_, mode=Mode.BATCH,
        frequency="每日", until=today() + _UNTIL,
    )  # fmt: skip


def _granted(stage: Stage, owner: Delivered, wish: Wish, asker: str) -> str:
    """The id of the grant; a request that a former run left is gone on with."""
    with system():
        own = [one for one in catalogue.grants(office=wish.office) if one.resource == wish.resource]
        live = next((one.id for one in own if one.state is GrantState.ACTIVE), "")
    if live:
        return live
    found = _request(wish.resource, wish.office)
    if found is None:
        with acts(stage, asker) as actor:
            found = catalogue.request(actor, wish)
    if found.state is RequestState.CHECK:
        with acts(stage, "data_authority") as authority:
            found = catalogue.check(authority, found.id, True, "依据、用途与所申请信息项相符。", found.version)
    if found.state is RequestState.OWNER:
        with acts(stage, f"review_{owner.part}") as reviewer:
            found = catalogue.decide(reviewer, found.id, found.items, "", "", found.version)
    if not found.grant:
        raise StepFailed(f"the request {found.number} stands at {found.state}")
    stage.say(f"{found.resource_title}: asked, checked, granted ({len(found.items)} items)")
    return found.grant


def _request(resource: str, office: Ref) -> Request | None:
    with system():
        under_way = (RequestState.CHECK, RequestState.OWNER)
        rows = catalogue.requests(office=office, states=under_way, size=200)
    return next((row for row in rows if row.resource == resource), None)
