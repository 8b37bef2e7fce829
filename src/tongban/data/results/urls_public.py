"""Addresses on the public site."""

from django.urls import path

from . import views

app_name = "results"
urlpatterns = [
    path("results/", views.index, name="index"),
    path("results/<slug:id>/", views.detail, name="detail"),
]
