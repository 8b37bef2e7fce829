"""Only this room's addresses."""

from django.urls import include, path

urlpatterns = [
    path("", include("tongban.engine.search.urls_staff")),
    path("", include("tongban.trust.identity.urls_staff")),
]
