"""Addresses on the staff site."""

from . import ogc, views
from .addresses import addresses

app_name = "geography"
urlpatterns = addresses({**ogc.STAFF, **views.STAFF})
