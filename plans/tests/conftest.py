import pytest

from plans.tests.tracks import Watch


@pytest.fixture
def watch(monkeypatch) -> Watch:
    """The only source of alerts; it says that nothing is wrong until told otherwise."""
    return Watch(monkeypatch)
