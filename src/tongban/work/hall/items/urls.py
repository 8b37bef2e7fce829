"""Addresses of items on both sites; the hall mounts them."""

from django.urls import path

from . import edit_views, views

public = [path("items/<str:key>/", views.guide, name="guide")]
staff = [
    path("items/", views.items, name="items"),
    path("items/import/", views.hand_in, name="items_import"),
    path("items/import/<str:upload>/", views.import_report, name="items_report"),
    path("items/edits/", edit_views.changes, name="item_edits"),
    path("items/edits/<str:edit_id>/", edit_views.change, name="item_edit"),
    path("items/edits/<str:edit_id>/<str:name>/", edit_views.part, name="item_edit_part"),
    path("items/<str:key>/", views.item, name="item"),
    path("items/<str:key>/edit/", edit_views.begin, name="item_begin"),
    path("items/<str:key>/versions/", edit_views.versions, name="item_versions"),
    path("items/<str:key>/state/<str:verb>/", edit_views.ask_state, name="item_state"),
]
