"""Administrators' pages for rooms that have none of their own, because they lie below identity."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdminPagesConfig(AppConfig):
    name = "tongban.site.admin_pages"
    label = "admin_pages"
    verbose_name = _("Administration pages")

    def ready(self) -> None:
        from tongban.trust.identity.api import permissions

        permissions.register("calendar.edit", _CALENDAR)


_CALENDAR = _("Edit the calendar and the time limits")
