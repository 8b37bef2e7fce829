from django.apps import AppConfig

from .data import WRITTEN


class LedgerConfig(AppConfig):
    name = "tongban.base.ledger"
    label = "ledger"

    public_tables = {"ledger_leaf": f"SELECT, INSERT {WRITTEN}"}
