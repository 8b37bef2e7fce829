from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tongban.base.ledger"
    label = "ledger"
