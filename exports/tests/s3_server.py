"""An S3 server on loopback: moto's, which keeps objects and uploads as Amazon's does and is asked over real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
from botocore.client import Config
from moto.server import ThreadedMotoServer

KEYS = {"access_key": "exports", "secret_key": "of-this-test"}


def s3_store(bucket: str, folder: str = "exports", endpoint_url: str | None = None) -> dict[str, Any]:
    """A bucket's storage, as `electionsite.export_store` reads it from its address."""
    options = {"bucket_name": bucket, "location": folder, "endpoint_url": endpoint_url, "region_name": "us-east-1"}
    return {"BACKEND": "exports.vault.s3.S3VaultStorage", "OPTIONS": {**options, **KEYS}}


class S3Server:
    """`address` is that of the server; `client` is boto3's own, past our code."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id=KEYS["access_key"],
            aws_secret_access_key=KEYS["secret_key"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def new_store(self, folder: str = "exports") -> dict[str, Any]:
        """The storage for a fresh bucket, as the settings have it."""
        bucket = f"bucket-{uuid4()}"
        self.client.create_bucket(Bucket=bucket)
        return s3_store(bucket, folder, endpoint_url=self.address)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()
