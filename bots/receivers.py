"""What bots do when something happens below them."""

from typing import Any

from bots.services.pauses import follow_plans_of


def follow_plans_at_once(sender: object, *, candidate_id: int, **_more: Any) -> None:
    """A plan has begun or ended. Where this fails, the scheduled look does it a few minutes later."""
    follow_plans_of(candidate_id=candidate_id)
