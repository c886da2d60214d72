"""Erasing a person at their request, by staff."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.admin_scope import staff_user
from accounts.recent_factor import ask_again, is_recent
from bots.models import BotUser
from bots.services.erasure import ERASE_PERMISSION, erase_person
from bots.staff.page import page, refuse_without, visible
from common.errors import DomainError


class EraseForm(forms.Form):
    """Why somebody is erased."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.TextInput({"class": "vTextField"}),
        help_text=gettext_lazy("Such as how they asked for it. It stays in the audit log: name nobody in it."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def erase_page(request: HttpRequest, person_id: int) -> HttpResponse:
    """Ask once more and why, then erase. Both want a second factor that was shown lately."""
    refuse_without(request, "bots.view_botuser", ERASE_PERMISSION)
    person = get_object_or_404(visible(request, BotUser).defer("phone"), pk=person_id)
    if not is_recent(request):
        return ask_again(request)
    form = EraseForm(request.POST or None)
    if form.is_valid():
        try:
            erase_person(person_id=person.pk, reason=form.cleaned_data["reason"], actor=staff_user(request))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The person is erased."))
            return HttpResponseRedirect(reverse("admin:bots_botuser_changelist"))
    return page(request, "person_erase", {"title": _("Erase this person"), "person": person, "form": form})
