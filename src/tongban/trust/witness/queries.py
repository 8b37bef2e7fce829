"""How it stands with the ledger: for the staff's pages and the security console."""

from __future__ import annotations

from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import SealedHead

from .checking import last_check
from .data import Standing, Watcher, WatchState
from .models import Cosignature, Stamp, Watch
from .watching import addresses

MANY = 1_000


def standing() -> Standing:
    """How the ledger stands."""
    log, algorithm = ledger.log_name()
    return Standing(log, algorithm, ledger.latest_head(), ledger.unsealed(MANY), tuple(watchers()), last_check())


def watchers() -> list[Watcher]:
    """Every witness that is set up or was met, with how many leaves it is behind."""
    head = ledger.latest_head()
    size = head.size if head else 0
    rows = {row.name: row for row in Watch.objects.all()}
    found = [rows.pop(name) if name in rows else Watch(name=name, url=url) for name, url in sorted(addresses().items())]
    return [
        Watcher(
            row.name, row.url, row.key, row.size, max(0, size - row.size), row.at, WatchState(row.state), row.detail
        )
        for row in [*found, *rows.values()]
    ]


def vouchers(heads: list[SealedHead]) -> list[tuple[SealedHead, int, bool]]:
    """Heads with how many witnesses signed each, and whether it was stamped."""
    sizes = [head.size for head in heads]
    signed: dict[int, int] = {}
    for size in Cosignature.objects.filter(size__in=sizes).values_list("size", flat=True):
        signed[size] = signed.get(size, 0) + 1
    stamped = set(Stamp.objects.filter(size__in=sizes).values_list("size", flat=True))
    return [(head, signed.get(head.size, 0), head.size in stamped) for head in heads]
