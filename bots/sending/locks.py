"""One sender at a time for each bot, among all processes: by advisory locks of one database session.

PostgreSQL gives a lock back when the session ends, however the process ends. So who gets a bot's lock knows that
nobody else sends for it, and that what is on its way in the database was left there.
"""

from typing import Any

from django.db import connection

# Any number that nobody else uses as the first half of an advisory lock's key.
SENDERS = 7_204_012
# A machine that is cut off must not keep its bots for the two hours of the system's default.
NOTICE_DEATH = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"


class LockLost(RuntimeError):
    """The session that held the lock is gone, and with it the lock."""


class BotLocks:
    """The locks of this thread's session; each call must come from the same thread."""

    def __init__(self) -> None:
        self._sessions: dict[int, Any] = {}

    def take(self, bot_id: int) -> bool:
        """Whether the bot's lock is ours now."""
        with connection.cursor() as cursor:
            if connection.connection not in self._sessions.values():
                cursor.execute(NOTICE_DEATH)
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SENDERS, bot_id])
            is_ours = bool(cursor.fetchone()[0])
        if is_ours:
            self._sessions[bot_id] = connection.connection
        return is_ours

    def require(self, bot_id: int) -> None:
        """Raises LockLost when the lock went with its session."""
        connection.ensure_connection()
        if self._sessions.get(bot_id) is not connection.connection:
            raise LockLost(bot_id)

    def give_back(self, bot_id: int) -> None:
        """Let others have the bot; nothing to do where the session is gone."""
        session = self._sessions.pop(bot_id, None)
        if session is not None and session is connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SENDERS, bot_id])
