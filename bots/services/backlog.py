"""Watching how long updates wait."""

from constance import config
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from audit.alarms import raise_alarm
from bots.selectors import COUNT_WAITING_UP_TO, backlog


def watch_backlog() -> bool:
    """Raise the alarm `inbox-backlog` when an update waits longer than the system settings allow; returns whether."""
    found = backlog()
    if found.oldest_at is None:
        return False
    seconds = int((timezone.now() - found.oldest_at).total_seconds())
    if seconds <= config.INBOX_ALARM_SECONDS:
        return False
    raise_alarm("inbox-backlog", *_words(found.depth, seconds))
    return True


def _words(depth: int, seconds: int) -> tuple[object, ...]:
    waits = ngettext_lazy("%(count)d update waits in the inbox.", "%(count)d updates wait in the inbox.", "count") % {
        "count": depth
    }
    if depth >= COUNT_WAITING_UP_TO:
        waits = _("More than %(count)d updates wait in the inbox.") % {"count": depth}
    oldest = _("The oldest came %(seconds)d seconds ago.") % {"seconds": seconds}
    return waits, oldest, _("See that workers for the queue “projection” run, and that they keep up.")
