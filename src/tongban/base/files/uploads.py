"""Files on their way out of a form, before anybody has looked at them (setting `FILE_UPLOAD_HANDLERS`)."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class UnnamedUploadHandler(FileUploadHandler):
    """Streams into a file without name: however the request or the process ends, no plain copy stays behind (T39)."""

    file: UploadedFile[bytes]

    def new_file(self, *arguments: Any, **others: Any) -> None:
        """A part begins."""
        super().new_file(*arguments, **others)
        place = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the request
        about = (self.file_name, self.content_type, 0, self.charset, self.content_type_extra)
        self.file = UploadedFile(place, *about)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A piece of it."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """It is whole."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """The line broke."""
        self.file.close()
