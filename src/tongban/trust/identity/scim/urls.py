"""Addresses of SCIM below `scim/v2/`."""

from django.urls import path

from . import views

urlpatterns = [
    path("ServiceProviderConfig", views.config),
    path("Schemas", views.schemas),
    path("Schemas/<str:id_>", views.schemas),
    path("ResourceTypes", views.types),
    path("ResourceTypes/<str:id_>", views.types),
    *(
        route
        for name in views.KINDS
        for route in (
            path(name, views.collection, {"name": name}),
            path(f"{name}/.search", views.search, {"name": name}),
            path(f"{name}/<str:id_>", views.resource, {"name": name}),
        )
    ),
    path("<path:rest>", views.not_here),
]
