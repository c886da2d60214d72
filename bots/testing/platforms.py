"""Pytest fixture: no test talks to a real platform by mistake."""

import pytest

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_real_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot without a server of its own reaches nobody, as in a place that is cut off."""
    from bots.models import Bot

    monkeypatch.setattr(Bot, "effective_api_root", property(lambda bot: (bot.api_root or NOWHERE).rstrip("/")))
