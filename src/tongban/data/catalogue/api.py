"""Front door of the catalogue."""

from .actions import change, clear_secrecy, compile, drop, publish, retire, review, submit
from .descriptions import findings
from .elements import elements
from .figures import demands, figures, levels, refusals, supplies
from .granting import count_use, expire, grant, grants, live_grant, resume, revoke, suspend
from .importing import import_entries, template
from .intake import ask_import
from .loading import load as load_elements
from .objecting import answer_objection, object_to, objection, objections, watch_objections
from .quality import assess, assess_batch, assessments, rules, set_rules
from .queries import (
    compare,
    edition,
    editions,
    open_resource,
    open_resources,
    resource,
    resource_by_code,
    resources,
    shared_source_of,
    shared_sources,
)
from .registering import describe_register, unregistered
from .requested import requested, requests
from .requesting import check, decide, mediate, mediation, request, resubmit, watch, withdraw
from .supplying import feedback, give_feedback, supply, watch_supply
from .tickets import answer_ticket, tickets
from .titles import LEVELS, ZONES

__all__ = [
    "LEVELS",
    "ZONES",
    "answer_objection",
    "answer_ticket",
    "assess",
    "ask_import",
    "assess_batch",
    "assessments",
    "change",
    "check",
    "clear_secrecy",
    "compare",
    "compile",
    "count_use",
    "decide",
    "demands",
    "describe_register",
    "drop",
    "edition",
    "editions",
    "elements",
    "expire",
    "feedback",
    "figures",
    "findings",
    "give_feedback",
    "grant",
    "grants",
    "import_entries",
    "levels",
    "live_grant",
    "load_elements",
    "mediate",
    "mediation",
    "object_to",
    "objection",
    "objections",
    "open_resource",
    "open_resources",
    "publish",
    "refusals",
    "request",
    "requested",
    "requests",
    "resource",
    "resource_by_code",
    "resources",
    "resubmit",
    "resume",
    "retire",
    "review",
    "revoke",
    "rules",
    "set_rules",
    "shared_source_of",
    "shared_sources",
    "submit",
    "supplies",
    "supply",
    "suspend",
    "template",
    "tickets",
    "unregistered",
    "watch",
    "watch_objections",
    "watch_supply",
    "withdraw",
]
