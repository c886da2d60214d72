"""Where sessions lie: in PostgreSQL and the cache, under a hash of the key that the browser's cookie holds.

Django's own store keeps the keys themselves: whoever reads the table, a backup of it or Redis could go on with
anybody's session. The hash finds a session and opens none.
"""

from typing import Any

from django.contrib.sessions.backends.cached_db import SessionStore as CachedDatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone
from django.utils.crypto import salted_hmac

LONGEST_KEY = 40  # the column's, in Django's model; of hex digits that is 160 bits


def stored_key(session_key: str) -> str:
    """The hash of a session's key, under which the database and the cache know it."""
    return salted_hmac("accounts.session_store", session_key, algorithm="sha256").hexdigest()[:LONGEST_KEY]


class SessionStore(CachedDatabaseStore):
    """The engine of `SESSION_ENGINE`, for synchronous views; the asynchronous methods are Django's own."""

    @property
    def cache_key(self) -> str:
        return self.cache_key_prefix + stored_key(self._get_or_create_session_key())  # type: ignore[attr-defined,no-any-return]

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        rows = self.model.objects.filter(session_key=stored_key(self.session_key or ""))
        found = rows.filter(expire_date__gt=timezone.now()).first()
        if found is None:  # a key that we didn't make is never taken over
            self._session_key = None
        return found

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row: AbstractBaseSession = super().create_model_instance(data)
        row.session_key = stored_key(row.session_key)
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            super().delete(stored_key(key))
