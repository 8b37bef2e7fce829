"""Addresses of the public site. The site room itself comes last, so this file mounts the others first."""

from tongban.trust.identity.api import checked_urlconf

from . import urls

urlpatterns = urls.of_rooms("public")
checked_urlconf(urlpatterns)
