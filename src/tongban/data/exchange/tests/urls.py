"""The staff addresses of this room, and what its pages link to."""

from django.urls import include, path

from tongban.trust.identity.api import checked_urlconf

urlpatterns = [
    path("", include("tongban.data.exchange.urls_staff")),
    path("", include("tongban.trust.identity.urls_staff")),
]
checked_urlconf(urlpatterns)
