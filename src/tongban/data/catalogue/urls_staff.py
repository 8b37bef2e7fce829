"""Addresses on the staff site."""

from django.urls import path

from .views import by_file, catalogue, editing, harvesting, objecting, quality, requesting

app_name = "catalogue"
urlpatterns = [
    path("catalogue/", catalogue.index, name="index"),
    path("catalogue/figures/", catalogue.figures, name="figures"),
    path("catalogue/new/", editing.new, name="new"),
    path("catalogue/registers/", editing.registers, name="registers"),
    path("catalogue/import/", by_file.by_file, name="import"),
    path("catalogue/import/template.xlsx", by_file.blank, name="template"),
    path("catalogue/import/<str:id_>/", by_file.imported, name="imported"),
    path("catalogue/elements/", by_file.data_elements, name="elements"),
    path("catalogue/elements/template.xlsx", by_file.blank_elements, name="element_template"),
    path("catalogue/harvest/", harvesting.by_harvest, name="harvest"),
    path("catalogue/reviews/", editing.reviews, name="reviews"),
    path("catalogue/requests/", requesting.mine, name="requests"),
    path("catalogue/requests/decide/", requesting.to_decide, name="to_decide"),
    path("catalogue/requests/<str:id_>/", requesting.detail, name="request"),
    path("catalogue/grants/<str:id_>/", requesting.grant, name="grant"),
    path("catalogue/objections/", objecting.index, name="objections"),
    path("catalogue/objections/<str:id_>/", objecting.detail, name="objection"),
    path("catalogue/objections/<str:id_>/evidence/<str:file>/", objecting.evidence, name="evidence"),
    path("catalogue/quality/", quality.index, name="quality"),
    path("catalogue/<str:id_>/", catalogue.detail, name="resource"),
    path("catalogue/<str:id_>/compare/", catalogue.compare, name="compare"),
    path("catalogue/<str:id_>/edit/", editing.edit, name="edit"),
    path("catalogue/<str:id_>/review/", editing.review, name="review"),
    path("catalogue/<str:id_>/retire/", editing.retire, name="retire"),
    path("catalogue/<str:id_>/request/", requesting.ask, name="ask"),
    path("catalogue/<str:id_>/object/", objecting.doubt, name="doubt"),
    path("catalogue/<str:id_>/quality/", quality.detail, name="rules"),
]
