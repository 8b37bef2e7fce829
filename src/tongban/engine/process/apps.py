from django.apps import AppConfig


class ProcessConfig(AppConfig):
    name = "tongban.engine.process"
    label = "process"

    # An applicant may withdraw: the public process ends its own instance and tasks, and starts none.
    public_tables = {
        "process_definition": "SELECT",
        "process_key": "SELECT",
        "process_instance": "SELECT, UPDATE",
        "process_task": "SELECT, UPDATE",
        "process_timer": "SELECT, UPDATE, DELETE",
    }
