from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from common.regions import city_choices, region_choices
from exports.resources.columns import Column, ExportResource, Kind


class CandidateResource(ExportResource):
    """Candidates, with the person to talk to."""

    code = Column(_("Candidate's code"), reads="code", width=18)
    name = Column(_("Candidate"), reads="name", width=24)
    city = Column(_("City"), reads="city", kind=Kind.CHOICE, words=lambda: dict(city_choices()))
    region = Column(_("Region"), reads="region", kind=Kind.CHOICE, words=lambda: dict(region_choices()))
    constituency = Column(_("Constituency"), reads="constituency", width=22)
    contact_name = Column(_("Contact person"), reads="contact_name", width=22, is_personal=True)
    phone = Column(_("Phone"), reads="phone", kind=Kind.SECRET, width=16, is_personal=True)
    email = Column(_("E-mail"), reads="email", kind=Kind.SECRET, width=24, is_personal=True)
    created = Column(_("Created (Jalali)"), reads="created_at", kind=Kind.JALALI, width=18)
    created_at = Column(_("Created (Gregorian)"), reads="created_at", kind=Kind.MOMENT, width=22)

    class Meta:
        model = Candidate
        fields = export_order = (
            "code", "name", "city", "region", "constituency", "contact_name", "phone", "email", "created", "created_at",
        )  # fmt: skip
