"""Questions of other nodes, answered from our copy: only under a live grant for exactly these items, and noted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused
from tongban.base.ledger.api import write
from tongban.data.transport.data import Business, Message, Outcome, Stage, language

from . import models
from .copying import key_of
from .data import Mapping
from .grants import live
from .mapping import load_mapping

MOST_ROWS = 100  # of one answer: a question is about somebody, not about everybody
MOST_COMPARED = 1_000


def answer(message: Message) -> Outcome:
    """A query: the granted items of the rows that `where` names."""
    asked = _Asked(message, Business.QUERY)
    where, items = asked.body.get("where"), asked.body.get("items")
    if not isinstance(where, dict) or not where or not isinstance(items, list) or not items:
        return asked.refused("shape")
    if not asked.under_grant([*where, *items]):
        return asked.refused("grant")
    rows = asked.rows(where, MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        return asked.refused("too_many")
    return asked.answered(language.Found(rows=[{name: row.get(name) for name in items} for row in rows]), len(rows))


def compare(message: Message) -> Outcome:
    """A comparison: for each row, whether we have it with exactly these values. No value leaves."""
    asked = _Asked(message, Business.COMPARE)
    rows = asked.body.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_COMPARED or not all(isinstance(r, dict) for r in rows):
        return asked.refused("shape")
    if not all(rows) or not asked.under_grant(sorted({name for row in rows for name in row})):
        return asked.refused("grant")
    return asked.answered(language.Compared(same=[bool(asked.rows(row, 1)) for row in rows]), len(rows))


class _Asked:
    """One question: its grant, our rows, and the note of it."""

    def __init__(self, message: Message, mode: Business) -> None:
        self.envelope, self.mode = message.envelope, mode
        try:
            body = json.loads(message.body)
        except ValueError:
            body = {}
        self.body: dict[str, Any] = body if isinstance(body, dict) else {}
        self.items: Sequence[str] = ()
        self.grant: models.Grant | None = None

    def under_grant(self, items: Sequence[str]) -> bool:
        """Whether the asking node has a live grant of this mode for all these items. Every other case looks alike."""
        self.items = sorted({str(item) for item in items})
        found = live(id=str(self.body.get("grant", "")), node=self.envelope.sender, mode=self.mode).first()
        if found is None or not set(self.items) <= set(found.items):
            return False
        if not models.Source.objects.filter(resource=found.resource).exists():
            raise Refused(_("There is no source for this resource at the node."), "no_source")
        self.grant = found
        return True

    def rows(self, where: dict[str, Any], most: int) -> list[dict[str, Any]]:
        """Our rows with these values; by key where it is given whole."""
        assert self.grant
        source = models.Source.objects.get(resource=self.grant.resource)
        mapping = load_mapping(source.text, source.file)
        wanted = {name: _plain(value, mapping, name) for name, value in where.items()}
        rows = models.Row.objects.filter(source=source, body__contains=wanted)
        if set(mapping.key) <= set(wanted):
            rows = rows.filter(key=key_of(mapping, wanted))
        return list(rows.values_list("body", flat=True).order_by("id")[:most])

    def answered(self, answer: language.Found | language.Compared, rows: int) -> Outcome:
        self._note(rows, "")
        return Outcome(body=json.dumps(answer, ensure_ascii=False).encode())

    def refused(self, code: str) -> Outcome:
        """The refusal stays in our record too; an error would take the note back."""
        self._note(0, code)
        return Outcome(Stage.REFUSED, code)

    def _note(self, rows: int, code: str) -> None:
        models.Asked.objects.create(
            message=self.envelope.id,
            grant=str(self.body.get("grant", ""))[:64],
            node=self.envelope.sender,
            business=self.mode,
            purpose=str(self.body.get("purpose", ""))[:300],
            items=list(self.items),
            rows=rows,
            code=code,
        )
        if self.grant:
            write(f"node.{self.mode}.answered", self.grant.ref, node=self.envelope.sender, rows=rows, items=self.items)


def _plain(value: Any, mapping: Mapping, item: str) -> Any:
    """A value as our copy writes it: texts by their own rules, numbers of whole-number items as numbers."""
    if isinstance(value, str) and mapping.types.get(item) == "int" and value.lstrip("-").isdigit():
        return int(value)
    return value.strip() if isinstance(value, str) else value
