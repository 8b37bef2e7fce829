from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "tongban.engine.documents"
    label = "documents"
    public_tables = {"documents_document": "SELECT, INSERT"}
    # Anybody may ask for a document; who sees its subject sees it.
    personal_tables = {"documents_document": ("tongban_sees(subject_kind, subject_id)", "true")}
