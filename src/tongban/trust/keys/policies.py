"""Certificate policies (TRUST-08): a text per line and version, never changed once it is in force."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Text, now
from tongban.base.ledger.api import write

from .data import PolicyLine
from .models import Policy
from .profiles import POLICY_OID, policy_lines


def publish_policy(line: PolicyLine, version: str, text: str, by: Ref | None = None) -> None:
    """A new version comes into force now. `Invalid` for an empty text or a version that already exists."""
    errors: dict[str, Text] = {}
    if not version.strip() or len(version) > 20:
        errors["version"] = _("Please give this version a short number, such as 1.1.")
    elif Policy.objects.filter(line=line, version=version.strip()).exists():
        errors["version"] = _("This version already exists; published texts are not changed.")
    if len(text.strip()) < 20:
        errors["text"] = _("Please write the text of the policy.")
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        oid = f"{POLICY_OID}.{policy_lines.get(line).number}"
        row = Policy.objects.create(
            line=line, version=version.strip(), oid=oid, text=text.strip(), valid_from=now(), by=str(by or "")
        )
        write("ca.policy_published", Ref("keys.policy", str(row.id)), by=by, line=line, version=row.version)


def policies() -> list[Policy]:
    """All versions, newest first."""
    return list(Policy.objects.order_by("line", "-valid_from", "-id"))


def present_version(line: PolicyLine) -> str:
    """The version in force; empty before the first."""
    found = Policy.objects.filter(line=line).order_by("-valid_from", "-id").values_list("version", flat=True)
    return found.first() or ""
