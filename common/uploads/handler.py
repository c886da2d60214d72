"""Stopping a request that is far too large before its files fill the disk."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from common.uploads.judge import MAXIMUM_BYTES

# Twice as much as a file may have: somebody whose file is somewhat too large should read so beside the field.
MAXIMUM_REQUEST_BYTES = 2 * MAXIMUM_BYTES


class LimitedUploadHandler(FileUploadHandler):
    """The first of `FILE_UPLOAD_HANDLERS`: answers 400 to a form above 20 MB without reading it."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 (Django passes it by this name)
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        if content_length > MAXIMUM_REQUEST_BYTES:
            raise RequestDataTooBig(f"A form of {content_length} bytes was refused.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Passes everything on to the handlers that keep it."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Keeps nothing."""
