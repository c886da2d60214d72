import datetime as dt
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.agents import describe_agent
from accounts.models.user import User

PUBLIC_ID_BYTES = 16
LONGEST_PUBLIC_ID = 2 * PUBLIC_ID_BYTES  # in hex


def make_public_id() -> str:
    """A random name for a session, which opens nothing: it stands in pages and in the audit log."""
    return secrets.token_hex(PUBLIC_ID_BYTES)


class SessionEnd(models.TextChoices):
    """How a session ended."""

    SIGNED_OUT = "signed_out"
    ENDED = "ended"  # by its person, from another browser
    ENDED_BY_OWNER = "ended_by_owner"
    SIGNED_IN_AGAIN = "signed_in_again"  # in the same browser
    IDLE = "idle"
    EXPIRED = "expired"
    ACCOUNT_CLOSED = "account_closed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (no password)
    FACTOR_RESET = "factor_reset"


class LiveSessions(models.QuerySet["StaffSession"]):
    def live(self) -> "LiveSessions":
        """Those that would be let in now."""
        now = timezone.now()
        return self.filter(ended_at=None, last_seen_at__gt=now - idle_limit(), started_at__gt=now - age_limit())


class StaffSession(models.Model):
    """A browser in which somebody is signed in. What is written here decides, whatever the cache remembers."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("staff member"))
    public_id = models.CharField(max_length=LONGEST_PUBLIC_ID, unique=True, default=make_public_id, editable=False)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    agent = models.CharField(_("browser"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("signed in"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end = models.CharField(_("how it ended"), max_length=20, blank=True, choices=SessionEnd)

    objects = LiveSessions.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-last_seen_at"]
        indexes = [models.Index(fields=["ended_at"], name="staff_session_ended")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def agent_words(self) -> str:
        """The browser as people call it, in the reader's language."""
        return describe_agent(self.agent)

    def limit_reached(self) -> SessionEnd | None:
        """The limit that this session has reached by now, if any."""
        now = timezone.now()
        if now - self.started_at >= age_limit():
            return SessionEnd.EXPIRED
        return SessionEnd.IDLE if now - self.last_seen_at >= idle_limit() else None


def idle_limit() -> dt.timedelta:
    """After how long without a request a session ends."""
    return dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS)


def age_limit() -> dt.timedelta:
    """After how long a session ends, however busy."""
    return dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
