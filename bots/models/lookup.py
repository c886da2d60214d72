from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from bots.models.person import BotUser


class PersonLookup(models.Model):
    """What people are found by. Triggers keep it, and write only when one of these changes.

    A person's own row changes with each of their messages, and each of its indexes would be written then: so the
    indexes that only staff's lists need stand here.
    """

    bot_user = models.OneToOneField(BotUser, on_delete=models.CASCADE, primary_key=True, related_name="lookup")
    platform_user_id = models.BigIntegerField()
    words = SearchVectorField()
    city = models.CharField(max_length=32, blank=True)
    source = models.CharField(max_length=64, blank=True)
    is_blocked = models.BooleanField()

    class Meta:
        default_permissions = ()
        indexes = [
            GinIndex(fields=["words"], name="lookup_words"),
            models.Index(fields=["city", "bot_user"], name="lookup_city"),
            models.Index(fields=["source", "bot_user"], name="lookup_source"),
            models.Index(fields=["bot_user"], condition=models.Q(is_blocked=True), name="lookup_blocked"),
            models.Index(fields=["platform_user_id"], name="lookup_platform_user"),
        ]

    def __str__(self) -> str:
        return str(self.platform_user_id)
