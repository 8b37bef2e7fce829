"""Addresses of identity on the public site."""

from django.urls import include, path

from .urls_account import own
from .urls_account import urlpatterns as shared
from .views import account, agencies, levels

urlpatterns = [
    *shared,
    path("account/code/", account.code_request, name="account_code"),
    path("account/code/enter/", account.code_enter, name="account_code_enter"),
    path("account/reset/", account.reset_request, name="account_reset_password"),
    path("account/reset/code/", account.reset_code, name="account_reset_password_code"),
    path("account/register/", account.register, name="account_signup"),
    path("account/register/code/", account.register_code, name="account_signup_code"),
    path("account/register/details/", account.register_details, name="account_signup_details"),
    path(
        "",
        include(
            (
                [
                    *own,
                    path("account/real-name/", account.real_name, name="real_name"),
                    path("account/act-for/", account.act_for, name="act_for"),
                    path("account/levels/", levels.own, name="levels"),
                    path("account/levels/phone/", levels.phone, name="phone"),
                    path("account/levels/phone/code/", levels.phone_code, name="phone_code"),
                    path("account/agents/", agencies.agencies, name="agencies"),
                    path("account/agents/new/", agencies.new, name="agency_new"),
                    path("account/agents/<str:id_>/accept/", agencies.accept, name="agency_accept"),
                    path("account/agents/<str:id_>/revoke/", agencies.revoke, name="agency_revoke"),
                ],
                "identity",
            )
        ),
    ),
]
