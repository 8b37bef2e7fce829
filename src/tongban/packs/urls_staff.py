"""Addresses of the pack pages on the staff site."""

from django.urls import path

from . import views

app_name = "packs"
urlpatterns = [
    path("packs/", views.index, name="index"),
    path("packs/runs/<str:id>/", views.run, name="run"),
    path("packs/runs/<str:id>/install/", views.install, name="install"),
    path("packs/<str:key>/", views.detail, name="detail"),
    path("packs/<str:key>/plan/", views.plan, name="plan"),
]
