"""Addresses on the staff site: the same published figures, and the releases that are being prepared."""

from django.urls import path

from . import releases, views

app_name = "economy"
urlpatterns = [
    path("economy/releases/", releases.index, name="releases"),
    path("economy/releases/new/", releases.new, name="release_new"),
    path("economy/releases/<slug:id>/", releases.detail, name="release"),
    path("economy/", views.index, name="index"),
    path("economy/<slug:code>/", views.indicator, name="indicator"),
    path("economy/<slug:code>/<str:area>.<slug:format>", views.data, name="data"),
]
