"""Addresses of the search on the staff site."""

from django.urls import path

from . import views

app_name = "search"
urlpatterns = [
    path("search/words/", views.words, name="words"),
    path("search/words/forget/", views.forgotten, name="forget"),
]
