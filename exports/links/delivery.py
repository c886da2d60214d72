"""A file on its way to a browser: decrypted while it is sent, whole or from where an earlier try broke off."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import PurePath

from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from accounts.models import User
from audit.origin import acting_from, current_origin
from audit.security_events import log_security_event
from exports.errors import ExportFailedError
from exports.links.ranges import RangeNotSatisfiable, Span, asked_span
from exports.models import DownloadLink
from exports.services.links import note_delivered, note_resumed
from exports.vault import VaultReader

CONTENT_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


def deliver(request: HttpRequest, link: DownloadLink, reader: VaultReader, *, actor: User | None) -> HttpResponseBase:
    """The file, or the part of it that the request asks for; `reader` is closed with the response.

    A file that turns out to be damaged midway breaks the connection off: the browser, which was told how many bytes
    come, knows that it hasn't all.
    """
    etag = f'"{link.run.sha256}"'
    try:
        part = asked_span(request.headers, size=reader.size, etag=etag)
    except RangeNotSatisfiable:
        reader.close()
        headers = {"Content-Range": f"bytes */{reader.size}"}
        return HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    span = part or Span(0, reader.size, reader.size)
    if request.method == "HEAD":
        reader.close()
        response: HttpResponseBase = HttpResponse()
    else:
        if span.start:
            note_resumed(link=link, actor=actor, start=span.start)
        response = StreamingHttpResponse(Delivery(reader, span, link, actor))
    response.status_code = HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK
    if part:
        response.headers["Content-Range"] = part.content_range
    for name, value in _headers(link, span, etag).items():
        response.headers[name] = value
    return response


def _headers(link: DownloadLink, span: Span, etag: str) -> dict[str, str]:
    name = link.run.file_name
    return {
        "Accept-Ranges": "bytes",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
        "Content-Length": str(span.end - span.start),
        "Content-Type": CONTENT_TYPES.get(PurePath(name).suffix, "application/octet-stream"),
        "ETag": etag,
        # nginx would put what a slow reader hasn't taken yet on its disk, in clear.
        "X-Accel-Buffering": "no",
    }


class Delivery:
    """The bytes of `span`, and a note when the file's last one has been taken."""

    def __init__(self, reader: VaultReader, span: Span, link: DownloadLink, actor: User | None) -> None:
        self._reader = reader
        self._span = span
        self._link = link
        self._actor = actor
        self._origin = current_origin()  # the request's middleware is through before the first byte leaves

    def __iter__(self) -> Iterator[bytes]:
        release_database()
        with acting_from(self._origin):
            try:
                yield from self._reader.read_range(self._span.start, self._span.end)
            except ExportFailedError as error:
                self._note_broken(error)
                raise
            if self._span.end == self._span.size:
                note_delivered(link=self._link, actor=self._actor)

    def close(self) -> None:
        self._reader.close()

    def _note_broken(self, error: ExportFailedError) -> None:
        details = {"reason": error.code, "link": str(self._link.number)}
        log_security_event("export_file.damaged", actor=self._actor, target=self._link.run, details=details)


def release_database() -> None:
    """Give this thread's connection back: a download may take an hour, and PostgreSQL has few connections."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
