"""The form for a new seal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound
from tongban.trust.identity.api import office_by_code, people_at, person_by_username


class MakeForm(forms.Form):
    """The office, the words below its name, the custodian."""

    office = forms.CharField(label=_("Code of the office"), max_length=60)
    caption = forms.CharField(
        label=_("Words on the seal below the star"),
        max_length=12,
        required=False,
        help_text=_("For a special seal, such as 行政审批专用章. Empty for the office's own seal."),
    )
    custodian = forms.CharField(
        label=_("User name of the custodian"), max_length=60, help_text=_("Somebody who holds a post in this office.")
    )

    def clean(self) -> dict[str, Any]:
        """Both are known, and the custodian works there."""
        found = super().clean() or {}
        try:
            if "office" in found:
                found["office"] = office_by_code(found["office"]).ref
        except NotFound:
            self.add_error("office", _("There is no such office."))
            return found
        try:
            known = person_by_username(found.get("custodian", ""))
        except NotFound:
            known = None
        if "office" in found and (known is None or known.ref not in {one.person for one in people_at(found["office"])}):
            self.add_error("custodian", _("Nobody of this user name holds a post in this office."))
        elif known is not None:
            found["custodian"] = known.ref
        return found
