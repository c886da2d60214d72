"""Reading where the files of exports are kept."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

OPTIONS = {"endpoint", "region"}


def export_store(address: str, *, access_key: str, secret_key: str) -> dict[str, Any]:
    """Django's storage for `address`: a folder, or `s3://bucket/folder?endpoint=https://…&region=…`.

    Raises ImproperlyConfigured for any other address, and for a bucket without its keys.
    """
    if "://" not in address:
        folder = str(Path(address).resolve())
        return {"BACKEND": "exports.vault.local.LocalVaultStorage", "OPTIONS": {"location": folder}}
    parts = urlsplit(address)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme != "s3" or not parts.netloc or query.keys() - OPTIONS:
        raise ImproperlyConfigured(
            "ELECTIONSITE_EXPORTS_STORE must be a folder or s3://bucket/folder?endpoint=https://…"
        )
    if not access_key or not secret_key:
        raise ImproperlyConfigured("A bucket needs ELECTIONSITE_EXPORTS_S3_ACCESS_KEY and …_SECRET_KEY.")
    return {
        "BACKEND": "exports.vault.s3.S3VaultStorage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "endpoint_url": query.get("endpoint"),
            "region_name": query.get("region"),
            "access_key": access_key,
            "secret_key": secret_key,
        },
    }
