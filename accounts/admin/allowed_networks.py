"""The networks from which the admin can be reached, in the admin."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.admin_scope import staff_user
from accounts.models import AllowedNetwork
from accounts.recent_factor import RecentFactorAdminMixin
from accounts.selectors import may_edit_staff
from audit.admin import AuditedModelAdmin
from common.admin import latin
from common.client_address import client_address
from common.errors import DomainError
from common.networks import admits

LIST_PAGE = "admin:accounts_allowednetwork_changelist"


def lockout_markup(address: str) -> str:
    """`lockout_words` for pages, where an address within Persian words would come out in disorder."""
    return mark_safe(services.lockout_words(latin(address)))  # noqa: S308 (our own words, and an escaped address)


class AllowedNetworkForm(forms.ModelForm):  # type: ignore[type-arg]
    """A network that would leave out the reader's own address wants a tick."""

    address = ""
    accepts_lockout = forms.BooleanField(label=_("I understand that I lock myself out"), required=False)

    class Meta:
        model = AllowedNetwork
        fields = ("network", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "accepts_lockout" in self.fields:
            words = gettext("Needed only where none of the networks holds your own address, %(address)s.")
            self.fields["accepts_lockout"].help_text = words % {"address": latin(self.address)}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        new = cleaned.get("network")
        if new and not cleaned.get("accepts_lockout"):
            listed = AllowedNetwork.objects.values_list("network", flat=True)
            if not admits([*listed, new], self.address):
                self.add_error("accepts_lockout", lockout_markup(self.address))
        return cleaned


@admin.action(description=_("Remove from the list"), permissions=["delete"])
def remove_networks(model_admin: Any, request: HttpRequest, queryset: QuerySet[AllowedNetwork]) -> HttpResponse | None:
    """Ask, then remove all chosen networks or none."""
    response: HttpResponse | None = model_admin.removal(request, list(queryset))
    return response


@admin.register(AllowedNetwork)
class AllowedNetworkAdmin(RecentFactorAdminMixin, AuditedModelAdmin):
    """For owners who aren't limited to scopes; other staff with the permission may read it.

    A network isn't changed but replaced: its address is what the audit log and the people who allowed it speak of.
    """

    form = AllowedNetworkForm
    audit_saves = False  # the services record
    actions = (remove_networks,)
    list_display = ("network_shown", "note", "created_by", "created_at")
    list_select_related = ("created_by",)
    fields = ("network", "note", "accepts_lockout")
    readonly_fields = ("created_by", "created_at")

    @admin.display(description=_("network"), ordering="network")
    def network_shown(self, row: AllowedNetwork) -> str:
        return latin(row.network)

    def get_fields(self, request: HttpRequest, obj: AllowedNetwork | None = None) -> tuple[str, ...]:
        return ("network_shown", "note", "created_by", "created_at") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: AllowedNetwork | None = None) -> tuple[str, ...]:
        return ("network_shown", *self.readonly_fields) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: AllowedNetwork | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.address = client_address(request)  # the class is made anew for each request
        if obj:
            form.base_fields.pop("accepts_lockout", None)
        return form

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request: HttpRequest, obj: AllowedNetwork, form: Any, change: bool) -> None:
        actor, note = staff_user(request), form.cleaned_data["note"]
        if change:
            services.set_network_note(network=obj, note=note, actor=actor)
            return
        accepts = form.cleaned_data["accepts_lockout"]
        made = services.allow_network(network=str(obj.network), note=note, accepts_lockout=accepts, actor=actor)
        obj.pk = made.pk

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "GET" and not AllowedNetwork.objects.exists():
            words = gettext("The list is empty: the admin can be reached from every address in the world.")
            messages.warning(request, words)
        return super().changelist_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_delete_permission(request, row):
            return super().delete_view(request, object_id, *args, **kwargs)
        wanted = self.factor_wanted(request, "delete", may=True)
        return wanted or self.removal(request, [row]) or HttpResponseRedirect(reverse(LIST_PAGE))

    def removal(self, request: HttpRequest, doomed: Collection[AllowedNetwork]) -> HttpResponse | None:
        """The page that asks; None once the networks are removed."""
        if "confirmed" in request.POST:
            accepts = "accepts_lockout" in request.POST
            try:
                count = services.forbid_networks(networks=doomed, accepts_lockout=accepts, actor=staff_user(request))
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                words = ngettext("One network was removed.", "%(count)d networks were removed.", count)
                self.message_user(request, words % {"count": count}, messages.SUCCESS)
                return None
        return self._removal_page(request, doomed)

    def _removal_page(self, request: HttpRequest, doomed: Collection[AllowedNetwork]) -> HttpResponse:
        chosen = [row.pk for row in doomed]
        left = list(AllowedNetwork.objects.exclude(pk__in=chosen).values_list("network", flat=True))
        address = client_address(request)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Remove from the list"),
            "opts": self.opts,
            "chosen": doomed,
            "action": "remove_networks",
            "opens_to_all": not left,
            "lockout": "" if admits(left, address) else lockout_markup(address),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "accounts/remove_networks.html", context)

    def has_view_permission(self, request: HttpRequest, obj: AllowedNetwork | None = None) -> bool:
        return not staff_user(request).is_limited_to_scopes and bool(super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_edit_staff(staff_user(request)) and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: AllowedNetwork | None = None) -> bool:
        return may_edit_staff(staff_user(request)) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: AllowedNetwork | None = None) -> bool:
        return may_edit_staff(staff_user(request)) and bool(super().has_delete_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
