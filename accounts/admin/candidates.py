"""Candidates in the admin."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedModelAdmin, staff_user
from accounts.models import Candidate, User
from accounts.selectors import may_see_candidate_in
from audit.admin import AuditedModelAdmin
from common.admin import latin
from common.regions import region_of_city

CONTACT_PERMISSION = "accounts.view_contact"
CONTACT_FIELDS = ("phone", "email")
# A term that can be a phone number or an e-mail address, and isn't just the beginning of a name.
LIKE_CONTACT = re.compile(r"@|(\d\D?){7}")


class CandidateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Limited staff choose only cities whose regions they may see."""

    reader: User
    phone = forms.CharField(label=_("Phone"), required=False, max_length=32, widget=forms.TextInput({"dir": "ltr"}))
    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput({"dir": "ltr"}))

    class Meta:
        model = Candidate
        fields = ("code", "name", "city", "constituency", "contact_name", "phone", "email")

    def clean_city(self) -> str:
        city: str = self.cleaned_data["city"]
        if not may_see_candidate_in(self.reader, region_of_city(city).code, candidate_id=self.instance.pk):
            raise forms.ValidationError(_("You are limited to regions that this city doesn't lie in."))
        return city


@admin.register(Candidate)
class CandidateAdmin(ScopedModelAdmin, AuditedModelAdmin):
    """Phone and e-mail are for those with the permission to see them: to read, to change and to search by."""

    candidate_path = ""
    sensitive_noun = "accounts.candidate"
    sensitive_fields = {name: name for name in CONTACT_FIELDS}
    sensitive_verb = "contact_shown"
    form = CandidateForm
    list_display = ("name", "code_shown", "city", "region", "constituency")
    list_filter = ("region", "city")
    search_fields = ("code", "name")
    search_help_text = _("Code or name; or a whole phone number or e-mail address, where you may see them.")
    readonly_fields = ("region", "created_at")
    fieldsets = (
        (None, {"fields": ("code", "name", "city", "region", "constituency")}),
        (_("Contact"), {"fields": ("contact_name", *CONTACT_FIELDS)}),
        (None, {"fields": ("created_at",)}),
    )

    @admin.display(description=_("code"), ordering="code")
    def code_shown(self, candidate: Candidate) -> str:
        return latin(candidate.code)

    def get_fieldsets(self, request: HttpRequest, obj: Candidate | None = None) -> Any:
        hidden = () if _may_see_contact(request) else CONTACT_FIELDS
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in self.fieldsets
        ]

    def get_form(self, request: HttpRequest, obj: Candidate | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.reader = staff_user(request)  # the class is made anew for each request
        if not _may_see_contact(request):
            for name in CONTACT_FIELDS:
                form.base_fields.pop(name, None)
        return form

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Candidate], search_term: str
    ) -> tuple[QuerySet[Candidate], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if not term or not _may_see_contact(request):
            return found, may_repeat
        by_contact = self._by_contact(term)
        if by_contact and LIKE_CONTACT.search(term):
            self.record_search(request, "contact_searched", queryset.filter(by_contact))
        return queryset.filter(Q(pk__in=found.values("pk")) | by_contact), may_repeat

    @staticmethod
    def _by_contact(term: str) -> Q:
        by_contact = Q()
        for name in ("phone_index", "email_index"):
            fingerprint = Candidate._meta.get_field(name).index_of(term)  # type: ignore[union-attr]
            if fingerprint:  # letters have no digits, and an empty fingerprint is that of having no phone
                by_contact |= Q(**{name: fingerprint})
        return by_contact


def _may_see_contact(request: HttpRequest) -> bool:
    return staff_user(request).has_perm(CONTACT_PERMISSION)
