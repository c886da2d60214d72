"""Places off this machine that seals are sent to, chosen by the scheme of their addresses."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from smtplib import SMTPException
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from audit.seals.chain import Seal, to_line

HTTP_TIMEOUT_SECONDS = 10.0


class NotDelivered(Exception):
    """The destination didn't take the seals; they are sent again later."""


class Destination(ABC):
    """One place. `name` tells it apart in the admin and the log, without passwords."""

    interval_seconds = 0

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
        self.name = f"{parts.scheme}:{'//' if host else ''}{host}{parts.path}"

    @abstractmethod
    def send(self, seals: Sequence[Seal]) -> None:
        """Hand over `seals`, in order; when this returns, they are kept there. Raises NotDelivered.

        The same seal may come twice, when we couldn't note that it had been sent.
        """


class FileDestination(Destination):
    """Appends to a file, on a share or disk that others than the database's administrators control."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._path = Path(unquote(urlsplit(address).path))

    def send(self, seals: Sequence[Seal]) -> None:
        lines = "".join(f"{to_line(seal)}\n" for seal in seals).encode()
        try:
            with self._path.open("ab+") as file:
                file.write(self._end_of_broken_line(cast(BinaryIO, file)) + lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise NotDelivered(str(error)) from error

    @staticmethod
    def _end_of_broken_line(file: BinaryIO) -> bytes:
        """A full disk may have cut the last line; what follows must not be glued to it."""
        size = file.seek(0, os.SEEK_END)
        if not size:
            return b""
        file.seek(size - 1)
        return b"" if file.read(1) == b"\n" else b"\n"


class HttpDestination(Destination):
    """Posts lines of JSON to a collector; any 2xx answer means that they are kept."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._address = address

    def send(self, seals: Sequence[Seal]) -> None:
        content = "".join(f"{to_line(seal)}\n" for seal in seals)
        headers = {"Content-Type": "application/x-ndjson"}
        try:
            answer = httpx.post(self._address, content=content, headers=headers, timeout=HTTP_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise NotDelivered(f"HTTP {answer.status_code}")


class MailDestination(Destination):
    """Mails the seals of an hour as a file; the mailbox's date is a witness that nobody here can change."""

    interval_seconds = 60 * 60

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._to = urlsplit(address).path

    def send(self, seals: Sequence[Seal]) -> None:
        first, last = seals[0].number, seals[-1].number
        with override(settings.LANGUAGE_CODE):
            subject = _("Electionsite: seals %(first)d to %(last)d of the audit log") % {"first": first, "last": last}
            body = _("Keep the attached file. With it, `manage.py verify_audit --copy FILE` checks the audit log.")
        mail = EmailMessage(subject, body, to=[self._to])
        lines = "".join(f"{to_line(seal)}\n" for seal in seals)
        mail.attach(f"seals-{first}-{last}.jsonl", lines, "application/x-ndjson")
        try:
            mail.send()
        except (OSError, SMTPException) as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error


KINDS: dict[str, type[Destination]] = {
    "file": FileDestination,
    "http": HttpDestination,
    "https": HttpDestination,
    "mailto": MailDestination,
}


def configured_destinations() -> list[Destination]:
    """Those of `ELECTIONSITE_AUDIT_SEAL_COPIES`. Raises ImproperlyConfigured for an address of another kind."""
    return [_destination(address) for address in settings.AUDIT_SEAL_COPIES]


def _destination(address: str) -> Destination:
    kind = KINDS.get(urlsplit(address).scheme)
    if kind is None:
        raise ImproperlyConfigured("ELECTIONSITE_AUDIT_SEAL_COPIES takes file:, https:, http: and mailto: addresses.")
    return kind(address)
