"""The public site as far as this room is concerned."""

from django.urls import include, path

urlpatterns = [
    path("", include("tongban.trust.identity.urls_public")),
    path("", include("tongban.trust.openid.urls_public")),
]
