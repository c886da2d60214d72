"""What an attack looks like from inside, written to the audit log without letting the attack fill the disk."""

import logging
import re
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error, models, transaction

from audit.origin import current_origin
from audit.services import AuditUnavailable, record
from common.client_address import client_network
from common.sampling import admit

logger = logging.getLogger("electionsite.security")

KIND_PATTERN = re.compile(r"[a-z][a-z0-9_.]{0,54}")  # `security.` and this fit the log's action column
WINDOW_SECONDS = 60
ROWS_PER_ORIGIN = 10
ROWS_PER_KIND = 600


def log_security_event(
    kind: str,
    *,
    actor: AbstractBaseUser | None = None,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
) -> bool:
    """Write the audit row `security.<kind>` and a warning to the program's log; gives whether it was written.

    At most 10 rows a minute are written for a kind from one network (an IPv4 address, an IPv6 /64), and 600 for a
    kind from everywhere; the next row that is written tells in `left_out` how many were not. Details must be JSON
    and hold no secrets. The row has a transaction of its own; inside a caller's transaction it shares its fate.

    Never refuses: an event that can't be written to the database is in the program's log, and the request goes on.
    For acts, which must not happen unrecorded, call `audit.services.record`. The kinds in use stand in
    `docs/security/headers-and-input.md`. Raises ValueError for a kind that isn't lower-case words.
    """
    if not KIND_PATTERN.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of security event")
    left_out = _admit(kind)
    if left_out is None:
        return False
    details = {**(details or {}), **({"left_out": left_out} if left_out else {})}
    logger.warning("%s from %s: %r", kind, current_origin().address or "this machine", details)
    try:
        with transaction.atomic():
            record(action=f"security.{kind}", actor=actor, target=target, details=details)
    except (AuditUnavailable, Error):
        logger.exception("The security event %s is in this log only", kind)
        return False
    return True


def _admit(kind: str) -> int | None:
    network = client_network(current_origin().address)
    of_origin = admit(f"security:{kind}:{network}", limit=ROWS_PER_ORIGIN, window_seconds=WINDOW_SECONDS)
    if of_origin is None:
        return None
    of_kind = admit(f"security:{kind}", limit=ROWS_PER_KIND, window_seconds=WINDOW_SECONDS)
    return None if of_kind is None else of_origin + of_kind
