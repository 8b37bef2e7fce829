"""Addresses on the public site."""

from django.urls import path

from . import views

app_name = "licences"
urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/<slug:token>/", views.verify_token, name="verify_token"),
    path("licences/", views.mine, name="mine"),
    path("licences/<str:identifier>/pdf/", views.mine_pdf, name="mine_pdf"),
]
