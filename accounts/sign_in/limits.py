"""How many failed sign-ins are let by before a lock."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Guard(models.TextChoices):
    """Who counts failures: one guard for a name from one network, one for a name from anywhere."""

    PAIR = "pair", _("Name and address")
    NAME = "name", _("Name, from anywhere")


@dataclass(frozen=True)
class Limit:
    """`failures` within `window` bring a lock of `lock`, counted from the last of them.

    With `renews`, the window begins anew with each failure: the count is forgotten only after such a time of quiet.
    """

    failures: int
    window: dt.timedelta
    renews: bool
    lock: dt.timedelta


def limit_of(guard: str) -> Limit:
    """The limit that `guard` enforces.

    A name from one network: five failures, none a quarter of an hour after the one before. Whoever guesses locks
    out only their own network, not the person.

    A name from anywhere: fifty in an hour, against guesses from many networks. One network gets at most twenty
    passwords an hour past the first guard, since refused attempts aren't counted: nobody locks a person out from one
    network, however long they try. It takes three that guess for an hour, or ten at once, for a lock of a quarter of
    an hour, which an owner or the command `unlock_sign_in` ends. NIST SP 800-63B, section 5.2.2, asks for no more
    than 100 failures in a row.
    """
    lock: dt.timedelta = settings.AXES_COOLOFF_TIME
    if guard == Guard.PAIR:
        return Limit(failures=settings.AXES_FAILURE_LIMIT, window=lock, renews=True, lock=lock)
    return Limit(failures=50, window=dt.timedelta(hours=1), renews=False, lock=lock)
