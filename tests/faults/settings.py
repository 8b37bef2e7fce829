"""A node with nothing but transport on it, and a table of effects to count."""

from tongban.site.database import configuration
from tongban.site.home import home, secret

TONGBAN_HOME = home()
TONGBAN_LEDGER_HASH = "sha256"
SECRET_KEY = secret("django_node")
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "tongban.base.kernel",
    "tongban.base.ledger",
    "tongban.data.transport",
    "procrastinate.contrib.django",
]
PROCRASTINATE_ON_APP_READY = "tongban.base.kernel.events.install"
DATABASES = {"default": configuration("system")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LOGGING = {
    "version": 1,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
