"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "licences"
urlpatterns = [
    path("licences/", views.look_up, name="look_up"),
    path("licences/<str:identifier>/", views.detail, name="detail"),
    path("licences/<str:identifier>/revoke/", views.revoke, name="revoke"),
]
