"""The tabs of the administration pages: only those that the reader may open."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..access import may

register = template.Library()

_TABS = (
    ("offices", _("All offices"), "identity:offices", ("identity.read", "identity.manage")),
    ("people", _("People"), "identity:people", ("identity.read", "identity.manage")),
    ("rights", _("Rights to confirm"), "identity:rights", ("identity.confirm", "identity.manage")),
    ("reviews", _("Reviews"), "identity:reviews", ("identity.confirm", "identity.audit")),
    (
        "reorganisations",
        _("Reorganisations"),
        "identity:reorganisations",
        ("identity.manage", "identity.confirm", "identity.audit"),
    ),
    ("personnel", _("Personnel systems"), "identity:personnel", ("identity.manage", "identity.audit")),
    ("audit", _("Audit"), "identity:audit", ("identity.audit",)),
)


@register.inclusion_tag("identity/parts/tabs.html", takes_context=True)
def identity_tabs(context: Context, here: str) -> dict[str, Any]:
    """Links to the other pages of offices and people."""
    actor = context["request"].actor
    tabs = [
        {"title": title, "url": reverse(name), "here": key == here}
        for key, title, name, permissions in _TABS
        if any(may(actor, permission) for permission in permissions)
    ]
    return {"tabs": tabs}
