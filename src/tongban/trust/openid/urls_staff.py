"""Addresses on the staff site."""

from django.urls import path

from .urls_shared import urlpatterns as shared
from .views import clients

app_name = "openid"
urlpatterns = [
    *shared,
    path("openid/systems/", clients.systems, name="clients"),
    path("openid/systems/keys/", clients.new_keys, name="new_keys"),
    path("openid/systems/new/", clients.new, name="client_new"),
    path("openid/systems/<str:id_>/", clients.system, name="client"),
    path("openid/systems/<str:id_>/switch/", clients.switch, name="client_switch"),
]
