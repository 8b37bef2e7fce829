"""The tests' database comes from `tongban.site.testing`; named here so that it wins over pytest-django's own."""

from tongban.site.testing import django_db_setup

__all__ = ["django_db_setup"]
