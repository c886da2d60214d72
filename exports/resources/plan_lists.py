"""What the plans' own lists are exported with; the headings are those that an import reads."""

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from exports.resources.columns import Column, ExportResource, Kind
from plans.models import DiscountCampaign, Plan, Stage

CODES = (
    Plan.objects.filter(campaigns=OuterRef("pk"))
    .order_by()
    .values("campaigns")
    .annotate(codes=StringAgg("code", delimiter=Value(", "), order_by="code"))
    .values("codes")
)


class PlanResource(ExportResource):
    code = Column(_("Plan's code"), reads="code", width=18)
    name_fa = Column(_("Persian name"), reads="name_fa", width=24)
    name_en = Column(_("English name"), reads="name_en", width=24)
    price_rials = Column(_("Price in rials"), reads="price_rials", kind=Kind.NUMBER, width=18)
    entitlements = Column(_("Entitlements"), reads="entitlements", kind=Kind.JSON, width=30)
    stage = Column(_("Stage"), reads="stage", kind=Kind.CHOICE, words=lambda: dict(Stage.choices))

    class Meta:
        model = Plan
        fields = export_order = ("code", "name_fa", "name_en", "price_rials", "entitlements", "stage")


class CampaignResource(ExportResource):
    name = Column(_("Name"), reads="name", width=24)
    code = Column(_("Code"), reads="code", width=18)
    kind = Column(_("Discount"), reads="kind", kind=Kind.CHOICE, words=lambda: dict(DiscountCampaign.Kind.choices))
    value = Column(_("How much"), reads="value", kind=Kind.NUMBER)
    plans = Column(_("Plans"), reads=Coalesce(Subquery(CODES), Value(""), output_field=TextField()), width=24)
    starts_at = Column(_("From"), reads="starts_at", kind=Kind.JALALI, width=18)
    ends_at = Column(_("Until"), reads="ends_at", kind=Kind.JALALI, width=18)
    uses_at_most = Column(_("Uses at most"), reads="uses_at_most", kind=Kind.NUMBER)
    uses_per_candidate = Column(_("Uses for each candidate at most"), reads="uses_per_candidate", kind=Kind.NUMBER)
    use_count = Column(_("Uses"), reads="use_count", kind=Kind.NUMBER)
    is_active = Column(_("Active"), reads="is_active", kind=Kind.FLAG)

    class Meta:
        model = DiscountCampaign
        fields = export_order = (
            "name", "code", "kind", "value", "plans", "starts_at", "ends_at", "uses_at_most", "uses_per_candidate",
            "use_count", "is_active",
        )  # fmt: skip
