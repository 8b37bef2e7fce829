"""Addresses both sites have: each site is an issuer of its own."""

from django.urls import URLPattern, path

from .views import authorize, endpoints, leave, mine

urlpatterns: list[URLPattern] = [
    path(".well-known/openid-configuration", endpoints.discovery, name="discovery"),
    path("openid/keys/", endpoints.keys, name="keys"),
    path("openid/authorize/", authorize.authorize, name="authorize"),
    path("openid/token/", endpoints.token, name="token"),
    path("openid/userinfo/", endpoints.userinfo, name="userinfo"),
    path("openid/revoke/", endpoints.revoke, name="revoke"),
    path("openid/introspect/", endpoints.introspect, name="introspect"),
    path("openid/leave/", leave.leave, name="leave"),
    path("account/systems/", mine.systems, name="mine"),
    path("account/systems/<str:id_>/disconnect/", mine.disconnect, name="disconnect"),
]
