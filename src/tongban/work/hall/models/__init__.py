"""Tables of the hall."""

from .case import (
    Answers,
    Case,
    Correction,
    Decision,
    Draft,
    Paper,
    Question,
    Rating,
    Reservation,
    Service,
    Suspension,
    ValueReport,
    Work,
)
from .item import *  # noqa: F403
from .item import Item

__all__ = [
    "Answers",
    "Case",
    "Correction",
    "Decision",
    "Draft",
    "Item",
    "Paper",
    "Question",
    "Rating",
    "Reservation",
    "Service",
    "Suspension",
    "ValueReport",
    "Work",
]
