"""Front door of the portal."""

from .actions import ask_publication, drop_draft, publish_notice, return_notice, withdraw_notice, write_notice
from .data import Notice, NoticeDraft
from .queries import draft, drafts, notices

__all__ = [
    "Notice",
    "NoticeDraft",
    "ask_publication",
    "draft",
    "drafts",
    "drop_draft",
    "notices",
    "publish_notice",
    "return_notice",
    "withdraw_notice",
    "write_notice",
]
