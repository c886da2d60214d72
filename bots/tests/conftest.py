import pytest

from bots.models import Bot
from bots.services.bots import create_bot


@pytest.fixture
def bot(db) -> Bot:
    from accounts.testing import make_candidate

    return create_bot(candidate=make_candidate("tehran"), slug="tehran-1", name="Tehran bot", actor=None)
