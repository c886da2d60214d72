from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.fields import BlindIndexField, EncryptedTextField
from common.normalise import normalise_mail, normalise_phone
from common.regions import city_choices, region_choices, region_of_city


class Candidate(models.Model):
    """A customer: someone who stands for election and has bots."""

    code = models.SlugField(_("code"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=150)
    city = models.CharField(_("city"), max_length=32, blank=True, choices=city_choices)
    region = models.CharField(_("region"), max_length=32, choices=region_choices, editable=False, db_index=True)
    constituency = models.CharField(_("constituency"), max_length=150, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=150, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_index = BlindIndexField(source="phone", normalise=normalise_phone, db_index=True)
    email = EncryptedTextField(_("e-mail"), blank=True, default="")
    email_index = BlindIndexField(source="email", normalise=normalise_mail, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["name"]
        permissions = [("view_contact", _("Can view candidates' phone and e-mail"))]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The region follows from the city, always."""
        self.region = region_of_city(self.city).code
        super().save(*args, **kwargs)
