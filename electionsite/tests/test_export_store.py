"""Where the files of exports are kept, read from the environment."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from electionsite.export_store import export_store

KEYS = {"access_key": "exports", "secret_key": "of-this-test"}


def test_an_address_is_read():
    assert export_store("var/exports", access_key="", secret_key="")["OPTIONS"] == {
        "location": str(Path.cwd() / "var/exports")
    }
    found = export_store("s3://bucket/one/two?endpoint=https://s3.example.ir&region=tehran", **KEYS)["OPTIONS"]
    assert found == {
        "bucket_name": "bucket",
        "location": "one/two",
        "endpoint_url": "https://s3.example.ir",
        "region_name": "tehran",
        **KEYS,
    }


@pytest.mark.parametrize("address", ["ftp://host/folder", "s3://", "s3://bucket?endpont=https://s3.example.ir"])
def test_an_address_with_a_slip_is_refused(address):
    with pytest.raises(ImproperlyConfigured, match="ELECTIONSITE_EXPORTS_STORE"):
        export_store(address, **KEYS)


def test_a_bucket_without_keys_is_refused():
    with pytest.raises(ImproperlyConfigured, match="ELECTIONSITE_EXPORTS_S3_ACCESS_KEY"):
        export_store("s3://bucket", access_key="", secret_key="")
