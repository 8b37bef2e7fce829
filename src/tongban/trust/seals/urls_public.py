"""Addresses on the public site."""

from django.urls import path

from . import views

app_name = "seals"
urlpatterns = [
    path("verify-file/", views.verify, name="verify"),
]
