"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "witness"
urlpatterns = [
    path("ledger/", views.index, name="index"),
    path("ledger/heads/", views.heads_page, name="heads"),
    path("ledger/leaves/", views.leaves, name="leaves"),
    path("ledger/leaves/<int:seq>/", views.leaf, name="leaf"),
    path("ledger/leaves/<int:seq>/receipt.json", views.leaf_receipt, name="leaf_receipt"),
    path("ledger/evidence/", views.evidence, name="evidence"),
]
