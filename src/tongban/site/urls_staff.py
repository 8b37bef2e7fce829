"""Addresses of the staff site. The site room itself comes last, so this file mounts the others first."""

from django.urls import path

from tongban.trust.identity.api import checked_urlconf

from . import urls
from .views import health, staff_home

urlpatterns = [*urls.of_rooms("staff"), path("", staff_home, name="staff_home"), path("health/", health, name="health")]
checked_urlconf(urlpatterns)
