from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tablib import Dataset

from common.errors import DomainError
from exports.imports.cells import LARGEST_NUMBER, ChoiceCell, MomentCell, NumberCell, ObjectsCell, TextCell
from exports.imports.resource import ImportColumn, ImportResource, by_folded_code
from plans.discounts import code_key
from plans.models import DiscountCampaign, Plan, Stage
from plans.services import create_campaign
from plans.services.campaigns import refuse_bad_terms


class CampaignImport(ImportResource):
    """Discount campaigns by their codes: new ones only, as the terms of one that was told to people don't change."""

    name = ImportColumn(gettext_lazy("Name"), name="name", is_required=True, others=("نام",))
    code = ImportColumn(gettext_lazy("Code"), name="code", cell=TextCell(), is_key=True, others=("کد", "کد تخفیف"))
    kind = ImportColumn(
        gettext_lazy("Discount"),
        name="kind",
        cell=ChoiceCell(lambda: dict(DiscountCampaign.Kind.choices)),
        is_required=True,
        others=("نوع", "نوع تخفیف", "تخفیف"),
        help_text=gettext_lazy("percent or amount"),
    )
    value = ImportColumn(
        gettext_lazy("How much"),
        name="value",
        cell=NumberCell(largest=LARGEST_NUMBER),
        is_required=True,
        others=("مقدار",),
        help_text=gettext_lazy("Per cent from 1 to 100, or rials."),
    )
    chosen_plans = ImportColumn(
        gettext_lazy("Plans"),
        name="chosen_plans",
        called="plans",
        cell=ObjectsCell(),
        is_required=True,
        others=("طرح‌ها", "طرح"),
        help_text=gettext_lazy("Their codes, with commas between them."),
    )
    starts_at = ImportColumn(
        gettext_lazy("From"),
        name="starts_at",
        cell=MomentCell(),
        is_required=True,
        others=("از", "شروع"),
        help_text=gettext_lazy("Tehran time, such as 1404/09/01 14:30."),
    )
    ends_at = ImportColumn(
        gettext_lazy("Until"), name="ends_at", cell=MomentCell(), is_required=True, others=("تا", "پایان")
    )
    uses_at_most = ImportColumn(
        gettext_lazy("Uses at most"),
        name="uses_at_most",
        cell=NumberCell(),
        others=("سقف استفاده",),
        help_text=gettext_lazy("Empty: any number."),
    )
    uses_per_candidate = ImportColumn(
        gettext_lazy("Uses for each candidate at most"),
        name="uses_per_candidate",
        cell=NumberCell(),
        others=("سقف هر نامزد",),
    )

    class Meta:
        model = DiscountCampaign
        import_id_fields = ("code",)
        fields = import_order = (
            "name", "code", "kind", "value", "chosen_plans", "starts_at", "ends_at", "uses_at_most",
            "uses_per_candidate",
        )  # fmt: skip
        skip_diff = True

    def load(self, table: Dataset) -> dict[Any, Any]:
        self.fields["chosen_plans"].widget.found = by_folded_code(Plan.objects.exclude(stage=Stage.RETIRED))
        keys = {code_key(code) for code in table["code"]}
        found = list(DiscountCampaign.objects.filter(code_key__in=keys).prefetch_related("plans"))
        for campaign in found:
            campaign.chosen_plans = list(campaign.plans.all())  # type: ignore[attr-defined]
        return {campaign.code_key: campaign for campaign in found}

    def key_of(self, row: Any) -> Any:
        return code_key(row["code"])

    def import_instance(self, instance: Any, row: Any, **options: Any) -> None:
        super().import_instance(instance, row, **options)
        if instance.uses_per_candidate is None:
            instance.uses_per_candidate = 1
        instance.code_key = code_key(instance.code)

    def refuse(self, instance: Any, is_new: bool) -> None:
        if not is_new:
            words = _(
                "There is a campaign with this code, and the terms of a campaign don't change. Take another code."
            )
            raise DomainError("campaign-invalid", words)
        refuse_bad_terms(instance, instance.chosen_plans)

    def create(self, instance: Any) -> DiscountCampaign:
        terms = ("name", "code", "kind", "value", "starts_at", "ends_at", "uses_at_most", "uses_per_candidate")
        values = {name: getattr(instance, name) for name in terms}
        return create_campaign(**values, plans=instance.chosen_plans, actor=self.actor)
