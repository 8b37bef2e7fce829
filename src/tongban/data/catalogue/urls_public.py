"""Addresses on the public site: open data."""

from django.urls import path, re_path

from .dcat import views as dcat
from .open import rest, views

_CODE = r"(?P<code>[0-9]{4,40}-[0-9]{1,12})"

app_name = "catalogue"
urlpatterns = [
    path("open/", views.index, name="open"),
    re_path(rf"^open/data/{_CODE}/$", views.resource, name="open_resource"),
    re_path(rf"^open/data/{_CODE}/data\.(?P<form>csv|xlsx|json)$", views.file, name="open_file"),
    re_path(r"^open/catalogue\.(?P<form>ttl|jsonld|rdf)$", dcat.catalogue, name="dcat"),
    rest.mounted("open/api/"),
]
