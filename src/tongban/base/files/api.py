"""Front door of the file store."""

from .actions import attach, check_fixity, receive, remove, rewrap, sweep
from .data import FORMATS, IMAGES, MATERIALS, STATES, File, Format, Scanner, Slot, State, size_in_words
from .limits import MB
from .queries import disposition, download, files_by_id, files_of, files_of_all, open_released, released
from .scanners import scanners
from .sealing import Cipher, ContentKeys, content_keys

__all__ = [
    "FORMATS",
    "IMAGES",
    "MATERIALS",
    "MB",
    "STATES",
    "Cipher",
    "ContentKeys",
    "File",
    "Format",
    "Scanner",
    "Slot",
    "State",
    "attach",
    "check_fixity",
    "content_keys",
    "disposition",
    "download",
    "files_by_id",
    "files_of",
    "files_of_all",
    "open_released",
    "receive",
    "released",
    "remove",
    "rewrap",
    "scanners",
    "size_in_words",
    "sweep",
]
