import pytest

from bots.models import Bot
from bots.services.bots import create_bot
from bots.testing.intake import intake, running_intake  # noqa: F401 (fixtures for all tests)
from bots.testing.platforms import no_real_platforms  # noqa: F401 (for all tests)
from bots.tests.broadcasting import strict_telegram, telegram  # noqa: F401 (fixtures)
from bots.tests.conversing import john, maryam, messenger, talking_bot  # noqa: F401 (fixtures)


@pytest.fixture
def bot(db) -> Bot:
    from accounts.testing import make_candidate

    return create_bot(candidate=make_candidate("tehran"), slug="tehran-1", name="Tehran bot", actor=None)
