"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "results"
urlpatterns = [
    path("results/", views.index, name="index"),
    path("results/<slug:id>/", views.detail, name="detail"),
    path("results/<slug:id>/withdraw/", views.withdraw, name="withdraw"),
]
