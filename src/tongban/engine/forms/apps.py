from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "tongban.engine.forms"
    label = "forms"
    public_tables = {"forms_definition": "SELECT"}
