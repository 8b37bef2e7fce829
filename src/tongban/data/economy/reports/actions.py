"""Verbs of the library: write, change, hand in, return, publish, correct, withdraw."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, new_id, now, system, today
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from .. import periods
from ..data import INDICATOR, LIBRARY, REPORT, Audience, Content, Report, Stage
from ..models import Report as ReportRow
from .queries import as_data, visible

WRITE, REVIEW, READ = "reports.write", "reports.review", "reports.read"
SLOT = files.Slot(("pdf", "ofd", "docx", "xlsx", "doc", "xls"))
MOST_INDICATORS = 6
_OWN = (Stage.DRAFT, Stage.RETURNED)
_OPEN = (Stage.DRAFT, Stage.REVIEW, Stage.RETURNED)
Upload = tuple[BinaryIO, str]


def write(actor: Actor, content: Content, upload: Upload | None = None) -> Report:
    """A new report, as a draft that only its author sees. `Invalid` has a message per field."""
    identity.require(actor, WRITE)
    made = _checked(content, has_file=upload is not None)
    with transaction.atomic():
        key = new_id()
        row = ReportRow(public_id=key, report=key, written_by=str(actor.person), issuer=_office(actor), **made)
        _keep(actor, row, upload)
        ledger.write("economy.report.written", _ref(row), by=actor.by, version=1)
    return as_data(row)


def change(
    actor: Actor, id: str, content: Content, upload: Upload | None = None, *, without_file: bool = False
) -> Report:
    """Put other content into one's own draft. The file stays unless another comes or it is to go."""
    with transaction.atomic():
        row = _own_draft(actor, id)
        if without_file:
            row.file = ""
        made = _checked(content, has_file=upload is not None or row.file != "")
        if row.version > 1:
            made["audience"] = row.audience  # what was for everybody stays so, and the other way round
        for name, value in made.items():
            setattr(row, name, value)
        _keep(actor, row, upload)
    return as_data(row)


def hand_in(actor: Actor, id: str) -> Report:
    """Ask for the review by somebody else."""
    with transaction.atomic():
        row = _own_draft(actor, id)
        row.stage, row.remark = Stage.REVIEW.value, ""
        row.save(update_fields=["stage", "remark"])
        ledger.write("economy.report.handed_in", _ref(row), by=actor.by, version=row.version)
    return as_data(row)


def send_back(actor: Actor, id: str, remark: str) -> Report:
    """Return it to its author, who reads why."""
    with transaction.atomic():
        row = _to_review(actor, id)
        row.stage, row.remark = Stage.RETURNED.value, _why(remark, "remark")
        row.save(update_fields=["stage", "remark"])
        ledger.write("economy.report.returned", _ref(row), by=actor.by, version=row.version)
    return as_data(row)


def publish(actor: Actor, id: str) -> Report:
    """Agree to somebody else's report and put it into the library; the version before it stays to be read.

    A public one becomes a row of the register economic_report too, where catalogue, exchange and open data find it.
    """
    with transaction.atomic():
        row = _to_review(actor, id)
        ReportRow.objects.filter(report=row.report, current=True).update(current=False)
        row.stage, row.current, row.reviewed_by, row.published_at = (
            Stage.PUBLISHED.value,
            True,
            str(actor.person),
            now(),
        )
        row.save(update_fields=["stage", "current", "reviewed_by", "published_at"])
        if row.audience == Audience.PUBLIC:
            _into_register(row, actor.by)
        facts = {"version": row.version, "audience": row.audience, "file": _digest(row)}
        ledger.write("economy.report.published", _ref(row), by=actor.by, **facts)
    return as_data(row)


def correct(actor: Actor, id: str, reason: str) -> Report:
    """Begin a new version of a published report: a draft with its content, and what it corrects."""
    identity.require(actor, WRITE)
    with transaction.atomic():
        rows = ReportRow.objects.select_for_update().filter(report=id)
        former = visible(actor, rows).filter(current=True).first()
        if former is None:
            raise NotFound()
        with system():  # somebody else's draft is not seen, yet it is in the way
            if rows.filter(stage__in=_OPEN).exists():
                raise Refused(_("A correction of this report is being written already."))
            last = rows.order_by("-version")[0].version
        copied = ("audience", "kind", "subject", "period", "title", "summary", "text", "file", "indicators", "policies")
        row = ReportRow.objects.create(
            report=id,
            version=last + 1,
            issuer=_office(actor),
            reason=_why(reason, "reason"),
            written_by=str(actor.person),
            **{name: getattr(former, name) for name in copied},
        )
        ledger.write("economy.report.corrected", _ref(row), by=actor.by, version=row.version)
    return as_data(row)


def withdraw(actor: Actor, id: str, version: int, reason: str) -> None:
    """Take back a version being written (its author or a reviewer), or with a published version the whole report (a
    reviewer). What was withdrawn is read by its author and by reviewers only."""
    with transaction.atomic():
        rows = ReportRow.objects.select_for_update().filter(report=id)
        row = visible(actor, rows).filter(version=version).first()
        if row is None or row.stage == Stage.WITHDRAWN:
            raise NotFound()
        if row.written_by != str(actor.person) or row.stage == Stage.PUBLISHED:
            identity.require(actor, REVIEW)
        remark = _why(reason, "reason")
        if row.stage != Stage.PUBLISHED:
            rows = rows.filter(version=version)
        with system():  # with the report goes a correction that somebody has begun
            ended = sorted(rows.exclude(stage=Stage.WITHDRAWN).values_list("version", flat=True))
            rows.filter(version__in=ended).update(stage=Stage.WITHDRAWN, current=False, remark=remark)
        if row.stage == Stage.PUBLISHED and (held := registers.find(LIBRARY, number=id)):
            registers.retire(LIBRARY, held.id, by=actor.by, reason=remark)
        ledger.write("economy.report.withdrawn", Ref(REPORT, id), by=actor.by, versions=ended)


def _checked(content: Content, *, has_file: bool) -> dict[str, Any]:
    period = periods.read(content.period)
    policies = list(dict.fromkeys(line.strip() for line in content.policies if line.strip()))
    indicators = list(dict.fromkeys(content.indicators))
    title, summary, text = content.title.strip(), content.summary.strip(), content.text.strip()
    errors = {}
    if not 2 <= len(title) <= 200:
        errors["title"] = _("Give the report a title of 2 to 200 characters.")
    if not 2 <= len(summary) <= 2000:
        errors["summary"] = _("Say in up to 2000 characters what the report finds.")
    if content.kind not in registers.choices(LIBRARY, "kind"):
        errors["kind"] = _("Choose the kind of report.")
    if content.subject not in registers.choices(INDICATOR, "topic"):
        errors["subject"] = _("Choose the subject.")
    if not period:
        errors["period"] = _("Give the period as 2026, 2026Q3 or 2026-09.")
    if not text and not has_file:
        errors["text"] = _("Write the report here, or choose its file.")
    if len(text) > 100_000:
        errors["text"] = _("The text is too long. Hand in a file instead.")
    if len(indicators) > MOST_INDICATORS:
        errors["indicators"] = _("Choose up to %d indicators.") % MOST_INDICATORS
    elif len(registers.find_many(INDICATOR, "code", indicators)) < len(indicators):
        errors["indicators"] = _("There is no such indicator.")
    if len(policies) > 20 or any(len(line) > 200 for line in policies):
        errors["policies"] = _("Name up to 20 laws and policies, each in up to 200 characters.")
    if errors:
        raise Invalid(errors)
    return {
        "title": title,
        "kind": content.kind,
        "subject": content.subject,
        "period": period,
        "audience": content.audience.value,
        "summary": summary,
        "text": text,
        "indicators": indicators,
        "policies": policies,
    }


def _keep(actor: Actor, row: ReportRow, upload: Upload | None) -> None:
    if upload is not None:
        row.file = files.receive(*upload, SLOT, by=actor.person, subject=_ref(row)).id
    row.save()


def _own_draft(actor: Actor, id: str) -> ReportRow:
    """The version that its author may still change; `NotFound` for everybody else (T13)."""
    identity.require(actor, WRITE)
    rows = ReportRow.objects.select_for_update().filter(report=id, written_by=str(actor.person))
    row = rows.filter(stage__in=_OWN).first()
    if row is None:
        raise NotFound()
    return row


def _to_review(actor: Actor, id: str) -> ReportRow:
    """The version that waits for a review; never by its author, whatever account they use (T4)."""
    identity.require(actor, REVIEW)
    row = ReportRow.objects.select_for_update().filter(report=id, stage=Stage.REVIEW).first()
    if row is None:
        raise NotFound(_("No version of this report waits for a review."))
    if identity.conflicts(actor, [Ref.parse(row.written_by)]):
        raise Refused(_("Who wrote a report does not review it."), code="same_person")
    return row


def _why(text: str, field: str) -> str:
    if not 2 <= len(text.strip()) <= 300:
        raise Invalid({field: _("Please say why, in up to 300 characters.")})
    return text.strip()


def _office(actor: Actor) -> str:
    """The name of the author's office on this day: a report keeps it."""
    names = identity.offices_by_ref(list(actor.offices[:1]))
    return next((office.title for office in names.values()), "")


def _into_register(row: ReportRow, by: Ref | None) -> None:
    values = {
        "number": row.report,
        "title": row.title,
        "kind": row.kind,
        "issuer": row.issuer,
        "issued": today(),
        "summary": row.summary,
    }
    registers.write(LIBRARY, values, by=by, reason=f"version {row.version}", source="economy")


def _digest(row: ReportRow) -> str:
    return files.files_by_id([row.file])[row.file].sha256 if row.file else ""


def _ref(row: ReportRow) -> Ref:
    return Ref(REPORT, row.report)
