"""Messages that go to many people at once."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from bots.models.bot import Bot
from bots.models.person import BotUser
from common import crypto

LONGEST_TEXT = 4096  # https://core.telegram.org/bots/api#sendmessage
LONGEST_CAPTION = 1024  # https://core.telegram.org/bots/api#sendphoto


class Broadcast(models.Model):
    """A message from a candidate to the people of one of their bots, or of all.

    What it says and to whom is fixed once it is sent: `start_broadcast` writes a delivery for each person. The counts
    follow the deliveries in the same transaction, so together with those that wait they always make the audience.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        AWAITING = "awaiting", _("awaiting approval")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("being sent")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="broadcasts", verbose_name=_("candidate")
    )
    bot = models.ForeignKey(
        Bot, on_delete=models.PROTECT, null=True, blank=True, related_name="broadcasts", verbose_name=_("bot")
    )
    title = models.CharField(_("title"), max_length=150)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    filters = models.JSONField(_("audience"), default=dict, blank=True)
    scheduled_for = models.DateTimeField(_("goes out at"), null=True, blank=True)
    deadline = models.DateTimeField(_("not after"), null=True, blank=True)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("written by"),
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    audience_count = models.PositiveIntegerField(_("people"), default=0, editable=False)
    sent_count = models.PositiveIntegerField(_("sent"), default=0, editable=False)
    failed_count = models.PositiveIntegerField(_("failed"), default=0, editable=False)
    blocked_count = models.PositiveIntegerField(_("blocked the bot"), default=0, editable=False)
    uncertain_count = models.PositiveIntegerField(_("uncertain"), default=0, editable=False)
    expired_count = models.PositiveIntegerField(_("expired"), default=0, editable=False)
    left_out_count = models.PositiveIntegerField(_("left out"), default=0, editable=False)

    # How fast it went lately, as measured every few seconds by who sends it.
    per_second = models.FloatField(default=0, editable=False)
    sampled_at = models.DateTimeField(null=True, editable=False)
    sampled_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        ordering = ["-id"]
        default_permissions = ("view", "change")
        permissions = [
            ("send_broadcast", _("Can send broadcasts, pause and stop them")),
            ("approve_broadcast", _("Can approve broadcasts of others")),
        ]
        indexes = [
            models.Index(fields=["candidate", "started_at"], name="broadcast_of_month"),
            models.Index(fields=["state"], condition=Q(state__in=["scheduled", "sending"]), name="broadcast_to_do"),
        ]
        constraints = [
            models.CheckConstraint(
                name="broadcast_over_accounts_for_all",
                condition=Q(finished_at__isnull=True)
                | Q(
                    audience_count=F("sent_count") + F("failed_count") + F("blocked_count") + F("uncertain_count")
                    + F("expired_count") + F("left_out_count")
                ),
            ),
            models.CheckConstraint(
                name="broadcast_quiet_hours_whole",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @property
    def settled_count(self) -> int:
        """For how many people it is known, or known to be unknown, what became of their message."""
        return sum(getattr(self, f"{state}_count") for state in BroadcastDelivery.SETTLED)

    @property
    def waiting_count(self) -> int:
        """How many messages are still to be sent, or on their way."""
        return self.audience_count - self.settled_count

    @property
    def is_open(self) -> bool:
        """Whether it can still be edited: nothing of it has gone out."""
        return self.state in (self.State.DRAFT, self.State.AWAITING, self.State.SCHEDULED)

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.STOPPED, self.State.DONE)

    def content_hash(self) -> str:
        """What an approval is bound to: everything that people get, who gets it, and when it may go out."""
        picture = getattr(self, "picture", None)
        content: dict[str, Any] = {
            "candidate": self.candidate_id,
            "bot": self.bot_id,
            "text": self.text,
            "buttons": self.buttons,
            "picture": picture.sha256 if picture else "",
            "filters": self.filters,
            "scheduled_for": self.scheduled_for.isoformat() if self.scheduled_for else "",
            "deadline": self.deadline.isoformat() if self.deadline else "",
            "quiet": [str(self.quiet_from or ""), str(self.quiet_until or "")],
        }
        return crypto.content_hash(content)


class BroadcastPicture(models.Model):
    """The picture of a broadcast. In the database, so that every machine that sends has it."""

    broadcast = models.OneToOneField(Broadcast, on_delete=models.CASCADE, related_name="picture")
    content = models.BinaryField()
    content_type = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("picture of a broadcast")
        verbose_name_plural = _("pictures of broadcasts")
        default_permissions = ()

    def __str__(self) -> str:
        return self.content_type


class BroadcastApproval(models.Model):
    """That a second person agreed to a broadcast exactly as it was, which the hash says."""

    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("broadcast")
    )
    content_hash = models.CharField(max_length=64)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved"), default=timezone.now)

    class Meta:
        verbose_name = _("approval of a broadcast")
        verbose_name_plural = _("approvals of broadcasts")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.broadcast}: {self.approved_by}"


class BroadcastDelivery(models.Model):
    """What became of a broadcast for one person.

    There may be millions, so the key is what the row is about. `attempts` counts how often it was taken up, and tells
    a late answer to an earlier attempt from one to this.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        BLOCKED = "blocked", _("blocked the bot")
        UNCERTAIN = "uncertain", _("uncertain")
        EXPIRED = "expired", _("expired")
        LEFT_OUT = "left_out", _("left out")

    class Why(models.TextChoices):
        """Why a message wasn't sent, where it is we who know. The platform's own words are kept as they are."""

        NO_ANSWER = "no-answer", _("no answer came: it may have arrived")
        SENDER_ENDED = "sender-ended", _("the sender ended: it may have arrived")
        WANTS_NONE = "wants-none", _("wants no more messages")
        BLOCKED = "blocked-before", _("had blocked the bot")
        STOPPED = "stopped", _("the broadcast was stopped")
        TOO_LATE = "too-late", _("the deadline had passed")
        ERASED = "erased", _("was erased")

    SETTLED = (State.SENT, State.FAILED, State.BLOCKED, State.UNCERTAIN, State.EXPIRED, State.LEFT_OUT)

    pk = models.CompositePrimaryKey("broadcast_id", "bot_user_id")
    broadcast = models.ForeignKey(Broadcast, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    bot_user = models.ForeignKey(BotUser, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("person"))
    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("bot"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("not before"), null=True)
    message_id = models.BigIntegerField(_("message number"), null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("delivery of a broadcast")
        verbose_name_plural = _("deliveries of broadcasts")
        ordering = ["broadcast_id", "bot_user_id"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["bot", "broadcast", "bot_user"],
                condition=Q(state__in=["queued", "sending"]),
                name="delivery_to_do",
            ),
            models.Index(fields=["bot"], condition=Q(state="sending"), name="delivery_on_its_way"),
            models.Index(
                fields=["broadcast", "state", "bot_user"],
                condition=Q(state__in=["failed", "blocked", "uncertain"]),
                name="delivery_not_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id}/{self.bot_user_id}: {self.state}"

    @property
    def reason_in_words(self) -> Any:
        """The reason as people read it."""
        return self.Why(self.reason).label if self.reason in self.Why.values else self.reason
