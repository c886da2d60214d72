from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from bots.models.activity import Message
from bots.models.bot import Bot
from bots.models.outbox import OutboxMessage
from bots.models.person import BotUser

SEARCHED_CHARACTERS = 10_000  # PostgreSQL refuses to index the words of more than a megabyte


def searched_words() -> SearchVector:
    """The words by which contributions are found, as they are indexed."""
    return SearchVector(Left("text", SEARCHED_CHARACTERS), config="simple")


class Contribution(models.Model):
    """What a citizen contributed: the first text after they pressed one of the `contribute:` buttons.

    `state` and `assigned_to` are the staff's side of it; only services change them.
    """

    class Kind(models.TextChoices):
        IDEA = "idea", _("idea")
        COMPLAINT = "complaint", _("complaint")
        VOLUNTEER = "volunteer", _("volunteering")
        REPORT = "report", _("report")
        QUESTION = "question", _("question")

    class State(models.TextChoices):
        NEW = "new", _("new")
        SEEN = "seen", _("seen")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed")

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    bot_user = models.ForeignKey(
        BotUser, on_delete=models.CASCADE, related_name="contributions", verbose_name=_("bot user")
    )
    # Without a constraint: messages are kept in parts, and no key of such a table is without its time.
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="contribution", verbose_name=_("message"), db_constraint=False
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    text = models.TextField(_("text"))
    occurred_at = models.DateTimeField(_("time"), db_index=True)
    # The database knows the default, too: those who store what came needn't know of the staff's side.
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.NEW, db_default=State.NEW)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("answer_contribution", _("Can answer, close and reopen contributions")),
            ("assign_contribution", _("Can assign contributions to staff")),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="contribution_by_state"),
            GinIndex(searched_words(), name="contribution_words"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class ContributionAnswer(models.Model):
    """What staff answered to a contribution; `delivery` takes it to the citizen."""

    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="answers", verbose_name=_("contribution")
    )
    text = models.TextField(_("text"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )
    answered_at = models.DateTimeField(_("time"), auto_now_add=True)
    delivery = models.OneToOneField(
        OutboxMessage, on_delete=models.CASCADE, related_name="+", verbose_name=_("delivery")
    )

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.text[:60]
