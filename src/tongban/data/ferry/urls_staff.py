"""Addresses on the staff site."""

from django.urls import path, re_path

from . import views

app_name = "ferry"
urlpatterns = [
    path("ferry/", views.index, name="index"),
    path("ferry/new/", views.propose, name="propose"),
    path("ferry/receipt/", views.receipt, name="receipt"),
    path("ferry/import/", views.bring, name="import"),
    path("ferry/channels/new/", views.channel, name="channel"),
    path("ferry/channels/<slug:key>/skip/", views.skip, name="skip"),
    re_path(r"^ferry/own/(?P<kind>encryption|authority)\.pem$", views.certificate, name="certificate"),
    path("ferry/<slug:id>/", views.bundle, name="bundle"),
    path("ferry/<slug:id>/decision/", views.decide, name="decide"),
    path("ferry/<slug:id>/file/", views.carry, name="carry"),
]
