from django.apps import AppConfig
from django.utils.translation import gettext_noop

gettext_noop("This field is required.")  # Django's text in our Chinese


class SiteConfig(AppConfig):
    name = "tongban.site"
    label = "site"

    # What Django's and the job runner's own tables give to the public process.
    public_tables = {
        "django_session": "SELECT, INSERT, UPDATE, DELETE",
        "django_content_type": "SELECT",
        "account_emailaddress": "SELECT, INSERT, UPDATE, DELETE",
        "account_emailconfirmation": "SELECT, INSERT, UPDATE, DELETE",
        "mfa_authenticator": "SELECT, INSERT, UPDATE, DELETE",
        "procrastinate_jobs": "SELECT, INSERT",
        "procrastinate_events": "INSERT",
        "procrastinate_periodic_defers": "SELECT",
    }

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares the site's own rights
