"""Front door of the file store."""

from .actions import attach, check_fixity, receive, remove, sweep
from .data import FORMATS, IMAGES, MATERIALS, MB, STATES, File, Format, Scanner, Slot, State, size_in_words
from .queries import disposition, download, files_by_id, files_of, files_of_all, open_released, released
from .scanners import scanners

__all__ = [
    "FORMATS",
    "IMAGES",
    "MATERIALS",
    "MB",
    "STATES",
    "File",
    "Format",
    "Scanner",
    "Slot",
    "State",
    "attach",
    "check_fixity",
    "disposition",
    "download",
    "files_by_id",
    "files_of",
    "files_of_all",
    "open_released",
    "receive",
    "released",
    "remove",
    "scanners",
    "size_in_words",
    "sweep",
]
