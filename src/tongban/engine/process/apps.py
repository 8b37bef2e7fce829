from django.apps import AppConfig


class ProcessConfig(AppConfig):
    name = "tongban.engine.process"
    label = "process"
