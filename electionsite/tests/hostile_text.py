"""Text that breaks pages, queries and files where somebody forgot to escape it; and a look whether it did."""

from html.parser import HTMLParser

from hypothesis import strategies as st

PROBE_TAG = "xss-probe"
PROBE_ATTRIBUTE = "onprobe"
BREAKING_OUT = (
    f"<{PROBE_TAG}>",
    f'"><{PROBE_TAG}>',
    f"'><{PROBE_TAG}>",
    f'" {PROBE_ATTRIBUTE}="1',
    f"' {PROBE_ATTRIBUTE}='1",
    f"x {PROBE_ATTRIBUTE}=1 ",
    f"</script><{PROBE_TAG}>",
    f"</textarea><{PROBE_TAG}>",
    f"</title><{PROBE_TAG}>",
    f"--><{PROBE_TAG}>",
    f"]]><{PROBE_TAG}>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)//",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "%(x)s %s {0} ${7*7}",
    "'; DROP TABLE accounts_user; --",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "\r\nSet-Cookie: probe=1",
)
ODD = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202e\u2066gnp.exe",
    "می‌خواهم \u200c\u200f",
    "۱۲۳٤٥٦",
    "-1",
    "9" * 40,
    "1e400",
    "NaN",
    "2026-13-45",
    "1404/13/32",
    "{}",
    "[]",
    "null",
    '{"a": ' * 50,
    "A" * 5000,
    "😀" * 300,
)
hostile_text = st.one_of(
    st.sampled_from(BREAKING_OUT), st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
)


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _value in attrs}
        is_injected = tag == PROBE_TAG or PROBE_ATTRIBUTE in names
        if is_injected or any(name.startswith("on") for name in names):
            self.found.append(self.get_starttag_text() or tag)


def injected(html: str) -> list[str]:
    """The tags of a page that hostile text has made; event handlers count, too, as no page of ours has any."""
    finder = _Finder()
    finder.feed(html)
    return finder.found
