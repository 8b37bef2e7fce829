"""Addresses on the public site."""

from django.urls import path

from .views import public

app_name = "keys"
urlpatterns = [
    path("ca/", public.overview, name="authorities"),
    path("ca/<slug:authority_id>.cer", public.authority_file, name="authority_file"),
    path("ca/<slug:authority_id>.crl", public.list_file, name="list_file"),
    path("ocsp/", public.ocsp, name="ocsp"),
    path("ocsp/<path:question>", public.ocsp, name="ocsp_get"),
]
