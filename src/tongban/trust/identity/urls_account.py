"""Addresses both sites have; the names are those allauth expects."""

from django.urls import URLPattern, path

from .views import account

urlpatterns: list[URLPattern] = [
    path("account/sign-in/", account.sign_in, name="account_login"),
    path("account/sign-out/", account.sign_out, name="account_logout"),
    path("account/password/", account.change_password, name="account_change_password"),
    path("account/again/", account.again, name="account_reauthenticate"),
    path("account/factor/", account.factor, name="mfa_authenticate"),
    path("account/factor/again/", account.factor_again, name="mfa_reauthenticate"),
    path("account/factors/", account.factors, name="mfa_index"),
    path("account/factors/app/", account.factor_on, name="mfa_activate_totp"),
    path("account/factors/app/remove/", account.factor_off, name="mfa_deactivate_totp"),
    path("account/factors/recovery/", account.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/factors/recovery/new/", account.new_recovery_codes, name="mfa_generate_recovery_codes"),
]
own: list[URLPattern] = [
    path("account/", account.account, name="account"),
    path("account/sign-out-everywhere/", account.sign_out_all, name="sign_out_all"),
]
