"""The staff addresses that these tests need."""

from django.urls import include, path

urlpatterns = [
    path("", include("tongban.site.admin_pages.urls_staff")),
    path("", include("tongban.trust.identity.urls_staff")),
]
