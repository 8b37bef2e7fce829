"""Only this room's addresses, and its REST shape where the site puts it."""

from django.urls import include, path
from ninja import NinjaAPI

from tongban.base.kernel.api import TongbanError
from tongban.engine.registers.rest import router
from tongban.trust.identity.api import guard, signed_in

rest = NinjaAPI(title="registers", urls_namespace="registers-test")
rest.add_router("/registers", router)
rest.add_exception_handler(
    TongbanError,
    lambda request, error: rest.create_response(
        request, {"error": str(error.message), "fields": {k: str(v) for k, v in getattr(error, "errors",
        {}).items()}}, status=error.status,
    ),
)  # fmt: skip
patterns, app_name, namespace = rest.urls
urlpatterns = [
    path("", include("tongban.engine.registers.urls_staff")),
    path("api/", (guard(patterns, signed_in), app_name, namespace)),
    path("", include("tongban.trust.identity.urls_staff")),
]
