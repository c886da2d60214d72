from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from plans.models.plan import Plan
from plans.models.subscription import Subscription


class SubscriberMove(models.Model):
    """One move of everybody who has the old plan to the new one, and perhaps its undoing.

    The counts grow with each part that is done, in its transaction. At the end every subscriber is accounted for,
    which constraints see to: before = moved + skipped + failed, and once it was undone, moved = returned + kept.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting to begin")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    old_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", verbose_name=_("old plan"))
    new_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", verbose_name=_("new plan"))
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("person")
    )
    before_count = models.PositiveIntegerField(_("subscribers before"), default=0)
    moved_count = models.PositiveIntegerField(_("moved"), default=0)
    skipped_count = models.PositiveIntegerField(_("skipped"), default=0)
    failed_count = models.PositiveIntegerField(_("failed"), default=0)
    returned_count = models.PositiveIntegerField(_("moved back"), default=0)
    kept_count = models.PositiveIntegerField(_("not moved back"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    undo_until = models.DateTimeField(_("can be undone until"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)
    progressed_at = models.DateTimeField(_("last progress"), default=timezone.now)

    class Meta:
        verbose_name = _("move of subscribers")
        verbose_name_plural = _("moves of subscribers")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("move_subscribers", _("Can move subscribers to another plan")),
            ("export_subscribermove", _("Can export what became of each subscriber of a move")),
        ]
        constraints = [
            models.CheckConstraint(name="move_between_two_plans", condition=~Q(old_plan=F("new_plan"))),
            models.CheckConstraint(
                name="move_accounts_for_all",
                condition=Q(state__in=["queued", "running"])
                | Q(before_count=F("moved_count") + F("skipped_count") + F("failed_count")),
            ),
            models.CheckConstraint(
                name="move_undone_accounts_for_all",
                condition=~Q(state="undone") | Q(moved_count=F("returned_count") + F("kept_count")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_plan.code} → {self.new_plan.code}"

    @property
    def handled_count(self) -> int:
        """How many of its subscribers the move, or its undoing, has been through."""
        if self.state in (self.State.UNDOING, self.State.UNDONE):
            return self.returned_count + self.kept_count
        return self.moved_count + self.skipped_count + self.failed_count

    @property
    def total_count(self) -> int:
        """How many subscribers the move, or its undoing, has to go through."""
        return self.moved_count if self.state in (self.State.UNDOING, self.State.UNDONE) else self.before_count


class SubscriberMovePart(models.Model):
    """Some thousands of a move's subscribers who wait for it. It is gone when each of them has a row instead."""

    move = models.ForeignKey(SubscriberMove, on_delete=models.PROTECT, related_name="parts")
    subscription_ids = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("part of a move")
        verbose_name_plural = _("parts of a move")
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.move_id}: {self.pk}"


class SubscriberMoveRow(models.Model):
    """What became of one subscriber in a move. Whose it is, the subscription says.

    There may be millions, so a row is written once, its key is what it is about, and no other index is kept up. That
    its move and its subscription are there isn't looked up for each: who writes rows has just locked both, and a
    trigger on either's table refuses to delete.
    """

    class Outcome(models.TextChoices):
        MOVED = "moved", _("moved")
        SKIPPED = "skipped", _("skipped")
        FAILED = "failed", _("failed")
        RETURNED = "returned", _("moved and moved back")
        KEPT = "kept", _("moved, and not moved back")

    class Why(models.TextChoices):
        """Why somebody was not moved, or not moved back. Whom the database refused keeps its own words instead."""

        ENDED = "ended", _("the subscription has ended")
        THERE_ALREADY = "there-already", _("had been moved there already")
        OTHER_PLAN = "other-plan", _("had been moved to another plan")
        LATER_MOVE = "later-move", _("a later move came in between")
        PLAN_RETIRED = "plan-retired", _("the new plan was retired meanwhile")
        NO_PRICE = "no-price", _("the new plan lost its price meanwhile")

    pk = models.CompositePrimaryKey("move_id", "subscription_id")
    move = models.ForeignKey(
        SubscriberMove, on_delete=models.PROTECT, related_name="rows", db_index=False, db_constraint=False
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="moves", db_index=False, db_constraint=False
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    why = models.CharField(_("why"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("subscriber of a move")
        verbose_name_plural = _("subscribers of a move")
        ordering = ["move_id", "subscription_id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.outcome}"

    @property
    def why_in_words(self) -> Any:
        """The reason as people read it."""
        return self.Why(self.why).label if self.why in self.Why.values else self.why
