"""Django settings of identity, star-imported at the end of the site's settings."""

import os

AUTH_USER_MODEL = "identity.Person"
AUTHENTICATION_BACKENDS = ["tongban.trust.identity.signin.SignInBackend"]
PASSWORD_HASHERS = ["tongban.trust.identity.hashers.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("username", "name", "phone", "id_number")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# `__Host-` pins a cookie to this host and to HTTPS, which only production has.
_site = os.environ.get("TONGBAN_SITE", "system")
_host = "__Host-" if os.environ.get("TONGBAN_PROFILE") == "production" else ""
SESSION_COOKIE_NAME = f"{_host}tongban_{_site}_session"
CSRF_COOKIE_NAME = f"{_host}tongban_{_site}_csrf"

# Sessions end by identity/sessions.py: idle and absolute limits per site. The cookie itself ends with the
# browser.
SESSION_ENGINE = "tongban.trust.identity.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_SAVE_EVERY_REQUEST = False

ACCOUNT_ADAPTER = "tongban.trust.identity.signin.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_RATE_LIMITS = False  # ours are in PostgreSQL and hold for all processes (R24)
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_FORMS = {
    "login": "tongban.trust.identity.signin.SignInForm",
    "change_password": "tongban.trust.identity.signin.PasswordForm",
    "set_password": "tongban.trust.identity.signin.FirstPasswordForm",
    "reauthenticate": "tongban.trust.identity.signin.AgainForm",
}

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ADAPTER = "tongban.trust.identity.factors.FactorAdapter"
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers take passkeys from https and from this very machine only; outside production we are the latter.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = os.environ.get("TONGBAN_PROFILE") != "production"
MFA_TOTP_ISSUER = "Tongban"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "tongban.trust.identity.factors.SecondFactorForm",
    "activate_totp": "tongban.trust.identity.factors.AppForm",
    "add_webauthn": "tongban.trust.identity.factors.PasskeyForm",
    "login_webauthn": "tongban.trust.identity.factors.PasskeySignInForm",
}

# Staff sign in with a second factor. Accounts marked as demonstration are free of it outside production.
TONGBAN_SECOND_FACTOR = os.environ.get("TONGBAN_SECOND_FACTOR", "1") == "1"

# How many different people a member of staff may look up within an hour and a day (T2).
TONGBAN_LOOKUPS_HOUR = int(os.environ.get("TONGBAN_LOOKUPS_HOUR", "200"))
TONGBAN_LOOKUPS_DAY = int(os.environ.get("TONGBAN_LOOKUPS_DAY", "800"))

# Addresses of the proxies whose word on client certificates counts (mutual TLS); empty: nobody's. Such a proxy sets or
# clears X-Client-Verify and X-Client-Certificate on every request.
TONGBAN_TLS_PROXIES = tuple(filter(None, os.environ.get("TONGBAN_TLS_PROXIES", "").split(",")))
