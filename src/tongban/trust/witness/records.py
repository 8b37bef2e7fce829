"""What people may take home of the record: receipts over leaves of their own things (R6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tongban.base.kernel.api import NotFound, Ref, Registry, Text
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import LedgerEntry
from tongban.trust.identity.data import Actor

from .data import RecordAccess

# By kind of subject: who may see the records of one, and what they are called. Rooms above register theirs.
record_access: Registry[RecordAccess] = Registry("access to records")
# By kind of entry: what it says to the person concerned. Rooms above register the kinds they show.
record_titles: Registry[Text] = Registry("titles of records")


@dataclass(frozen=True, slots=True)
class Record:
    """A leaf of one's own, and whether it is sealed yet."""

    entry: LedgerEntry
    index: int | None

    @property
    def at(self) -> datetime:
        return self.entry.at

    @property
    def title(self) -> Text:
        """What happened, in words; the kind itself where no room has named it."""
        kind = self.entry.kind
        return record_titles.get(kind) if kind in record_titles else kind

    @property
    def hash(self) -> str:
        """The leaf's hash: the unguessable part of its public address."""
        return self.entry.leaf.hex()


def records_of(actor: Actor, kind: str, id_: str) -> tuple[Text, list[Record]]:
    """The title and the records of something that is the actor's own; `NotFound` for everything else."""
    if kind not in record_access:
        raise NotFound
    title = record_access.get(kind)(actor, id_)
    entries = ledger.history(Ref(kind, id_))
    return title, [Record(entry, ledger.place(entry.seq)) for entry in entries]


def own_record(actor: Actor, kind: str, id_: str, seq: int) -> LedgerEntry:
    """One leaf of something that is the actor's own; `NotFound`."""
    _title, records = records_of(actor, kind, id_)
    for record in records:
        if record.entry.seq == seq:
            return record.entry
    raise NotFound
