"""Starts the kernel: finds every room's handlers and jobs, then nothing more may be registered."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps


class KernelConfig(AppConfig):
    name = "tongban.base.kernel"
    label = "kernel"

    def ready(self) -> None:
        for config in apps.get_app_configs():
            if config.name.startswith("tongban."):
                for part in ("handlers", "jobs"):
                    if find_spec(f"{config.name}.{part}"):
                        import_module(f"{config.name}.{part}")
