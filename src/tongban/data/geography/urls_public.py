"""Addresses on the public site. Those of the OGC interface have no slash at their end, as the standard writes them."""

from . import ogc, views
from .addresses import addresses

app_name = "geography"
urlpatterns = addresses({**ogc.PUBLIC, **views.PUBLIC})
