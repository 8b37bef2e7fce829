"""Nothing but the database and one address."""

from tongban.site.settings import *  # noqa: F403

DATABASES["default"]["OPTIONS"]["options"] = "-c tongban.system=on"  # noqa: F405 - it knows nobody at work
MIDDLEWARE = [
    "allauth.account.middleware.AccountMiddleware"
]  # allauth refuses to start without it; it does nothing here
ROOT_URLCONF = "bench.bare_urls"
