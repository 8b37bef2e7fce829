"""Planning and installing from a page: asked by an administrator, done by the worker that owns the database.

The staff process must not change tables (R1), so it only writes down what was asked; a job of the queue `definitions`
carries it out. What is installed is what the plan showed, to the byte.
"""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import DefinitionError, NotFound, Ref, Refused, TongbanError, now, system
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import require
from tongban.trust.identity.data import Actor

from .applying import apply, available, plan, read
from .data import PACK, RunKind, RunState
from .models import Run

PERMISSION = "packs.apply"


def access_run(actor: Actor, id: str) -> Run:
    """A plan or an installation that somebody asked for."""
    require(actor, PERMISSION)
    run = Run.objects.filter(public_id=id).first()
    if run is None:
        raise NotFound()
    return run


def ask_plan(actor: Actor, key: str, *, older: bool = False) -> Run:
    """Ask what installing the pack would change. `older` allows an older version than the installed one."""
    require(actor, PERMISSION)
    if key not in available():
        raise NotFound(_("There is no pack of this name here."))
    return _ask(actor, Run(pack=key, kind=RunKind.PLAN, older=older))


def ask_apply(actor: Actor, plan_id: str) -> Run:
    """Ask for what a plan showed. Asking twice gives the same installation."""
    with transaction.atomic():
        planned = access_run(actor, plan_id)
        Run.objects.select_for_update().get(pk=planned.pk)
        if planned.kind != RunKind.PLAN or planned.state != RunState.DONE:
            raise Refused(_("Only what a finished plan showed can be installed."))
        if again := Run.objects.filter(
            pack=planned.pack, kind=RunKind.APPLY, digests=planned.digests, ended_at=None
        ).first():
            return again
        return _ask(actor, Run(pack=planned.pack, kind=RunKind.APPLY, older=planned.older, digests=planned.digests))


def _ask(actor: Actor, run: Run) -> Run:
    from .jobs import carry_out_run  # jobs are built on this file

    with transaction.atomic():
        run.state, run.by, run.asked_at = RunState.WAITING, str(actor.person), now()
        run.save()
        ledger.write(f"packs.{run.kind}.asked", Ref(PACK, run.pack), by=actor.by, run=run.public_id)
        carry_out_run.defer(run=run.public_id)
    return run


def carry_out(id: str) -> None:
    """Do what was asked, as the owner of the database. Repeating it after a crash does no harm: the result is written
    in the transaction that installs, and what has ended is left alone."""
    with system():
        run = Run.objects.select_for_update().get(public_id=id)
        if run.ended:
            return
        run.state, run.started_at = RunState.RUNNING, now()
        run.save(update_fields=["state", "started_at"])
    try:
        with system():
            _do(run)
            _end(run, RunState.DONE)
    except DefinitionError as error:
        _fail(run, list(error.findings))
    except TongbanError as error:
        _fail(run, [str(error)])
    except Exception:
        _fail(run, [str(_("The program failed; the administrator of the machine finds the reason in the log."))])
        raise


def _do(run: Run) -> None:
    if run.kind == RunKind.APPLY:
        changes = apply([run.pack], by=Ref.parse(run.by), older=run.older, digests=run.digests)
    else:
        packs, _library = read([run.pack])
        run.digests = {pack.key: pack.digest for pack in packs}
        changes = plan([run.pack], older=run.older)
    run.changes = [asdict(change) for change in changes]


def _fail(run: Run, findings: list[str]) -> None:
    run.changes, run.findings = [], findings
    with system():
        _end(run, RunState.FAILED)


def _end(run: Run, state: RunState) -> None:
    run.state, run.ended_at = state, now()
    run.save(update_fields=["state", "ended_at", "changes", "findings", "digests"])
