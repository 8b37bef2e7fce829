"""Front door of the hall."""

from .actions.decide import decide, extend, resume, suspend
from .actions.drafts import open_draft, save_draft, use_earlier
from .actions.follow import answer_correction, collect, rate, withdraw
from .actions.questions import ask, reply
from .actions.submit import submit, submit_draft
from .actions.window import accept, ask_correction, decline, refuse_acceptance, take_in
from .items.api import (
    examine,
    guide,
    import_list,
    item,
    item_count,
    item_facets,
    item_title,
    publish,
    search_items,
    versions,
)
from .queries.cases import case_view, case_view_of
from .queries.earlier import earlier_papers, papers_reused
from .queries.figures import hall_figures
from .queries.people import applicant_of, party_of
from .queries.services import define_service, has_service, service
from .queries.work import case_ref, open_work

__all__ = [
    "accept",
    "answer_correction",
    "applicant_of",
    "ask",
    "ask_correction",
    "case_ref",
    "case_view",
    "case_view_of",
    "collect",
    "decide",
    "decline",
    "define_service",
    "earlier_papers",
    "examine",
    "extend",
    "guide",
    "has_service",
    "hall_figures",
    "import_list",
    "item",
    "item_count",
    "item_facets",
    "item_title",
    "open_draft",
    "open_work",
    "papers_reused",
    "party_of",
    "publish",
    "rate",
    "refuse_acceptance",
    "reply",
    "resume",
    "save_draft",
    "search_items",
    "service",
    "submit",
    "submit_draft",
    "suspend",
    "take_in",
    "use_earlier",
    "versions",
    "withdraw",
]
