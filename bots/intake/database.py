"""Asynchronous connections to the database that Django's settings name."""

from typing import Any

import psycopg
from django.db import connections
from psycopg.types.numeric import Int8BinaryDumper

APPLICATION_NAME = "electionsite-intake"
CONNECT_SECONDS = 5
_DJANGOS_OWN = {"context", "cursor_factory"}


async def connect() -> psycopg.AsyncConnection[Any]:
    """A new connection that commits each statement. Raises psycopg.OperationalError when there is none to be had."""
    wanted = connections["default"].get_connection_params()
    parameters = {name: value for name, value in wanted.items() if name not in _DJANGOS_OWN}
    parameters |= {"application_name": APPLICATION_NAME, "connect_timeout": CONNECT_SECONDS}
    connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
    # By default a number goes out as the smallest type that holds it: one statement would be of many shapes.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    return connection
