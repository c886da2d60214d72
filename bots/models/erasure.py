from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from common.crypto import blind_index


class ErasedPerson(models.Model):
    """That somebody was erased: nobody can read from it who, but whoever comes can be compared with it.

    A trigger refuses UPDATE, DELETE and TRUNCATE. A person may have several rows, one for each time.
    """

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    person_index = models.CharField(max_length=64)
    erased_at = models.DateTimeField(_("erased"), default=timezone.now)

    class Meta:
        verbose_name = _("erased person")
        verbose_name_plural = _("erased people")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [models.Index(fields=["bot", "person_index"], name="erased_person_of_bot")]

    def __str__(self) -> str:
        return f"{self.bot_id}: {self.person_index[:8]}…"

    @staticmethod
    def index_of(bot_id: int, platform_user_id: int) -> str:
        """The keyed fingerprint of a person of a bot; another bot's is another."""
        return blind_index(str(platform_user_id), context=f"bots.ErasedPerson.{bot_id}")
