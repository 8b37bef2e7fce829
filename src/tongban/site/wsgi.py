"""The web process: `TONGBAN_SITE` says which of the two."""

import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from tongban.site import production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
application = get_wsgi_application()
production.check()
if proxies := os.environ.get("TONGBAN_PROXIES"):
    # Behind nginx the real client and https are told by headers, believed from these addresses only.
    application = wrap_wsgi_with_proxy_headers(application, proxies.split(","))
