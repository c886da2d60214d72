from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tablib import Dataset

from accounts.models import Candidate
from accounts.selectors import candidates_visible_to, may_see_candidate_in
from accounts.services import create_candidate, update_candidate
from common.errors import DomainError
from common.regions import city_choices, region_of_city
from exports.imports.cells import ChoiceCell, CodeCell, MailCell, PhoneCell
from exports.imports.resource import ImportColumn, ImportResource

CONTACT = "accounts.view_contact"


class CandidateImport(ImportResource):
    """Candidates by their codes; the region follows from the city."""

    code = ImportColumn(
        gettext_lazy("Candidate's code"), name="code", cell=CodeCell(), is_key=True, others=("کد", "کد نامزد")
    )
    name = ImportColumn(gettext_lazy("Candidate"), name="name", is_required=True, others=("نام", "نامزد"))
    city = ImportColumn(
        gettext_lazy("City"),
        name="city",
        cell=ChoiceCell(lambda: dict(city_choices())),
        others=("شهر",),
        help_text=gettext_lazy("Its name or code."),
    )
    constituency = ImportColumn(gettext_lazy("Constituency"), name="constituency", others=("حوزه انتخابیه", "حوزه"))
    contact_name = ImportColumn(gettext_lazy("Contact person"), name="contact_name", others=("رابط", "شخص رابط"))
    phone = ImportColumn(
        gettext_lazy("Phone"), name="phone", cell=PhoneCell(), permission=CONTACT, others=("تلفن", "شماره تلفن")
    )
    email = ImportColumn(
        gettext_lazy("E-mail"), name="email", cell=MailCell(), permission=CONTACT, others=("ایمیل", "رایانامه")
    )

    class Meta:
        model = Candidate
        import_id_fields = ("code",)
        fields = import_order = ("code", "name", "city", "constituency", "contact_name", "phone", "email")
        skip_diff = True

    def load(self, table: Dataset) -> dict[Any, Any]:
        codes = {CodeCell().clean(code) for code in table["code"]}
        self._taken = set(Candidate.objects.filter(code__in=codes).values_list("code", flat=True))
        visible = candidates_visible_to(self.actor) if self.actor else Candidate.objects.all()
        found = visible.filter(code__in=codes).order_by("pk")
        return {row.code: row for row in (found.select_for_update() if self.stores else found)}

    def key_of(self, row: Any) -> Any:
        return CodeCell().clean(row["code"])

    def refuse(self, instance: Candidate, is_new: bool) -> None:
        if is_new and instance.code in self._taken:
            raise DomainError("candidate-invalid", _("This code is taken."))
        region = region_of_city(instance.city).code
        if self.actor and not may_see_candidate_in(self.actor, region, candidate_id=instance.pk):
            words = _("You are limited to candidates or regions that this one isn't among.")
            raise DomainError("outside-scope", words)

    def create(self, instance: Candidate) -> Candidate:
        values = {name: getattr(instance, name) for name in self.get_import_order()}
        return create_candidate(**values, actor=self.actor)

    def change(self, instance: Candidate, changed: dict[str, Any]) -> None:
        update_candidate(candidate_id=instance.pk, **changed, actor=self.actor)
