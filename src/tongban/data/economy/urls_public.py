"""Addresses on the public site."""

from django.urls import path

from . import views

app_name = "economy"
urlpatterns = [
    path("economy/", views.index, name="index"),
    path("economy/<slug:code>/", views.indicator, name="indicator"),
    path("economy/<slug:code>/<str:area>.<slug:format>", views.data, name="data"),
]
