from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditSeal(models.Model):
    """The proof that the audit rows `first_row_id` to `last_row_id` are those that were sealed.

    Each seal's `mac` covers its rows, itself and the seal before it: a chain. How it is computed: `audit.sealing`.
    """

    number = models.BigIntegerField(_("number"), primary_key=True)
    sealed_at = models.DateTimeField(_("sealed"))
    first_row_id = models.BigIntegerField(_("first row"))
    last_row_id = models.BigIntegerField(_("last row"))
    row_count = models.BigIntegerField(_("rows"))
    content_digest = models.BinaryField(_("digest of the rows"))
    row_digests = models.BinaryField(_("digest of each row"))
    previous_mac = models.BinaryField(_("mark of the seal before"))
    key_id = models.CharField(_("key"), max_length=16)
    mac = models.BinaryField(_("mark"))

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        ordering = ["-number"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.number}: {self.first_row_id}–{self.last_row_id}"
