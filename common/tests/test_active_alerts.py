"""Asking what is wrong at present: what isn't told in time isn't known."""

import threading
import time

import pytest

from common import active_alerts as module
from common.active_alerts import active_alerts, register_alert_source


@pytest.fixture(autouse=True)
def _no_sources(monkeypatch):
    monkeypatch.setattr(module, "SOURCES", {})


@pytest.fixture
def stuck():
    """A source that hangs until the test is over, and how often it was begun."""
    release, begun = threading.Event(), []

    def hang():
        begun.append(1)
        release.wait(30)
        return ()

    yield hang, begun
    release.set()


def fail():
    raise ConnectionError


def test_without_anybody_who_watches_nothing_is_known():
    assert active_alerts() is None


def test_the_alerts_of_all_sources_are_told_once_each():
    register_alert_source("one", lambda: ["redis", "db"])
    register_alert_source("two", lambda: ("db",))
    register_alert_source("quiet", lambda: ())
    assert active_alerts() == ("db", "redis")


def test_no_alert_is_not_the_same_as_not_known():
    register_alert_source("quiet", lambda: ())
    assert active_alerts() == ()


def test_a_source_that_fails_makes_it_unknown_whatever_the_others_say():
    register_alert_source("quiet", lambda: ())
    register_alert_source("broken", fail)
    assert active_alerts() is None


def test_a_source_that_hangs_is_waited_for_a_second_and_keeps_one_thread(stuck):
    hang, begun = stuck
    register_alert_source("hanging", hang)
    register_alert_source("quiet", lambda: ())
    began_at = time.monotonic()
    assert active_alerts() is None
    assert active_alerts() is None
    assert time.monotonic() - began_at < 2
    assert len(begun) == 1
