"""The calendar: working days, deadlines and the words that explain them."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalendarsConfig(AppConfig):
    name = "tongban.base.calendars"
    label = "calendars"
    verbose_name = _("Calendars and deadlines")
    # An application handed in on the public site starts the limit for the correction notice; a withdrawal
    # ends limits.
    public_tables: ClassVar = {
        "calendars_jurisdiction": "SELECT",
        "calendars_day": "SELECT",
        "calendars_limit": "SELECT",
        "calendars_deadline": "SELECT, INSERT, UPDATE",
        "calendars_suspension": "SELECT",
        "calendars_move": "SELECT, INSERT",
    }
