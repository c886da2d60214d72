"""What happens to plans, for those above who act on it."""

from functools import partial

from django.db import transaction
from django.dispatch import Signal

# Sent with `candidate_id` once it is committed that a candidate's subscription has begun or ended.
subscription_changed = Signal()


def tell_of_subscription(candidate_id: int) -> None:
    """Send `subscription_changed` after the commit; what goes wrong above doesn't undo what was sold."""
    transaction.on_commit(partial(subscription_changed.send_robust, sender=None, candidate_id=candidate_id))
