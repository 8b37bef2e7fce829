"""How documents write dates: 2026年11月21日, without weekday and leading zeros (GB/T 9704)."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils.translation import get_language

from tongban.base.kernel.api import local

register = template.Library()


@register.filter
def day(value: object) -> str:
    """A date, or the date of a moment in Asia/Shanghai."""
    if isinstance(value, datetime):
        value = (local(value) if value.tzinfo else value).date()
    if not isinstance(value, date):
        return str(value or "")
    if (get_language() or "zh").startswith("en"):
        return f"{value.day} {value:%B %Y}"
    return f"{value.year}年{value.month}月{value.day}日"


@register.filter
def moment(value: object) -> str:
    """A moment with hours and minutes."""
    if not isinstance(value, datetime):
        return day(value)
    at = local(value) if value.tzinfo else value
    return f"{day(at)} {at:%H:%M}" if (get_language() or "zh").startswith("en") else f"{day(at)}{at:%H:%M}"
