"""Every change to plans."""

from plans.services.campaigns import create_campaign, delete_campaign, toggle_campaign
from plans.services.moves import (
    migrate_users_to_new_plan,
    preview_move,
    queue_move,
    queue_undo,
    resume_move,
    undo_move,
)
from plans.services.plans import change_plan, create_plan, delete_plan
from plans.services.release import (
    cancel_plan_release,
    disable_plan,
    enable_plan,
    release_due_plans,
    retire_plan,
    schedule_plan_release,
)
from plans.services.subscriptions import end_subscription, subscribe
from plans.services.testers import AddedTesters, add_beta_tester, add_beta_testers, remove_beta_tester

__all__ = [
    "AddedTesters",
    "add_beta_tester",
    "add_beta_testers",
    "cancel_plan_release",
    "change_plan",
    "create_campaign",
    "create_plan",
    "delete_campaign",
    "delete_plan",
    "disable_plan",
    "enable_plan",
    "end_subscription",
    "migrate_users_to_new_plan",
    "preview_move",
    "queue_move",
    "queue_undo",
    "release_due_plans",
    "remove_beta_tester",
    "resume_move",
    "retire_plan",
    "schedule_plan_release",
    "subscribe",
    "toggle_campaign",
    "undo_move",
]
