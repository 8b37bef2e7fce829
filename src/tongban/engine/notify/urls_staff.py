"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "notify"
urlpatterns = [
    path("messages/", views.staff_inbox, name="inbox"),
    path("messages/read-all/", views.staff_read_all, name="read_all"),
    path("messages/<slug:id>/", views.staff_message, name="message"),
    path("demo/phone/", views.demo_phone, name="demo_phone"),
]
