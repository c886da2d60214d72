"""A bucket of an S3-compatible service, for many machines. Needs requirements-s3.in."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.functional import cached_property
from storages.backends.s3 import S3Storage

from exports.vault.storage import VaultEntry, disk_full, file_missing, store_away
from exports.vault.tink_format import piece_sizes

# A part has at least 5 MiB, a file at most 10,000 parts (S3's "Multipart upload limits"): ours may have 160 GB.
PART_BYTES = 16 * 1024 * 1024
MISSING = {"404", "NoSuchKey", "NoSuchUpload"}
NO_ROOM = {"XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "507"}
TALK = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 4},
    # Checksums that many services but Amazon's refuse. TLS guards the way, and each segment proves itself.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class S3VaultStorage(S3Storage):  # type: ignore[misc]  # the library has no types
    """Objects below `location` in a bucket. What is being written is a multipart upload, which nobody can read."""

    def __init__(self, **options: Any) -> None:
        super().__init__(client_config=TALK, **options)

    @contextmanager
    def new_file(self, name: str, *, keep_free_bytes: int) -> Iterator["_Sink"]:
        with _translated_errors():
            upload = self.bucket.Object(self._key(name)).initiate_multipart_upload()
        try:
            sink = _Sink(upload)
            yield sink
            sink.finish()
        except BaseException:
            with suppress(BotoCoreError, ClientError):
                upload.abort()
            raise

    def open_file(self, name: str) -> "_Source":
        with _translated_errors():
            return _Source(self.bucket.Object(self._key(name)))

    def remove(self, name: str) -> None:
        key = self._key(name)
        with _translated_errors():
            for upload in self._uploads(key):
                if upload["Key"] == key:
                    self.bucket.Object(key).MultipartUpload(upload["UploadId"]).abort()
            self.bucket.Object(key).delete()

    def entries(self) -> Iterator[VaultEntry]:
        start = self._key("")
        with _translated_errors():
            for file in self.bucket.objects.filter(Prefix=start):
                yield VaultEntry(file.key.removeprefix(start), file.last_modified, file.size)
            # MinIO takes a prefix for a whole key (minio/minio#20989), so all of the bucket are asked for.
            for upload in self._uploads(""):
                if upload["Key"].startswith(start):
                    # How much of it has come would be a request for each.
                    yield VaultEntry(upload["Key"].removeprefix(start), upload["Initiated"], 0, is_whole=False)

    def free_bytes(self) -> int | None:
        return None

    @cached_property
    def _folder(self) -> str:
        return f"{self.location.strip('/')}/" if self.location.strip("/") else ""

    def _key(self, name: str) -> str:
        return self._folder + name

    def _uploads(self, prefix: str) -> Iterator[Any]:
        pages = self.connection.meta.client.get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix):
            yield from page.get("Uploads", ())


class _Sink:
    """Collects a part and uploads it, so that memory holds one part of a file of any size."""

    def __init__(self, upload: Any) -> None:
        self._upload = upload
        self._part = bytearray()
        self._parts: list[dict[str, Any]] = []

    def write(self, data: memoryview) -> None:
        self._part += data
        if len(self._part) >= PART_BYTES:
            self._send()

    def finish(self) -> None:
        if self._part:
            self._send()
        with _translated_errors():
            self._upload.complete(MultipartUpload={"Parts": self._parts})

    def _send(self) -> None:
        number = len(self._parts) + 1
        with _translated_errors():
            answer = self._upload.Part(number).upload(Body=self._part)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._part.clear()


class _Source:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.size: int = file.content_length

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        with _translated_errors():
            answer = self._file.get(Range=f"bytes={start}-{end - 1}")
        with closing(answer["Body"]) as body:
            for size in piece_sizes(start, end):
                with _translated_errors():
                    piece = body.read(size)
                yield piece

    def close(self) -> None:
        """Nothing stays open between two requests."""


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in MISSING:
            raise file_missing() from error
        raise (disk_full() if code in NO_ROOM else store_away(error)) from error
    except BotoCoreError as error:
        raise store_away(error) from error
