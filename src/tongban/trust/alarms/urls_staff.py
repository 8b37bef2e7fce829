"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "alarms"
urlpatterns = [
    path("security/", views.console, name="console"),
    path("security/closed/", views.closed, name="closed"),
    path("security/<slug:id>/close/", views.close, name="close"),
]
