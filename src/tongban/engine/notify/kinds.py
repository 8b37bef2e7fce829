"""The catalogue of message kinds and how their words are made."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Registry, Text, local, mask

from .data import Facts, Kind

kinds: Registry[Kind] = Registry("kind of message")
"""Filled by the rooms whose messages they are: ``kinds.register("hall.accepted", Kind(...))`` at start."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T[\d:.]{5,15}([+-]\d{2}:\d{2}|Z)?)?")


def words(kind: str, facts: Facts) -> tuple[str, str]:
    """Title and inbox text in the language active now. A kind no longer known still shows that it was
    there."""
    if kind not in kinds:
        return _("Message"), ""
    known = kinds.get(kind)
    return str(known.title), _filled(known.text, facts, ())


def brief(kind: str, facts: Facts, language: str) -> tuple[str, str]:
    """Subject and text for the ways out of the house, with personal facts masked."""
    known = kinds.get(kind)
    with translation.override(language):
        return str(known.title), _filled(known.brief or known.title, facts, known.personal)


def _filled(text: Text, facts: Facts, personal: tuple[str, ...]) -> str:
    shown = {key: mask(_shown(value)) if key in personal else _shown(value) for key, value in facts.items()}
    return str(text) % shown


def _shown(value: Any) -> str:
    """Dates in words; facts come back from the database as ISO texts."""
    if isinstance(value, str) and _ISO.fullmatch(value):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    at = ""
    if isinstance(value, datetime):
        value = local(value) if value.tzinfo else value
        at = f" {value:%H:%M}"
    if isinstance(value, date):
        return _("%(y)d-%(m)02d-%(d)02d") % {"y": value.year, "m": value.month, "d": value.day} + at
    return str(value)
