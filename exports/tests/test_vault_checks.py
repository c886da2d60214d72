"""Settings that exports would fail by, told before the first one does."""

import sys

import pytest

from exports.tests.s3_server import s3_store
from exports.tests.small_disk import small_disk
from exports.vault.checks import check_vault


def ids() -> list[str]:
    return [str(message.id) for message in check_vault()]


@pytest.fixture
def use(settings):
    """Has the vault lie in a bucket at that endpoint."""

    def use(endpoint_url: str | None = None) -> None:
        settings.STORAGES = {**settings.STORAGES, "exports": s3_store("bucket", endpoint_url=endpoint_url)}

    return use


def test_a_folder_that_is_made_later_is_well(vault_folder):
    assert not vault_folder.exists()
    assert ids() == []


def test_a_folder_that_others_may_look_into_is_told(vault_folder):
    vault_folder.mkdir(mode=0o700)
    assert ids() == []
    vault_folder.chmod(0o750)
    assert ids() == ["exports.W001"]


def test_a_folder_that_cannot_be_written_to_is_told(vault_folder):
    with small_disk(vault_folder, "ro"):  # root may write to any folder but on a disk that is mounted so
        assert ids() == ["exports.E002"]


def test_a_file_in_the_folder_s_place_is_told(vault_folder):
    vault_folder.write_text("a file")
    assert ids() == ["exports.E002"]
    vault_folder.unlink()


def test_a_bucket_without_its_library_is_told(use, monkeypatch):
    use()
    assert ids() == []
    use()
    monkeypatch.delitem(sys.modules, "exports.vault.s3")
    monkeypatch.setitem(sys.modules, "storages.backends.s3", None)
    assert ids() == ["exports.E001"]


def test_a_bucket_in_the_clear_is_told_in_production(use, settings):
    use("http://s3.internal:9000")
    assert ids() == []
    settings.IS_PRODUCTION = True
    assert ids() == ["exports.W002"]
    use("https://s3.example.ir")
    assert ids() == []
