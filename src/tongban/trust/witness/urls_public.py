"""Addresses on the public site."""

from django.urls import path

from . import views_public as views

app_name = "witness"
urlpatterns = [
    path("ledger/", views.open_ledger, name="open"),
    path("ledger/verify.pyz", views.program, name="program"),
    path("ledger/proof/<int:seq>/<str:leaf>/", views.proof, name="proof"),
    path("ledger/proof/<int:seq>/<str:leaf>/proof.json", views.proof_json, name="proof_json"),
    path("my/records/<str:kind>/<str:id>/", views.records_page, name="records"),
    path("my/records/<str:kind>/<str:id>/<int:seq>/receipt.json", views.own_receipt, name="own_receipt"),
]
