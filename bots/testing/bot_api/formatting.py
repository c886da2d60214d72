"""Texts with `parse_mode=HTML` (https://core.telegram.org/bots/api#html-style)."""

from html.parser import HTMLParser

from bots.testing.bot_api.refusals import bad_request

ALLOWED_TAGS = frozenset(
    "b strong i em u ins s strike del span tg-spoiler a tg-emoji code pre blockquote".split()  # noqa: SIM905
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        expected = self._open.pop() if self._open else ""
        if tag != expected:
            where = f"at byte offset {self.getpos()[1]}"
            raise bad_request(
                f'can\'t parse entities: Unmatched end tag {where}, expected "</{expected}>", found "</{tag}>"'
            )

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    def finish(self) -> str:
        self.close()
        if self._open:
            raise bad_request(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1]}\""
            )
        return "".join(self.shown)


def shown_text(text: str, parse_mode: str) -> str:
    """What people see of a text. Raises Refusal when its markup is wrong, or is of a mode that isn't covered here."""
    if not parse_mode:
        return text
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    reader = _Reader()
    reader.feed(text)
    return reader.finish()
