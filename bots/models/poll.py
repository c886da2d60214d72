from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from bots.models.person import BotUser


class Poll(models.Model):
    """A poll as the platform knows it. Votes may arrive before its question does; then the question is empty."""

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="polls", verbose_name=_("bot"))
    platform_poll_id = models.CharField(_("platform's poll number"), max_length=64)
    question = models.TextField(_("question"), blank=True)
    is_closed = models.BooleanField(_("closed"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["bot", "platform_poll_id"], name="poll_once_per_bot")]

    def __str__(self) -> str:
        return self.question[:60] or self.platform_poll_id


class PollOption(models.Model):
    """An answer that can be chosen; `position` counts from 0, as `option_ids` of an answer do."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="options", verbose_name=_("poll"))
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("text"))

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
