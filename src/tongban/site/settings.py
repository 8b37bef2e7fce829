"""Django settings. Deployment comes from the environment, policy from `regions/`, business from `packs/`.

`TONGBAN_SITE` says which process this is: `public` (citizens and enterprises), `staff` (offices), or `system`
(jobs and the command line). Public and staff have their own addresses, cookies and database roles (security R21).
"""

from __future__ import annotations

import os
from typing import Any

from django.utils.translation import gettext_lazy as _

from .database import configuration
from .home import checkout, exists, home, region_title, secret
from .mail import mail_server

SITE = os.environ.get("TONGBAN_SITE", "system")
PRODUCTION = os.environ.get("TONGBAN_PROFILE", "demo") == "production"
TONGBAN_DEMO = not PRODUCTION
TONGBAN_ZONE = os.environ.get("TONGBAN_ZONE", "outer")
TONGBAN_LINKAGE_ENGINE = os.environ.get("TONGBAN_LINKAGE_ENGINE", "duckdb")
TONGBAN_REGION = os.environ.get("TONGBAN_REGION", "hainan")
TONGBAN_REGION_TITLE = region_title(checkout() / "regions" / TONGBAN_REGION)
TONGBAN_HOME = home()
TONGBAN_CHECKOUT = checkout()
PUBLIC_PORT = int(os.environ.get("TONGBAN_PUBLIC_PORT", "8000"))
STAFF_PORT = int(os.environ.get("TONGBAN_STAFF_PORT", "8001"))
PUBLIC_URL = os.environ.get("TONGBAN_PUBLIC_URL", f"http://127.0.0.1:{PUBLIC_PORT}")
STAFF_URL = os.environ.get("TONGBAN_STAFF_URL", f"http://127.0.0.1:{STAFF_PORT}")
TONGBAN_ISSUERS = {"public": PUBLIC_URL, "staff": STAFF_URL}  # names of the OpenID issuers

DEBUG = False
SECRET_KEY = secret(f"django_{SITE}")
TONGBAN_OPENID_KEY = secret("openid_key")  # seals the keys that sign ID tokens
TONGBAN_LEDGER_HASH = os.environ.get("TONGBAN_LEDGER_HASH", "sha256")  # of a new ledger's tree; or sm3
TONGBAN_INDEX_KEY = secret("index_key")  # keyed hashes of personal numbers; rotates never or by re-indexing
ALLOWED_HOSTS = os.environ.get("TONGBAN_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")

ROOMS = [
    "tongban.base.kernel",
    "tongban.base.ledger",
    "tongban.base.calendars",
    "tongban.base.files",
    "tongban.trust.identity",
    "tongban.trust.openid",
    "tongban.trust.keys",
    "tongban.trust.seals",
    "tongban.trust.witness",
    "tongban.trust.alarms",
    "tongban.engine.search",
    "tongban.engine.notify",
    "tongban.engine.process",
    "tongban.engine.forms",
    "tongban.engine.documents",
    "tongban.engine.registers",
    "tongban.data.geography",
    "tongban.data.economy",
    "tongban.data.laws",
    "tongban.data.results",
    "tongban.data.licences",
    "tongban.data.catalogue",
    "tongban.data.transport",
    "tongban.data.exchange",
    "tongban.data.linkage",
    "tongban.data.node",
    "tongban.data.ferry",
    "tongban.work.hall",
    "tongban.portal",
    "tongban.packs",
    "tongban.site.admin_pages",
    "tongban.site",
]
ROOMS = [room for room in ROOMS if exists(f"{room}.apps")]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "oauth2_provider",
    "django_htmx",
    *ROOMS,
    "procrastinate.contrib.django",  # after the rooms, whose jobs it takes over when it is ready
]
PROCRASTINATE_ON_APP_READY = "tongban.base.kernel.events.install"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tongban.site.middleware.SafeHeaders",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tongban.trust.identity.sessions.Accounts",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tongban.site.continuing.KeepTyped",
    "tongban.site.middleware.Answers",
]

ROOT_URLCONF = "tongban.site.urls_public" if SITE == "public" else "tongban.site.urls_staff"
WSGI_APPLICATION = "tongban.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tongban.site.context.site",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": configuration(SITE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = None  # WhiteNoise finds the files where they lie
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = f"tongban_{SITE}_session"
CSRF_COOKIE_NAME = f"tongban_{SITE}_csrf"
LANGUAGE_COOKIE_NAME = "tongban_language"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "tongban.site.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 40
FILE_UPLOAD_HANDLERS = ["tongban.base.files.uploads.UnnamedUploadHandler"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

TONGBAN_CLAMD = os.environ.get("TONGBAN_CLAMD", "")  # ClamAV's daemon: a socket's path, or host:port
_MAIL = mail_server(os.environ.get("TONGBAN_MAIL_URL", ""))
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _MAIL.backend, _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = _MAIL.starttls, _MAIL.tls, 20
# What may be called over HTTP: hosts, addresses, networks (`tongban.base.kernel.egress`).
EGRESS = tuple(one.strip() for one in os.environ.get("TONGBAN_EGRESS", "").split(",") if one.strip())
OPEN_LICENCE = os.environ.get("TONGBAN_OPEN_LICENCE", "")  # address of the licence of open data, for DCAT
TONGBAN_SMS = os.environ.get("TONGBAN_SMS", "")  # the gateway of short messages
TONGBAN_SMS_TOKEN = os.environ.get("TONGBAN_SMS_TOKEN", "")
DEFAULT_FROM_EMAIL = os.environ.get("TONGBAN_MAIL_FROM", "no-reply@tongban.invalid")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "tongban.site.logs.Line", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"procrastinate": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}

if exists("tongban.trust.identity.settings"):
    from tongban.trust.identity.settings import *  # noqa: F403
if exists("tongban.trust.openid.settings"):
    from tongban.trust.openid.settings import *  # noqa: F403
