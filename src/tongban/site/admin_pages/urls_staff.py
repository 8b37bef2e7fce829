"""Addresses of the administrators' pages on the staff site."""

from django.urls import path

from . import calendars

app_name = "calendars"
urlpatterns = [
    path("calendar/", calendars.this_year, name="index"),
    path("calendar/<int:number>/", calendars.year, name="year"),
    path("calendar/day/<str:on>/", calendars.day, name="day"),
    path("calendar/enter/", calendars.enter_year, name="enter"),
    path("calendar/moves/", calendars.moves, name="moves"),
    path("calendar/limits/", calendars.limits, name="limits"),
    path("calendar/limits/<str:code>/", calendars.limit, name="limit"),
]
