"""Addresses on the staff site."""

from django.urls import path

from . import views, views_ask, views_desk

app_name = "exchange"
urlpatterns = [
    path("exchange/", views.console, name="console"),
    path("exchange/live/", views.live, name="live"),
    path("exchange/nodes/new/", views.invite, name="invite"),
    path("exchange/nodes/<slug:key>/", views.node, name="node"),
    path("exchange/nodes/<slug:key>/messages/", views.messages_of, name="messages"),
    path("exchange/nodes/<slug:key>/act/", views.act, name="act"),
    path("exchange/deliveries/", views_desk.deliveries, name="deliveries"),
    path("exchange/quarantine/", views_desk.quarantine, name="quarantine"),
    path("exchange/quarantine/<slug:row_id>/", views_desk.row, name="row"),
    path("exchange/ask/", views_ask.grants, name="grants"),
    path("exchange/ask/<slug:grant_id>/", views_ask.ask, name="ask"),
    path("exchange/answers/<slug:ask_id>/", views_ask.answer, name="answer"),
    path("node/enrol/", views.enrol, name="enrol"),
]
