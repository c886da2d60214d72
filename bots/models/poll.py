from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from bots.models.person import BotUser


class Poll(models.Model):
    """A poll that staff made, or one that the platform told of.

    The platform gives each sent copy of a staff's poll a number of its own: those are its `PlatformPoll` rows, and
    `platform_poll_id` is null. Of a poll that nobody made here, votes may arrive before its question does; then the
    question is empty.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="polls", verbose_name=_("bot"))
    platform_poll_id = models.CharField(_("platform's poll number"), max_length=64, null=True)  # noqa: DJ001
    question = models.TextField(_("question"), blank=True)
    allows_multiple_answers = models.BooleanField(_("several answers allowed"), default=False, db_default=False)
    is_closed = models.BooleanField(_("closed"), default=False)
    erased_voters = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("manage_poll", _("Can create, open and close polls"))]
        constraints = [models.UniqueConstraint(fields=["bot", "platform_poll_id"], name="poll_once_per_bot")]

    def __str__(self) -> str:
        return self.question[:60] or str(self.platform_poll_id)

    @property
    def state(self) -> State:
        """Where the poll stands; one that the platform told of was open from its beginning."""
        if self.is_closed:
            return self.State.CLOSED
        return self.State.OPEN if self.platform_poll_id or self.opened_at else self.State.DRAFT


class PlatformPoll(models.Model):
    """A sent copy of a staff's poll, as the platform numbers it; votes in it are votes in `poll`."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="copies", verbose_name=_("poll"))
    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    platform_poll_id = models.CharField(_("platform's poll number"), max_length=64)

    class Meta:
        verbose_name = _("sent copy of a poll")
        verbose_name_plural = _("sent copies of polls")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["bot", "platform_poll_id"], name="poll_copy_once_per_bot")]

    def __str__(self) -> str:
        return self.platform_poll_id


class PollOption(models.Model):
    """An answer that can be chosen; `position` counts from 0, as `option_ids` of an answer do.

    `erased_votes` are those of people who were erased since: a number, and nobody's.
    """

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="options", verbose_name=_("poll"))
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("text"))
    erased_votes = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        verbose_name = _("poll option")
        verbose_name_plural = _("poll options")
        ordering = ["poll", "position"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["poll", "position"], name="option_once_per_poll")]

    def __str__(self) -> str:
        return self.text


class PollAnswer(models.Model):
    """A person's latest vote in a poll; no options means that it was taken back."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="answers", verbose_name=_("poll"))
    bot_user = models.ForeignKey(
        BotUser, on_delete=models.CASCADE, related_name="poll_answers", verbose_name=_("bot user")
    )
    option_positions = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("chosen options"), blank=True)
    answered_at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("poll answer")
        verbose_name_plural = _("poll answers")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["poll", "bot_user"], name="vote_once_per_person")]

    def __str__(self) -> str:
        return f"{self.poll_id}: {self.option_positions}"
