from bots.testing.intake import intake, running_intake  # noqa: F401 (fixtures for all tests)
from bots.testing.platforms import no_real_platforms  # noqa: F401 (for all tests)
