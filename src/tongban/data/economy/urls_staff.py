"""Addresses on the staff site: the same published figures and reports, and those that are being prepared."""

from django.urls import path

from . import releases, views
from .reports import views as reports
from .reports import writing

app_name = "economy"
urlpatterns = [
    path("economy/releases/", releases.index, name="releases"),
    path("economy/releases/new/", releases.new, name="release_new"),
    path("economy/releases/<slug:id>/", releases.detail, name="release"),
    path("economy/reports/", reports.index, name="reports"),
    path("economy/reports/new/", writing.new, name="report_new"),
    path("economy/reports/<slug:id>/", reports.detail, name="report"),
    path("economy/reports/<slug:id>/file/", reports.file, name="report_file"),
    path("economy/reports/<slug:id>/edit/", writing.edit, name="report_edit"),
    path("economy/reports/<slug:id>/act/", writing.act, name="report_act"),
    path("economy/", views.index, name="index"),
    path("economy/<slug:code>/", views.indicator, name="indicator"),
    path("economy/<slug:code>/forecast/", views.forecast, name="forecast"),
    path("economy/<slug:code>/<str:area>.<slug:format>", views.data, name="data"),
]
