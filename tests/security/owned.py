"""Which addresses name an object that is somebody's."""

from __future__ import annotations

from tongban.base.kernel.api import new_id

from .conftest import World, addresses, filled

# Objects that are everybody's on purpose: guides, notices, verification, themes, the words of the law; authorities with
# their lists and answers (RFC 5280, 6960); that a leaf is sealed, for whoever knows its hash; open data, laws,
# published figures and results, the map.
EVERYBODYS = (
    "items/<", "notices/<", "verify/", "health/", "look/", "demo/", "ca/<", "ocsp/", "ledger/proof/", "open/", "laws/<",
    "economy/<", "geography/<", "ogc/", "results/<",
)  # fmt: skip
NAMES_PEOPLE = {
    "case_id", "document_id", "draft_id", "work_id", "paper_id", "identifier", "question_id", "inbox id",
    "messages id", "records id", "people id_", "posts id_", "passkeys pk", "visits id_", "agents id_", "systems id_",
    "rights id_", "grants id_", "reviews id_", "emergencies id_", "reorganisations id_", "personnel id_",
    "request_id", "certificate_id", "key_id", "act_id", "seal_id", "edit_id", "catalogue id_", "requests id_",
    "catalogue grants id_", "objections id_", "evidence file", "grant_id", "nodes key", "row_id", "ask_id",
    "deliveries id", "differences id", "review id", "registries id", "tax-governance id", "releases id", "reports id",
    "channels key", "ferry id", "security id", "results id",
}  # fmt: skip


def owned(world: World) -> list[tuple[str, str, str]]:
    """Addresses of the present site that name an object of somebody's: pattern, with it, and with one that is not."""
    strangers = {
        **world.places,
        **{name: new_id() for name in NAMES_PEOPLE if name not in ("paper_id", "passkeys pk")},
        "paper_id": "999999999",
        "passkeys pk": "999999999",
    }
    found = []
    for pattern, address in addresses(world.places):
        other = filled(pattern, strangers)
        if address != other and (not pattern.startswith(EVERYBODYS) or pattern.endswith("/withdraw/")):
            found.append((pattern, address, other))
    return found
