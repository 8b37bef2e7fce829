from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tongban.base.ledger"
    label = "ledger"

    public_tables = {"ledger_leaf": "SELECT, INSERT"}
