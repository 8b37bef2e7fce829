"""Addresses on the staff site."""

from django.urls import path

from .views import desk, keys, outside

app_name = "keys"
urlpatterns = [
    path("ca/", desk.waiting, name="desk"),
    path("ca/new/", desk.receive, name="receive"),
    path("ca/requests/<slug:request_id>/", desk.one_request, name="request"),
    path("ca/requests/<slug:request_id>/<slug:verb>/", desk.request_act, name="request_act"),
    path("ca/certificates/", desk.certificates, name="certificates"),
    path("ca/certificates/<slug:certificate_id>/", desk.one_certificate, name="certificate"),
    path("ca/certificates/<slug:certificate_id>/file.pem", desk.certificate_file, name="certificate_file"),
    path("ca/certificates/<slug:certificate_id>/<slug:verb>/", desk.certificate_act, name="certificate_act"),
    path("ca/outside/", outside.page, name="outside"),
    path("ca/outside/<slug:verb>/", outside.act, name="outside_act"),
    path("ca/policies/", desk.policy_list, name="policies"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/custody/", keys.custody, name="custody"),
    path("keys/custody/<slug:verb>/", keys.custody, name="custody_act"),
    path("keys/acts/<slug:act_id>/", keys.one_act, name="act"),
    path("keys/acts/<slug:act_id>/<slug:verb>/", keys.act_act, name="act_act"),
    path("keys/<slug:key_id>/", keys.one_key, name="key"),
    path("keys/<slug:key_id>/<slug:verb>/", keys.key_act, name="key_act"),
]
