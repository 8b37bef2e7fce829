"""Addresses on the public site."""

from django.urls import path

from . import views

app_name = "notify"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/settings/", views.settings_page, name="settings"),
    path("inbox/read-all/", views.read_all, name="read_all"),
    path("inbox/<slug:id>/", views.message, name="message"),
    path("demo/phone/", views.demo_phone, name="demo_phone"),
]
