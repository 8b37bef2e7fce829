"""Issuing, revoking, reusing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Refused, emit, new_id, now, today
from tongban.base.ledger import api as ledger
from tongban.engine.documents import api as documents
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import office
from tongban.trust.identity.data import Office

from .data import LICENCE, REGISTER, Licence, LicenceIssued, LicenceRevoked, LicenceType, Status
from .identifiers import identifier, new_serial
from .models import Reuse, Token, Type
from .queries import licence, licence_type, number_index, verify_url

SOURCE = "government_services"


def define_types(types: Iterable[LicenceType]) -> None:
    """Make these types known, or change them; called when a pack is applied. Types are never removed."""
    for one in types:
        values = {**vars(one), "public_face": None if one.public_face is None else list(one.public_face)}
        Type.objects.update_or_create(key=values.pop("key"), defaults=values)


def issue(
    type: str,
    holder: Ref,
    holder_name: str,
    holder_number: str,
    face: Mapping[str, object],
    issuer: Ref,
    *,
    valid_from: date | None = None,
    valid_until: date | None = None,
    subject: Ref | None = None,
    number: str = "",
    holder_kind: str = "",
    case_number: str = "",
    replaces: str = "",
    by: Ref | None = None,
) -> Licence:
    """Issue a licence: a row of the register, a verification token, and its PDF soon after (`DocumentReady`).

    ``number`` "" is the holder's credit code for a legal entity and a new number for anybody else;
    ``valid_until`` None follows the type's years. Issued once per subject and type: a second call gives the
    first licence. Raises NotFound for an unknown type or office, Invalid for values the register refuses."""
    kind, place = licence_type(type), office(issuer)
    if subject and (former := _issued_for(subject, kind)):
        return former
    holder_kind = holder_kind or _holder_kind(holder)
    serial, start = new_serial(), valid_from or today()
    until = valid_until or _until(start, kind.years)
    number = number or (holder_number if holder_kind == "legal_entity" else f"Z{place.division}{serial}")
    lines = [{"label": str(label), "value": _text(value)} for label, value in face.items()]
    code = place.uscc or place.division
    token = Token(
        token=new_id(),
        identifier=identifier(kind.code, code, serial, 1),
        number_index=number_index(number),
        type=type,
        holder_kind=holder.kind,
        holder_id=holder.id,
        issuer_id=issuer.id,
        subject_kind=subject.kind if subject else "",
        subject_id=subject.id if subject else "",
    )
    values = {
        "identifier": token.identifier,
        "type": kind.code,
        "type_name": kind.title_zh,
        "number": number.upper(),
        "holder_kind": holder_kind,
        "holder_code": holder_number,
        "holder_name": holder_name,
        "issuer": code,
        "issuer_name": place.title,
        "face": lines,
        "issued": today(),
        "effective": start,
        "expires": until,
        "status": "valid",
        "edition": 1,
        "case_number": case_number,
        "predecessor": replaces,
    }
    try:
        with transaction.atomic():
            token.save(force_insert=True)
            registers.write(REGISTER, values, by=by, reason=str(subject or LICENCE), source=SOURCE)
            ref = Ref(LICENCE, token.identifier)
            token.document = documents.request("licence", ref, _facts(kind, place, values, lines, token), by=by).id
            token.save(update_fields=["document"])
            ledger.write("licences.licence.issued", ref, by=by, type=type, case=str(subject or ""))
            emit(LicenceIssued(token.identifier, type, holder, subject))
    except IntegrityError:
        # Somebody issued for the same subject at the same moment; theirs is the licence.
        if subject and (former := _issued_for(subject, kind)):
            return former
        raise
    return licence(token.identifier)


def _issued_for(subject: Ref, kind: LicenceType) -> Licence | None:
    token = Token.objects.filter(subject_id=subject.id, subject_kind=subject.kind, type=kind.key).first()
    return licence(token.identifier) if token else None


def _holder_kind(holder: Ref) -> str:
    return {
        "registers.legal_entity": "legal_entity",
        "registers.population": "person",
        "identity.person": "person",
    }.get(holder.kind, "other")


def _until(start: date, years: int) -> date | None:
    """Five years from 21 November 2026 end on 20 November 2031; from 29 February on the last of February."""
    if not years:
        return None
    try:
        return start.replace(year=start.year + years) - timedelta(days=1)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def _text(value: object) -> str:
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, date) else str(value)


def _facts(
    kind: LicenceType, place: Office, values: Mapping[str, object], lines: list[dict[str, str]], token: Token
) -> dict[str, object]:
    return {
        "issuer": place.title,
        "office": str(place.ref),
        "date": values["issued"],
        "title": kind.title_zh,
        "copy": kind.copy,
        "holder": values["holder_name"],
        "number": values["number"],
        "number_label": kind.number_label or _default_label(values),
        "identifier": token.identifier,
        "face": [line for line in lines if line["value"] != values["number"]],  # stands above, with its label
        "valid_until": values["expires"],
        "verify_url": verify_url(token.token),
        "seal_caption": "行政审批专用章",
    }


def _default_label(values: Mapping[str, object]) -> str:
    return (
        "统一社会信用代码"
        if values["number"] == values["holder_code"] and len(str(values["number"])) == 18
        else "证照编号"
    )


def revoke(identifier: str, reason: str, by: Ref | None = None) -> Licence:
    """Withdraw a licence: every verification says so from this moment on. Raises NotFound, Invalid without a
    reason, Refused when it is revoked already."""
    if not reason.strip():
        raise Invalid({"reason": _("Please give the reason for the revocation.")})
    with transaction.atomic():
        known = licence(identifier)
        if known.status is Status.REVOKED:
            raise Refused(_("This licence has been revoked already."))
        row = registers.find(REGISTER, identifier=identifier)
        assert row is not None
        registers.change(
            REGISTER, row.id, {"status": "revoked"}, by=by, reason=reason, source=SOURCE, version=row.version
        )
        ledger.write("licences.licence.revoked", known.ref, by=by)
        emit(LicenceRevoked(identifier, known.type))
    return licence(identifier)


def reuse(identifier: str, subject: Ref, material: str, by: Ref | None = None) -> Licence:
    """Let a licence of the library stand in for the upload ``material`` of a case, and count it (DATA-40).
    The caller has checked that it is the applicant's own. Raises NotFound, Refused when it is not valid
    today."""
    known = licence(identifier)
    if known.status is not Status.VALID:
        raise Refused(_("This licence is not valid today and cannot replace an upload."))
    with transaction.atomic():
        _row, new = Reuse.objects.get_or_create(
            identifier=identifier,
            subject_id=subject.id,
            material=material,
            defaults={"subject_kind": subject.kind, "at": now()},
        )
        if new:
            ledger.write("licences.licence.reused", known.ref, by=by, case=str(subject), material=material)
    return known


def note_file(identifier: str, document: str) -> None:
    """Keep the digest of the licence's PDF with the licence, so that a file can be compared with it."""
    row = registers.find(REGISTER, identifier=identifier)
    digest = documents.document(document).digest
    if row is not None and digest and row["file_digest"] != digest:
        registers.change(
            REGISTER,
            row.id,
            {"file_digest": digest},
            by=None,
            reason=f"documents.document:{document}",
            source=SOURCE,
        )
