"""Instances in PostgreSQL: read under a row lock, written by one statement a step (performance row G2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Stale, new_id

from .data import CaseState, DefinitionRef, Incident, Status, Task
from .definitions import Published, published
from .feel import FeelJudge
from .joining import fetched
from .statements import ARM, CLOSE, FROM, GONE, INSERT, INSTANCE, OPEN, TASK, UPDATE
from .stimuli import StepError
from .tokens import State, Token
from .variables import dumps, loads

MOST_VARIABLES = 16_000
"""Characters of all variables of an instance as JSON: they steer the process, case data does not belong
here."""


@dataclass(slots=True)
class Case:
    """An instance in hand. `version` 0: it has no row yet."""

    id: str
    subject: Ref
    definition: Published
    state: State
    version: int = 0
    tasks: dict[str, str] = field(default_factory=dict)  # as read: the open tasks and their elements,
    timers: set[tuple[int, str, str]] = field(default_factory=set)  # the armed timers,
    stopped: set[int] = field(default_factory=set)  # and the tokens with an incident

    def __post_init__(self) -> None:
        self.tasks = {t.task: t.node for t in self.state.tokens.values() if t.task}
        self.timers = set(self.state.timers())
        self.stopped = {t.id for t in self.state.incidents()}


@dataclass(frozen=True, slots=True)
class Change:
    """What a step did to tasks and timers."""

    opened: tuple[Task, ...]
    closed: tuple[str, ...]
    armed: tuple[tuple[int, str, str], ...]
    gone: tuple[tuple[int, str, str], ...]
    incidents: tuple[Incident, ...]


def case_of(row: Sequence[Any]) -> Case:
    """The instance of a row selected with `select`."""
    id_, kind, subject, status, state, variables, version = row[:7]
    loaded = State.load(_json(state), _json(variables), status)
    return Case(id_, Ref(kind, subject), published(*row[7:11]), loaded, version)


def select(rest: str, parameters: Sequence[Any], more: str = "") -> list[tuple[Any, ...]]:
    """Rows of instances; `more` adds columns, `rest` begins after the instance and its definition are
    joined."""
    return fetched(f"SELECT {INSTANCE}{more}{FROM}{rest}", parameters)


def locked(instance: str) -> Case:
    """The instance, locked until the end of the transaction; `NotFound`."""
    rows = select("WHERE i.id = %s FOR UPDATE OF i", [instance])
    if not rows:
        raise NotFound
    return case_of(rows[0])


def instance_of(subject: Ref | str) -> str:
    """The instance that a subject has: the running one, else the last; an instance's own id is itself."""
    if isinstance(subject, str):
        return subject
    if subject.kind == "process.instance":
        return subject.id
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM process_instance WHERE subject_id = %s AND subject_kind = %s "
            "ORDER BY ended_at IS NULL DESC, started_at DESC, id LIMIT 1",
            [subject.id, subject.kind],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return str(row[0])


def change_of(case: Case, moment: datetime) -> Change:
    """Give every new open task its id, and say what is different from what was read."""
    judge = FeelJudge(moment)
    opened: list[Task] = []
    for token in case.state.tokens.values():
        if token.state == "task" and not token.task:
            _open(case, token, judge, moment, opened)
    here = {t.task for t in case.state.tokens.values()}
    timers = set(case.state.timers())
    new = [t for t in case.state.incidents() if t.id not in case.stopped]
    return Change(
        tuple(opened),
        tuple(task for task in case.tasks if task not in here),
        tuple(timers - case.timers),
        tuple(case.timers - timers),
        tuple(Incident(t.node, t.note) for t in new),
    )


def _open(case: Case, token: Token, judge: FeelJudge, moment: datetime, opened: list[Task]) -> None:
    try:
        opened.append(_task(case, token, judge, moment))
    except StepError as error:  # nobody can be given the task
        token.task, token.state, token.note = "", "incident", str(error)[:300]
        case.state.status = "failed"


def _task(case: Case, token: Token, judge: FeelJudge, moment: datetime) -> Task:
    state, graph = case.state, case.definition.graph
    frame = state.frames[token.frame]
    node = graph.scopes[frame.scope].nodes[token.node]
    office = judge.office(node, state.seen(frame.id, token))
    token.task = new_id()
    return Task(
        id=token.task,
        instance=case.id,
        subject=case.subject,
        element=node.id,
        name=node.name,
        kind=node.kind.value,
        office=office,
        limit=node.limit,
        unit=node.unit,
        form=node.form or None,
        status="open",
        opened_at=moment,
        closed_at=None,
        version=1,
        loop_index=token.index if token.owner else None,
        attributes=node.attributes,
        data=dict(token.local),
    )


def write(
    case: Case,
    moment: datetime,
    done: str = "",
    by: Ref | None = None,
    expected: int | None = None,
) -> tuple[CaseState, Change]:
    """Write the step: the instance, the tasks it opened and closed, the timers it armed and stopped.

    `done` is the task that was completed, `expected` the version its reader saw (`Stale` when it has moved
    on).
    """
    change = change_of(case, moment)
    parts, values = _statement(case, change, moment, done, by, expected)
    sql = ", ".join(f"s{n} AS ({part})" for n, part in enumerate(parts))
    closed = "(SELECT count(*) FROM s1)" if change.closed else "0"
    counts = f"SELECT (SELECT count(*) FROM s0), {closed}"  # noqa: S608 - constants
    others = "t.instance_id = %s AND t.status = 'open' AND t.id <> ALL(%s) ORDER BY t.opened_at, t.token"
    rows = fetched(
        f"WITH {sql} SELECT c.*, {TASK} FROM ({counts}) c LEFT JOIN process_task t ON {others}",  # noqa: S608
        [*values, case.id, list(change.closed)],
    )
    if rows[0][0] != 1 or rows[0][1] != len(change.closed):
        raise Stale
    kept = [task_of(row[2:], case) for row in rows if row[2] is not None]
    case.version += 1
    return seen(case, (*kept, *change.opened)), change


def _statement(
    case: Case, change: Change, moment: datetime, done: str, by: Ref | None, expected: int | None
) -> tuple[list[str], list[Any]]:
    state = case.state
    variables = dumps(state.variables)
    if len(variables) > MOST_VARIABLES:
        raise Invalid({"variables": _("The variables of the process have become too large.")})
    tokens = dumps(state.dump())
    status = str(state.status)
    over = None if state.frames else moment
    parts: list[str] = []
    values: list[Any] = []
    if case.version:
        parts.append(UPDATE)
        values += [case.definition.id, status, tokens, variables, over, case.id, case.version]
    else:
        parts.append(INSERT)
        values += [case.id, case.definition.id, case.subject.kind, case.subject.id]
        values += [status, tokens, variables, moment, over]
    if change.closed:
        parts.append(CLOSE)
        values += [done, moment, done, str(by or ""), list(change.closed), done, expected]
    if change.opened:
        numbers = {t.task: t.id for t in state.tokens.values()}
        parts.append(OPEN)
        values += [case.id, moment, dumps([_row(t, numbers) for t in change.opened])]
    if change.gone:
        parts.append(GONE)
        values += [case.id, [t for t, _, _ in change.gone], [e for _, e, _ in change.gone]]
    if change.armed:
        parts.append(ARM)
        values += [case.id, *([armed[n] for armed in change.armed] for n in range(3))]
    return parts, values


def _row(task: Task, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": task.id,
        "token": numbers[task.id],
        "element": task.element,
        "name": task.name[:255],
        "kind": task.kind,
        "office": task.office,
        "amount": task.limit,
        "unit": task.unit,
        "form": task.form or "",
        "attributes": dict(task.attributes),
        "data": dict(task.data),
        "loop_index": task.loop_index,
    }


def task_of(row: Sequence[Any], case: Case) -> Task:
    """The task of a row selected with the columns of `TASK`."""
    return task_in(row, case.id, case.subject)


def task_in(row: Sequence[Any], instance: str, subject: Ref) -> Task:
    """As `task_of`, where the instance itself is not in hand."""
    (
        id_,
        element,
        name,
        kind,
        office,
        amount,
        unit,
        form,
        status,
        opened,
        closed,
        version,
        index,
        notes,
        data,
    ) = row
    return Task(
        id_, instance, subject, element, name, kind, office, amount, unit, form or None, status, opened,
        closed,
        version, index, _json(notes), _json(data),
    )  # fmt: skip


def open_tasks(case: Case) -> tuple[Task, ...]:
    """The open tasks of an instance as its rows say."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {TASK} FROM process_task t WHERE t.instance_id = %s AND t.status = 'open' "  # noqa: S608
            "ORDER BY t.opened_at, t.token",
            [case.id],
        )
        return tuple(task_of(row, case) for row in cursor.fetchall())


def tasks_of(instance: str, subject: Ref) -> tuple[Task, ...]:
    """All tasks of an instance, open and closed, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {TASK} FROM process_task t WHERE t.instance_id = %s ORDER BY t.opened_at, t.token",  # noqa: S608
            [instance],
        )
        return tuple(task_in(row, instance, subject) for row in cursor.fetchall())


def seen(case: Case, tasks: tuple[Task, ...]) -> CaseState:
    """The instance as other rooms see it."""
    state = case.state
    incidents = [Incident(t.node, t.note) for t in state.incidents()]
    if state.error:
        incidents.append(Incident("", state.error))
    ref: DefinitionRef = case.definition.ref
    return CaseState(
        case.id,
        case.subject,
        ref,
        Status(state.status),
        tasks,
        tuple(state.ended),
        state.variables,
        tuple(incidents),
    )


def _json(value: Any) -> Any:
    return loads(value) if isinstance(value, str) else value
