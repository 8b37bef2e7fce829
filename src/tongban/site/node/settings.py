"""Django settings of a node process: few rooms, no site, no accounts; its own small database in its own home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tongban.site.database import configuration
from tongban.site.home import checkout, home, secret

TONGBAN_NODE = True  # this process takes what nodes take
TONGBAN_HOME = home()
TONGBAN_CHECKOUT = checkout()
TONGBAN_ZONE = os.environ.get("TONGBAN_ZONE", "outer")
TONGBAN_LEDGER_HASH = os.environ.get("TONGBAN_LEDGER_HASH", "sha256")
TONGBAN_NODE_RESERVE = int(os.environ.get("TONGBAN_NODE_RESERVE_MIB", "512")) << 20  # bytes the node keeps free
EGRESS = tuple(filter(None, os.environ.get("TONGBAN_EGRESS", "").split(",")))  # HTTP sources and sinks inside the house

DEBUG = False
SECRET_KEY = secret("django_node")  # also names rows to their receivers: it never changes

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "tongban.base.kernel",
    "tongban.base.ledger",
    "tongban.data.transport",
    "tongban.data.node",
    "procrastinate.contrib.django",
]
PROCRASTINATE_ON_APP_READY = "tongban.base.kernel.events.install"

DATABASES: dict[str, dict[str, Any]] = {"default": configuration("system")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = os.environ.get("TONGBAN_LANGUAGE", "zh-hans")
LOCALE_PATHS = [Path(__file__).parent / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"tongban": {"level": "INFO"}},
}
