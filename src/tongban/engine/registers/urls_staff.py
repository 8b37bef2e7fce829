"""Addresses of the registers on the staff site."""

from django.urls import path

from . import views

app_name = "registers"
urlpatterns = [
    path("registers/", views.index, name="index"),
    path("registers/<slug:key>/", views.rows, name="rows"),
    path("registers/<slug:key>/export.<slug:format>", views.exported, name="export"),
    path("registers/<slug:key>/<slug:id>/", views.row, name="row"),
    path("registers/<slug:key>/<slug:id>/history/", views.versions, name="history"),
    path("registers/<slug:key>/<slug:id>/unmask/", views.unmasked, name="unmask"),
]
