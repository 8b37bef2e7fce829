"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "laws"
urlpatterns = [
    path("laws/", views.index, name="index"),
    path("laws/<str:name>/", views.law, name="law"),
    path("laws/<str:name>/compare/", views.compare, name="compare"),
]
