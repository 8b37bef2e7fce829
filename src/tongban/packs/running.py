"""`packs test`: the cases of `cases.yaml`, played through the hall's own verbs and taken back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import translation

from tongban.base.kernel.api import Invalid, NotFound, Ref, TongbanError, today, travelled
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity

from .applying import apply, read
from .data import CaseRun, Pack
from .items import parts_of
from .parts import publish_items
from .places import pack_folder, region
from .playing import Play, Wrong


class _RolledBack(Exception):
    pass


def test(names: Sequence[str]) -> list[CaseRun]:
    """Run every acceptance case of the packs as they lie in their folders, installed or not. Nothing is left behind.

    As the owner of the database. The pack's own limits hold, not the region's: a case says what the pack promises.
    """
    runs: list[CaseRun] = []
    packs, library = read(names)
    wanted = {pack_folder(name).stem for name in names}
    own_limits = {**region(), "limits": {}}
    try:
        with transaction.atomic(), translation.override("zh-hans"):
            apply(names, older=True, local=own_limits)
            for pack in packs:
                if pack.key in wanted:
                    publish_items(pack, library, None, own_limits)
                    runs += [_run(pack, case) for case in pack.cases]
            raise _RolledBack
    except _RolledBack:
        registers.forget_definitions()
    return runs


def _run(pack: Pack, case: Mapping[str, Any]) -> CaseRun:
    started, detail = time.perf_counter(), ""
    try:
        with transaction.atomic(), ExitStack() as clock:
            if "on" in case:
                _go_to(date.fromisoformat(case["on"]), pack, case, clock)
            _play(pack, case, clock)
            raise _RolledBack
    except _RolledBack:
        pass
    except Wrong as wrong:
        detail = str(wrong)
    except (TongbanError, RuntimeError, KeyError, ValueError) as error:
        detail = f"{type(error).__name__}: {error}"
    return CaseRun(pack.key, case["title"], not detail, detail, round(time.perf_counter() - started, 3))


def _go_to(day: date, pack: Pack, case: Mapping[str, Any], clock: ExitStack) -> None:
    """Let the case begin on a fixed day, so that its dates stay true for ever: also before the offices of this
    installation were founded. They play their parts since that day, as long as the case lasts."""
    division = str(case["answers"].get("division", ""))
    offices: dict[str, Ref] = {}
    for part in parts_of(pack):
        with suppress(NotFound):
            offices[part] = identity.office_by_role(part, division).ref
            identity.end_office_role(offices[part], part, division)
    clock.enter_context(travelled(day - today()))
    for part, office in offices.items():
        identity.play_role(office, part, division)


def _play(pack: Pack, case: Mapping[str, Any], clock: ExitStack) -> None:
    play = Play(case, str(case.get("item") or _first_item(pack)), clock)
    refused = case.get("refused")
    try:
        play.apply()
    except Invalid as error:
        if refused in error.errors:
            return
        raise
    if refused:
        raise Wrong(f"the application was taken, though its answer {refused} should be refused")
    for number, step in enumerate(case.get("steps") or (), 1):
        name, values = (step, None) if isinstance(step, str) else next(iter(step.items()))
        try:
            getattr(play, name)(**(values or {}))
        except Wrong as wrong:
            raise Wrong(f"step {number} ({name}): {wrong}") from None
        except TongbanError as error:
            raise Wrong(f"step {number} ({name}): {type(error).__name__}: {error}") from error
    play.expect(**(case.get("expect") or {}))


def _first_item(pack: Pack) -> str:
    return next(str(item["key"]) for item in pack.items if item.get("service"))
