"""Addresses both sites have; the names are those allauth expects."""

from django.urls import URLPattern, path

from .views import account, certificate, passkeys, visits

urlpatterns: list[URLPattern] = [
    path("account/sign-in/", account.sign_in, name="account_login"),
    path("account/sign-out/", account.sign_out, name="account_logout"),
    path("account/password/", account.change_password, name="account_change_password"),
    path("account/password/set/", account.set_password, name="account_set_password"),
    path("account/again/", account.again, name="account_reauthenticate"),
    path("account/factor/", account.factor, name="mfa_authenticate"),
    path("account/factor/again/", account.factor_again, name="mfa_reauthenticate"),
    path("account/factors/", account.factors, name="mfa_index"),
    path("account/factors/app/", account.factor_on, name="mfa_activate_totp"),
    path("account/factors/app/remove/", account.factor_off, name="mfa_deactivate_totp"),
    path("account/factors/recovery/", account.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/factors/recovery/new/", account.new_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/passkeys/", passkeys.passkeys, name="mfa_list_webauthn"),
    path("account/passkeys/new/", passkeys.passkey_new, name="mfa_add_webauthn"),
    path("account/passkeys/again/", passkeys.passkey_again, name="mfa_reauthenticate_webauthn"),
    path("account/passkeys/sign-in/", passkeys.passkey_sign_in, name="mfa_login_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkeys.passkey_remove, name="mfa_remove_webauthn"),
]
own: list[URLPattern] = [
    path("account/", account.account, name="account"),
    path("account/sign-out-everywhere/", account.sign_out_all, name="sign_out_all"),
    path("account/visits/", visits.own, name="visits"),
    path("account/visits/<str:id_>/end/", visits.end, name="visit_end"),
    path("account/certificate/", certificate.certificate, name="certificate"),
    path("account/certificate/challenge/", certificate.challenge_file, name="certificate_challenge"),
    path("account/certificate/tls/", certificate.certificate_tls, name="certificate_tls"),
]
