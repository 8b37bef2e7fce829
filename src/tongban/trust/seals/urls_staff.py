"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "seals"
urlpatterns = [
    path("seals/", views.register, name="register"),
    path("seals/new/", views.make, name="make"),
    path("seals/verify/", views.verify, name="verify"),
    path("seals/<slug:seal_id>/", views.detail, name="detail"),
    path("seals/<slug:seal_id>/state/", views.move, name="move"),
    path("seals/<slug:seal_id>/custodian/", views.hand_over, name="hand_over"),
]
