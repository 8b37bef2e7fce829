"""Quality of a resource: its rules, a score over its rows, tickets to its source (GB/T 36344; DATA-08)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import DataError, connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Refused, emit, system
from tongban.base.ledger.api import write
from tongban.base.rules.api import compile_expression
from tongban.base.rules.data import FeelError
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import FieldType
from tongban.trust.identity.api import Actor, may, require

from . import judging, models, tickets
from .data import RESOURCE, Assessment, AssessmentAsked, QualityAssessed, Resource, Rule, RuleKind, RuleResult, State
from .queries import EDIT, MANAGE, resource

MAX_BATCH = 100_000


def rules(id: str) -> list[Rule]:
    """The rules of a resource: those that were set, else what its items and its register declare already."""
    kept = models.Rule.objects.filter(resource__public_id=id).order_by("id")
    found = [Rule(RuleKind(row.kind), row.item, row.setting) for row in kept]
    return found or declared(resource(id))


def declared(known: Resource) -> list[Rule]:
    """Required items are not empty, codes are of their set, numbers have their check digit, keys are unique, and the
    data are as fresh as their cycle says."""
    found = [Rule(RuleKind.REQUIRED, item.name) for item in known.items if item.required]
    found += [
        Rule(RuleKind.CODES, item.name)
        for item in known.items
        if judging.code_set(known, Rule(RuleKind.CODES, item.name))
    ]
    if known.register:
        register = registers.definition(known.register)
        names = {item.name for item in known.items}
        kinds = {FieldType.PERSON_ID: RuleKind.IDENTITY, FieldType.CREDIT_CODE: RuleKind.CREDIT}
        found += [Rule(kinds[one.type], one.name) for one in register.live if one.type in kinds and one.name in names]
        found += [Rule(RuleKind.UNIQUE, name) for name in register.natural_key[:1] if len(register.natural_key) == 1]
        if known.cycle.days:
            found.append(Rule(RuleKind.TIMELY))
    return found


def set_rules(actor: Actor, id: str, wanted: Iterable[Rule]) -> list[Rule]:
    """Replace the rules: the source's own office or the authority. `Invalid` under the number of a rule that does not
    hold; with none the declared ones come back."""
    known = resource(id)
    if not may(actor, MANAGE, known.provider_office):
        require(actor, EDIT, known.provider_office)
    kept = list(dict.fromkeys(replace(rule, setting=rule.setting.strip()) for rule in wanted))
    with transaction.atomic():
        if errors := {str(i): text for i, rule in enumerate(kept) if (text := _wrong(known, rule))}:
            raise Invalid(errors)
        row = models.Resource.objects.select_for_update().get(public_id=id)
        row.rules.all().delete()
        models.Rule.objects.bulk_create(
            models.Rule(resource=row, kind=str(rule.kind), item=rule.item, setting=rule.setting) for rule in kept
        )
        write("catalogue.resource.rules", Ref(RESOURCE, id), by=actor.by, rules=len(kept))
    return rules(id)


def _wrong(known: Resource, rule: Rule) -> str:
    whole = rule.kind in (RuleKind.CROSS, RuleKind.TIMELY)
    if not whole and known.item(rule.item) is None:
        return _("There is no item “{name}”.").format(name=rule.item)
    if len(rule.setting) > 1000:
        return _("At most {n} characters.").format(n=1000)
    try:
        if rule.kind is RuleKind.CROSS:
            if unknown := compile_expression(rule.setting).names - {item.name for item in known.items}:
                return _("There is no item “{name}”.").format(name=sorted(unknown)[0])
        elif rule.kind is RuleKind.RANGE:
            judging.bounds(rule.setting)
        elif rule.kind is RuleKind.CODES and not judging.code_set(known, rule):
            return _("Name a code set, or write the codes with spaces between them.")
        elif rule.kind is RuleKind.TIMELY and rule.setting:
            int(rule.setting)
        elif rule.kind is RuleKind.PATTERN:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT '' ~ %s", [f"^(?:{rule.setting})$"])
    except (FeelError, ValueError, DataError) as error:
        return _("This setting cannot be used: {error}").format(error=str(error).splitlines()[0])
    return ""


def ask_assessment(actor: Actor, id: str) -> None:
    """Have the quality measured soon, by a job: a million rows are not read while somebody waits."""
    known = resource(id)
    if not may(actor, MANAGE, known.provider_office):
        require(actor, EDIT, known.provider_office)
    if not known.register:
        raise Refused(_("Only a register is here to be read; of other resources a batch is judged."), code="register")
    with transaction.atomic():
        emit(AssessmentAsked(id))


def assess(id: str) -> Assessment:
    """Measure a resource that is a register: by jobs, which see its rows; samples are row numbers, never values."""
    known = resource(id)
    if not known.register:
        raise Refused(_("Only a register is here to be read; of other resources a batch is judged."), code="register")
    with system():
        total, results = judging.judge(known, rules(id), judging.of_register(known.register))
        return _kept(known, total, results)


def assess_batch(id: str, batch: Sequence[Mapping[str, Any]]) -> Assessment:
    """Measure rows that were handed in, such as a delivery of the exchange: at most 100,000, keyed by item names."""
    if len(batch) > MAX_BATCH:
        raise Refused(_("A batch has at most {n} rows.").format(n=MAX_BATCH), code="size")
    known = resource(id)
    with transaction.atomic():
        total, results = judging.judge(known, rules(id), judging.of_batch(batch))
        return _kept(known, total, results)


def _kept(known: Resource, total: int, results: list[RuleResult]) -> Assessment:
    score = score_of(total, results)
    row = models.Resource.objects.get(public_id=known.id)
    stored = [
        {"kind": str(one.rule.kind), "item": one.rule.item, "setting": one.rule.setting, "broken": one.broken,
         "samples": list(one.samples)}
        for one in results
    ]  # fmt: skip
    made = models.Assessment.objects.create(resource=row, rows=total, score=score, results=stored)
    models.Resource.objects.filter(pk=row.pk).update(score=score)
    tickets.follow(row, results)
    write("catalogue.resource.assessed", known.ref, rows=total, score=str(score))
    emit(QualityAssessed(known.id, score))
    return Assessment(known.id, made.at, total, score, tuple(results))


def score_of(total: int, results: Sequence[RuleResult]) -> float:
    """The mean share of rows that keep a rule, in points of 100; no rows or no rules: nothing to find fault with."""
    if not total or not results:
        return 100.0
    return round(100 * sum(1 - min(one.broken, total) / total for one in results) / len(results), 2)


def assess_all() -> int:
    """Nightly: every published register. How many."""
    ids = models.Resource.objects.filter(state=State.PUBLISHED).exclude(register="").values_list("public_id", flat=True)
    known = {one.key for one in registers.definitions()}
    done = [assess(id) for id in ids if resource(id).register in known]
    return len(done)


def assessments(id: str, limit: int = 12) -> list[Assessment]:
    """The last measurements, newest first."""
    rows = models.Assessment.objects.filter(resource__public_id=id).order_by("-id")[:limit]
    return [
        Assessment(
            id,
            row.at,
            row.rows,
            row.score,
            tuple(
                RuleResult(
                    Rule(RuleKind(one["kind"]), one["item"], one["setting"]), one["broken"], tuple(one["samples"])
                )
                for one in row.results
            ),
        )
        for row in rows
    ]
