"""What other rooms' pages call a channel, such as the console that shows its alarms."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tongban.base.kernel.api import Named, Ref, subjects

from .data import CHANNEL
from .models import Channel


def _channels(refs: Collection[Ref]) -> Mapping[Ref, Named]:
    rows = Channel.objects.filter(key__in=[ref.id for ref in refs])
    return {Ref(CHANNEL, row.key): Named(row.title, row.key) for row in rows}


subjects.register(CHANNEL, _channels)
