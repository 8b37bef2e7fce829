"""The web process: `TONGBAN_SITE` says which of the two."""

import os

from django.core.wsgi import get_wsgi_application

from tongban.site import production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
application = get_wsgi_application()
production.check()
