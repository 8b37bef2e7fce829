"""Addresses of the staff site. The site room itself comes last, so this file mounts the others first."""

from django.urls import include, path

from tongban.data.exchange.rest import router as exchange
from tongban.engine.registers.rest import router as registers
from tongban.trust.identity.api import checked_urlconf
from tongban.trust.keys.rest import router as keys

from . import rest, urls
from .continuing import continue_page
from .jobs_pages import jobs_page, retry
from .views import health, staff_home

own = [
    path("continue/", continue_page, name="continue"),
    path("jobs/", jobs_page, name="jobs"),
    path("jobs/<int:job>/retry/", retry, name="job_retry"),
]
urlpatterns = [
    rest.mounted("staff", {"registers": registers, "keys": keys, "exchange": exchange}),
    *urls.of_rooms("staff"),
    path("", include((own, "site"))),
    path("", staff_home, name="staff_home"),
    path("health/", health, name="health"),
]
handler500 = "tongban.site.views.server_error"
checked_urlconf(urlpatterns)
