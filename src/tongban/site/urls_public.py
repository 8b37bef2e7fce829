"""Addresses of the public site. The site room itself comes last, so this file mounts the others first."""

from django.urls import include, path

from tongban.trust.identity.api import checked_urlconf
from tongban.work.hall.rest import router as hall

from . import rest, urls
from .continuing import continue_page
from .views import health

own = [path("continue/", continue_page, name="continue")]
urlpatterns = [
    rest.mounted("public", {"": hall}),
    *urls.of_rooms("public"),
    path("", include((own, "site"))),
    path("health/", health, name="health"),
]
handler500 = "tongban.site.views.server_error"
checked_urlconf(urlpatterns)
