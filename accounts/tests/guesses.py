"""Guessing at passwords on the sign-in page."""

from typing import Any, ClassVar

from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, MD5PasswordHasher
from django.test import Client

PAGE = "/admin/login/"
WRONG = "Wrong, but 8 long"


def guess(username: str, password: str = WRONG, *, address: str = "198.51.100.7", language: str = "en") -> Any:
    """The answer of the sign-in page to a browser at `address`."""
    client = Client(REMOTE_ADDR=address)
    client.cookies["django_language"] = language
    return client.post(PAGE, {"username": username, "password": password})


class CountedHashes:
    """Mixin for hashers: notes each password that is hashed, as each is that is looked at."""

    passwords: ClassVar[list[str]] = []

    def encode(self, password: str, *args: Any, **kwargs: Any) -> Any:
        self.passwords.append(password)
        return super().encode(password, *args, **kwargs)  # type: ignore[misc]


class CountingBcrypt(CountedHashes, BCryptSHA256PasswordHasher):
    """The real one with fewer rounds: still slow enough that simultaneous guesses overlap."""

    rounds = 9


class CountingMd5(CountedHashes, MD5PasswordHasher):
    """The tests' own."""
