from common.testing.browser import _chromium, browser_page  # noqa: F401 (fixtures)
