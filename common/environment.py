"""The one typed reader of the environment; each secret may come from a file named by `<NAME>_FILE`."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

PROJECT_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "test", "production")


class _Variables(FileAwareMapping):  # type: ignore[misc]  # the library has no types
    """Variables and files named by `<NAME>_FILE`, without the line's end that editors add; an empty one is unset."""

    def __getitem__(self, name: str) -> str:
        try:
            value = super().__getitem__(name).strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {error.filename}, which can't be read.") from error
        if not value:
            raise KeyError(name)
        return str(value)


class Environment(environ.Env):  # type: ignore[misc]
    ENVIRON = _Variables(cache=False)


environment = Environment()


def environment_name() -> str:
    """Which of `development`, `test` and `production` this process runs in (`ELECTIONSITE_ENVIRONMENT`).

    Raises ImproperlyConfigured for any other word, so that a typing error can't loosen production.
    """
    name = environment.str("ELECTIONSITE_ENVIRONMENT", default="development")
    if name not in ENVIRONMENTS:
        raise ImproperlyConfigured(
            f"ELECTIONSITE_ENVIRONMENT is {name!r}; it must be one of {', '.join(ENVIRONMENTS)}."
        )
    return str(name)


def data_dir() -> Path:
    """Where this machine's own data lives (`ELECTIONSITE_DATA_DIR`, `var/` of the checkout by default)."""
    return Path(environment.str("ELECTIONSITE_DATA_DIR", default=str(PROJECT_DIR / "var"))).resolve()


class Secrets:
    """Reads secrets; remembers which are missing in production so that all are told at once."""

    def __init__(self) -> None:
        self.missing: list[str] = []

    def read(self, name: str, make: Callable[[], str]) -> str:
        """The secret `name`; outside production one is made by `make` and kept in the data folder."""
        value = environment.str(name, default="")
        if value:
            return str(value).strip()
        if environment_name() == "production":
            self.missing.append(name)
            return ""
        return _local_secret(name.lower(), make)

    def require(self, name: str) -> None:
        """Note that production can't run without the setting `name`."""
        if environment_name() == "production" and not environment.str(name, default=""):
            self.missing.append(name)

    def refuse_if_missing(self) -> None:
        """Raises ImproperlyConfigured naming every missing setting."""
        if self.missing:
            names = ", ".join(f"{name} (or {name}_FILE)" for name in self.missing)
            raise ImproperlyConfigured(f"Production needs these settings: {names}. See .env.example.")


def _local_secret(name: str, make: Callable[[], str]) -> str:
    """A secret of this machine, made once; two processes that start together get the same one."""
    folder = data_dir() / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        handle, draft_name = tempfile.mkstemp(dir=folder)
        draft = Path(draft_name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(make())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="utf-8")
