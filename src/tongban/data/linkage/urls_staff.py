"""Addresses on the staff site."""

from django.urls import path

from . import views

app_name = "linkage"
urlpatterns = [
    path("registries/", views.index, name="index"),
    path("registries/deliveries/", views.deliveries, name="deliveries"),
    path("registries/deliveries/<str:id>/", views.delivery, name="delivery"),
    path("registries/differences/", views.own_sources, name="own_sources"),
    path("registries/differences/<str:id>/", views.differences, name="differences"),
    path("registries/differences/<str:id>/download/", views.download, name="download"),
    path("registries/review/<str:id>/", views.review, name="review"),
    path("registries/review/<str:id>/judge/", views.judge, name="judge"),
    path("registries/<slug:key>/review/", views.queue, name="queue"),
    path("registries/<slug:key>/<str:id>/sources/", views.lineage, name="lineage"),
    path("tax-governance/", views.topic, name="topic"),
    path("tax-governance/work/", views.topic_work, name="topic_work"),
    path("tax-governance/<str:id>/", views.suspect, name="suspect"),
]
