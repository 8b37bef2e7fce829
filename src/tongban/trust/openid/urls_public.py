"""Addresses on the public site."""

from .urls_shared import urlpatterns

app_name = "openid"
__all__ = ["app_name", "urlpatterns"]
