"""Addresses of items on both sites; the hall mounts them."""

from django.urls import path

from . import views

public = [path("items/<str:key>/", views.guide, name="guide")]
staff = [
    path("items/", views.items, name="items"),
    path("items/import/", views.hand_in, name="items_import"),
    path("items/import/<str:upload>/", views.import_report, name="items_report"),
    path("items/<str:key>/", views.item, name="item"),
    path("items/<str:key>/state/<str:verb>/", views.change_state, name="item_state"),
]
