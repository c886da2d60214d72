from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tablib import Dataset

from common.errors import DomainError
from exports.imports.cells import LARGEST_NUMBER, CodeCell, EntitlementsCell, NumberCell
from exports.imports.resource import ImportColumn, ImportResource
from plans.models import Plan
from plans.services import change_plan, create_plan


class PlanImport(ImportResource):
    """Plans by their codes. New ones are drafts; what stage a plan is at, its own pages decide."""

    code = ImportColumn(gettext_lazy("Plan's code"), name="code", cell=CodeCell(), is_key=True, others=("کد", "کد طرح"))
    name_fa = ImportColumn(gettext_lazy("Persian name"), name="name_fa", is_required=True, others=("نام فارسی", "نام"))
    name_en = ImportColumn(gettext_lazy("English name"), name="name_en", is_required=True, others=("نام انگلیسی",))
    price_rials = ImportColumn(
        gettext_lazy("Price in rials"),
        name="price_rials",
        cell=NumberCell(largest=LARGEST_NUMBER),
        others=("قیمت", "قیمت به ریال"),
        help_text=gettext_lazy("Of new plans only: what an existing plan costs is changed on its own page."),
    )
    entitlements = ImportColumn(
        gettext_lazy("Entitlements"),
        name="entitlements",
        cell=EntitlementsCell(),
        others=("امکانات",),
        help_text=gettext_lazy('Such as {"people": 5000, "broadcasts": 10}.'),
    )

    class Meta:
        model = Plan
        import_id_fields = ("code",)
        fields = import_order = ("code", "name_fa", "name_en", "price_rials", "entitlements")
        skip_diff = True

    def load(self, table: Dataset) -> dict[Any, Any]:
        found = Plan.objects.filter(code__in={CodeCell().clean(code) for code in table["code"]}).order_by("pk")
        return {row.code: row for row in (found.select_for_update() if self.stores else found)}

    def key_of(self, row: Any) -> Any:
        return CodeCell().clean(row["code"])

    def refuse(self, instance: Plan, is_new: bool) -> None:
        if not is_new and "price_rials" in self.differing(instance):
            words = _("What an existing plan costs is changed on its own page.")
            raise DomainError("price-kept", words, fields={"price_rials": [words]})

    def create(self, instance: Plan) -> Plan:
        values = {name: getattr(instance, name) for name in self.get_import_order()}
        return create_plan(**values, actor=self.actor)

    def change(self, instance: Plan, changed: dict[str, Any]) -> None:
        change_plan(plan_id=instance.pk, **changed, actor=self.actor)
