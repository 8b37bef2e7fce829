"""What this room does when others have done something."""

from tongban.base.kernel.api import on
from tongban.engine.documents.data import DocumentReady

from .actions import note_file
from .data import LICENCE


@on(DocumentReady)
def keep_digest(event: DocumentReady) -> None:
    """The PDF of a licence exists: its digest goes to the register."""
    if event.subject.kind == LICENCE:
        note_file(event.subject.id, event.document)
