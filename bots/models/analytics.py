"""What is counted ahead of time, so that a page about millions of people opens at once (docs/adr/0011)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot


class HourCount(models.Model):
    """How many new people, clicks, messages or contributions a bot had in an hour, as hours begin in Tehran."""

    class Kind(models.TextChoices):
        PERSON = "person", _("new people")
        CLICK = "click", _("clicks")
        MESSAGE = "message", _("messages")
        CONTRIBUTION = "contribution", _("contributions")

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    hour = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["bot", "kind", "hour"], name="hour_counted_once")]

    def __str__(self) -> str:
        return f"{self.bot_id} {self.kind} {self.hour}: {self.count}"


class RollUpMark(models.Model):
    """Up to which row of a kind the hours are counted; later rows are counted when somebody looks."""

    kind = models.CharField(max_length=12, choices=HourCount.Kind.choices, unique=True)
    last_id = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.last_id}"


class PeopleSnapshot(models.Model):
    """The people of a bot as they stood at `counted_at`: by city, by source, by week of first and last contact.

    `cohorts` has the Saturday of the week of first contact, under it that of last contact, and how many people.
    """

    bot = models.OneToOneField(Bot, on_delete=models.CASCADE, related_name="people_snapshot")
    counted_at = models.DateTimeField()
    people = models.BigIntegerField()
    blocked = models.BigIntegerField()
    cities = models.JSONField()
    sources = models.JSONField()
    cohorts = models.JSONField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.bot_id}: {self.people}"
