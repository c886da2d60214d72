"""Pytest plugin: a real Chromium for tests marked `browser`, by way of pytest-django's `live_server`."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None


class WatchedPage:
    """A browser page and what went wrong on it: console errors, uncaught exceptions, failed requests."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("response", self._note_response)

    def _note_console(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def _note_response(self, response: Any) -> None:
        if response.status >= 400 and not response.url.endswith("/favicon.ico"):
            self.problems.append(f"{response.status}: {response.url}")

    def sign_in_as(self, live_server_url: str, session_key: str) -> None:
        """Use a session that the test has made."""
        self.page.context.add_cookies([{"name": "sessionid", "value": session_key, "url": live_server_url}])

    def read_in(self, live_server_url: str, language: str) -> None:
        """Read the pages in `language`, as the header's switch sets it."""
        self.page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server_url}])


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Any]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's synchronous API runs an event loop in this thread, which Django and django-constance take for
        # an asynchronous caller.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        patch.setattr(
            "constance.base.AsyncValueProxy", lambda key, config, default: config._get_sync_value(key, default)
        )
        with playwright_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGUMENTS))
            yield browser
            browser.close()


@pytest.fixture(autouse=True)
def _loop_of_playwright_set_aside(request: pytest.FixtureRequest) -> Iterator[None]:
    """Between its calls Playwright leaves its loop running in this thread, once a browser was started.

    Whatever a test without a browser does would be taken for a call from within that loop.
    """
    loop = None if "browser_page" in request.fixturenames else asyncio._get_running_loop()
    if loop is None:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def browser_page(_chromium: Any) -> Iterator[WatchedPage]:
    """A fresh page without cookies. Its `problems` should be empty at the end of a test."""
    context = _chromium.new_context()
    page = context.new_page()
    yield WatchedPage(page)
    context.close()
