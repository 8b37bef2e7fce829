"""Front door of the portal."""

from .actions import publish_notice, withdraw_notice
from .data import Notice
from .queries import notices

__all__ = ["Notice", "notices", "publish_notice", "withdraw_notice"]
