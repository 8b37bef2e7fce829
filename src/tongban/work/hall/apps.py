from django.apps import AppConfig


class HallConfig(AppConfig):
    name = "tongban.work.hall"
    label = "hall"

    _own = "SELECT, INSERT, UPDATE"
    public_tables = {
        "hall_item": "SELECT",
        "hall_itemmaterial": "SELECT",
        "hall_itemstep": "SELECT",
        "hall_itemfaq": "SELECT",
        "hall_itemfee": "SELECT",
        "hall_service": "SELECT",
        "hall_draft": "SELECT, INSERT, UPDATE, DELETE",
        "hall_case": _own,
        "hall_answers": "SELECT, INSERT",
        "hall_paper": "SELECT, INSERT",
        "hall_work": _own,
        "hall_correction": "SELECT, UPDATE",
        "hall_decision": "SELECT, INSERT",
        "hall_suspension": "SELECT",
        "hall_reservation": "SELECT, INSERT, DELETE",
        "hall_rating": "SELECT, INSERT",
        "hall_question": _own,
        "hall_valuereport": "SELECT, INSERT",
        "hall_itemversion": "SELECT",
    }

    def ready(self) -> None:
        from . import messages, permissions  # noqa: F401 - declares rights and message kinds
