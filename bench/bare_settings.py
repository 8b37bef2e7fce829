"""Nothing but the database and one address."""

from tongban.site.settings import *  # noqa: F403

MIDDLEWARE = [
    "allauth.account.middleware.AccountMiddleware"
]  # allauth refuses to start without it; it does nothing here
ROOT_URLCONF = "bench.bare_urls"
