"""Comprehensive tax governance 综合治税 (DATA-34, SCN-07): what the linked sources say against each other.

Found by rules over the whole registry at once, handed to the tax office, answered with what came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, mask, now, system, today
from tongban.base.ledger import api as ledger
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import Actor

from .data import SuspectState
from .golden.vault import opened
from .models import Suspect

TOPIC = Ref("linkage.topic", "taxation")
GRACE = 30  # days from founding to tax registration (Tax Collection Law, article 15)

RULES: dict[str, tuple[Text, str]] = {
    "untaxed": (
        gettext_lazy("Registered, not known to the tax office"),
        "registered AND NOT taxed AND status = 'active' AND (founded IS NULL OR founded < %(before)s)",
    ),
    "cancelled": (
        gettext_lazy("Cancelled or revoked, still taxed"),
        "taxed AND status IN ('cancelled', 'revoked') AND coalesce(tax_state, '') NOT IN ('注销', 'cancelled')",
    ),
    "insured": (
        gettext_lazy("Pays social insurance, not known to the tax office"),
        "insured AND NOT taxed AND NOT registered",
    ),
}
_FACTS = """
CREATE TEMP TABLE facts ON COMMIT DROP AS
SELECT c.id, coalesce(nullif(c.number, ''), c.values ->> 'org_code', c.values ->> 'registration_number', '') AS number,
       c.values ->> 'name' AS name, c.values ->> 'status' AS status, (c.values ->> 'founded') AS founded, g.*
FROM linkage_cluster c JOIN (
    SELECT r.cluster_id, bool_or(s.role = 'market_regulation') AS registered, bool_or(s.role = 'tax') AS taxed,
           bool_or(s.role = 'social_security') AS insured, max(r.values ->> 'tax_state') AS tax_state,
           max(r.values ->> 'insured') AS people
    FROM linkage_row r JOIN linkage_source s ON s.id = r.source_id AND s.registry = 'legal_entity'
    WHERE r.state = 'linked' GROUP BY r.cluster_id) g ON g.cluster_id = c.id
WHERE NOT c.held
"""
_FIND = """
INSERT INTO linkage_suspect
    (public_id, rule, number, name, facts, state, found_at, answer, answered_by, handed_by, recovered)
SELECT DISTINCT ON (number) registers.new_id(), %(rule)s, number, name, jsonb_strip_nulls(jsonb_build_object(
       'status', status, 'founded', founded, 'tax_state', tax_state, 'insured', people)),
       'found', %(now)s, '', '', '', 0
FROM facts WHERE number <> '' AND name IS NOT NULL AND {condition} ORDER BY number
ON CONFLICT (rule, number) DO UPDATE SET name = excluded.name, facts = excluded.facts, state = 'found',
    found_at = excluded.found_at
WHERE linkage_suspect.state = 'settled'
"""
_SETTLE = """
UPDATE linkage_suspect s SET state = 'settled' WHERE s.rule = %(rule)s AND s.state IN ('found', 'handed')
AND NOT EXISTS (SELECT 1 FROM facts f WHERE f.number = s.number AND {condition})
"""


def find(by: Ref | None = None) -> dict[str, int]:
    """Apply the rules to what the sources say today: new ones are listed, those that the data no longer show settle."""
    with system(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.facts")
        cursor.execute(_FACTS)
        counts = {}
        before = today().fromordinal(today().toordinal() - GRACE).isoformat()
        for rule, (_title, condition) in RULES.items():
            names: dict[str, Any] = {"rule": rule, "now": now(), "before": before}
            cursor.execute(_SETTLE.format(condition=condition), names)
            counts[f"{rule}_settled"] = cursor.rowcount
            cursor.execute(_FIND.format(condition=condition), names)
            counts[rule] = cursor.rowcount
        cursor.execute("DROP TABLE facts")
        ledger.write("linkage.topic.searched", TOPIC, by=by, **counts)
    return counts


def hand_over(actor: Actor, ids: Sequence[str]) -> int:
    """Give these to the tax office; what is not waiting any more stays as it is. Gives how many went."""
    identity.require(actor, "linkage.topics")
    with transaction.atomic():
        rows = Suspect.objects.filter(public_id__in=ids, state=SuspectState.FOUND)
        count = rows.update(state=SuspectState.HANDED, handed_at=now(), handed_by=str(actor.person))
        if count:
            ledger.write("linkage.topic.handed_over", TOPIC, by=actor.by, count=count)
    return count


def answer(actor: Actor, id: str, *, confirmed: bool, text: str, recovered: str = "") -> None:
    """The tax office says what came of it: tax owed and recovered (yuan), or why there is none to recover."""
    identity.require(actor, "linkage.tax")
    errors: dict[str, Text] = {}
    if len(text.strip()) < 2:
        errors["text"] = _("Please say what the check found.")
    try:
        amount = Decimal(recovered.replace(",", "").strip() or "0")
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount < 10**13 or amount != round(amount, 2) or (amount and not confirmed):
        errors["recovered"] = _("An amount in yuan, with two decimals at most; none where no tax is owed.")
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        suspect = access_suspect(actor, id)
        if suspect.state not in (SuspectState.HANDED, SuspectState.CONFIRMED, SuspectState.EXPLAINED):
            raise Refused(_("This has not been handed to the tax office."), code="not_handed")
        suspect.state = SuspectState.CONFIRMED if confirmed else SuspectState.EXPLAINED
        suspect.answer, suspect.recovered = text.strip()[:500], amount
        suspect.answered_at, suspect.answered_by = now(), str(actor.person)
        suspect.save(update_fields=["state", "answer", "recovered", "answered_at", "answered_by"])
        ledger.write("linkage.topic.answered", suspect.ref, by=actor.by, state=suspect.state, recovered=str(amount))


def access_suspect(actor: Actor, id: str) -> Suspect:
    """One entry of the list, for those who work on the topic."""
    found = Suspect.objects.filter(public_id=id).first()
    if found is None or not (identity.may(actor, "linkage.topics") or identity.may(actor, "linkage.tax")):
        raise NotFound
    return found


def masked(suspects: Sequence[Suspect]) -> None:
    """Where an enterprise is known by its owner's identity number only, show that masked."""
    plain = opened(suspect.number for suspect in suspects)
    for suspect in suspects:
        suspect.number = mask(plain[suspect.number], "number") if suspect.number in plain else suspect.number


def totals() -> list[dict[str, Any]]:
    """By rule: found, handed over, answered, confirmed, recovered."""
    done = (SuspectState.CONFIRMED, SuspectState.EXPLAINED)
    rows: dict[str, Any] = {
        row["rule"]: row
        for row in Suspect.objects.values("rule").annotate(
            found=Count("id", filter=~Q(state=SuspectState.SETTLED)),
            waiting=Count("id", filter=Q(state=SuspectState.FOUND)),
            handed=Count("id", filter=Q(state=SuspectState.HANDED)),
            answered=Count("id", filter=Q(state__in=done)),
            confirmed=Count("id", filter=Q(state=SuspectState.CONFIRMED)),
            settled=Count("id", filter=Q(state=SuspectState.SETTLED)),
            recovered=Sum("recovered"),
        )
    }
    names = ("found", "waiting", "handed", "answered", "confirmed", "settled", "recovered")
    return [
        {"rule": rule, "title": title, **{n: rows.get(rule, {}).get(n) or 0 for n in names}}
        for rule, (title, _condition) in RULES.items()
    ]
