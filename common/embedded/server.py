"""What a server must tell so that a keeper can run it."""

import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from common.embedded.errors import EmbeddedServerMissingError

# sun_path in <sys/un.h> holds 108 bytes, the last of them NUL.
LONGEST_SOCKET_PATH = 107
# PostgreSQL reads a comma as "and another host", a quote as the start of a quoted folder.
FIT_FOR_ADDRESSES = re.compile(r"[\w/.+ -]+")


class Server(ABC):
    """An embedded server with its data in `folder/name`."""

    name: ClassVar[str]
    variable: ClassVar[str]
    wheel: ClassVar[str]
    socket_name: ClassVar[str]
    stop_signals: ClassVar[tuple[int, ...]]

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.data = folder / self.name
        self.log = folder / f"{self.name}.log"
        self.durable = durable

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder ready, and end what a killed keeper may have left."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers; called again and again while it starts, and free to finish setting it up."""

    @abstractmethod
    def url(self) -> str:
        """Its address, once it runs."""

    def run_as(self) -> dict[str, Any]:
        """Arguments of Popen that choose the system user."""
        return {}

    def wheel_folder(self) -> Path:
        """Where the wheel's files lie, found without importing it.

        Raises EmbeddedServerMissingError when it isn't installed.
        """
        spec = find_spec(self.wheel)
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedServerMissingError(self.variable)
        return Path(spec.submodule_search_locations[0])

    @property
    def _remembered(self) -> Path:
        return self.folder / f"{self.name}.socket-folder"

    def choose_socket_folder(self, owner: int) -> None:
        """Use the data folder for the socket, or a private temporary one where its path is too long or odd."""
        self.forget_socket_folder()
        path = self.data / self.socket_name
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH or not FIT_FOR_ADDRESSES.fullmatch(str(path)):
            short = tempfile.mkdtemp(prefix="electionsite-", dir="/tmp")  # TMPDIR may be as long
            os.chown(short, owner, -1)
            self._remembered.write_text(short, encoding="utf-8")

    def forget_socket_folder(self) -> None:
        """Remove the temporary folder, where there was one."""
        if self._remembered.exists():
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            self._remembered.unlink()

    @property
    def socket_folder(self) -> Path:
        return Path(self._remembered.read_text(encoding="utf-8")) if self._remembered.exists() else self.data
