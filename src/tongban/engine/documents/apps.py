from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "tongban.engine.documents"
    label = "documents"
    public_tables = {"documents_document": "SELECT, INSERT"}
