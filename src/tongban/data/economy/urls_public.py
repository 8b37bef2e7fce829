"""Addresses on the public site."""

from django.urls import path

from . import views
from .reports import views as reports

app_name = "economy"
urlpatterns = [
    path("economy/reports/", reports.index, name="reports"),
    path("economy/reports/<slug:id>/", reports.detail, name="report"),
    path("economy/reports/<slug:id>/file/", reports.file, name="report_file"),
    path("economy/", views.index, name="index"),
    path("economy/<slug:code>/", views.indicator, name="indicator"),
    path("economy/<slug:code>/forecast/", views.forecast, name="forecast"),
    path("economy/<slug:code>/<str:area>.<slug:format>", views.data, name="data"),
]
