"""Front door of the alarms."""

from .actions import close, raise_alarm, watch
from .queries import open_alarms, situation
from .rules import rules

__all__ = ["close", "open_alarms", "raise_alarm", "rules", "situation", "watch"]
