"""Asking for several exports at once: they come as one ZIP."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.recent_factor import ask_again, is_recent
from common.errors import DomainError
from exports.approval import needs_approval
from exports.counting import count_all
from exports.pages.bulk_form import BulkForm
from exports.pages.create import CHOSEN, count_in_words
from exports.pages.page import datasets_for, page, sent, to_run, user_of_exports
from exports.pages.wish_form import STAND_IN, PurposeForm
from exports.services.runs import ask_for_bulk_export


@require_http_methods(["GET", "HEAD", "POST"])
def bulk_page(request: HttpRequest) -> HttpResponse:
    """Choose candidates and datasets; see the number of rows; on POST begin."""
    user = user_of_exports(request)
    datasets = datasets_for(user)
    if not datasets:
        raise PermissionDenied
    is_chosen = CHOSEN in request.GET
    form = BulkForm(request.GET if is_chosen else None, datasets=datasets, user=user)
    context = {"title": _("Export of several candidates"), "form": form}
    if not is_chosen or "edit" in request.GET or not form.is_valid():
        return page(request, "bulk", context)
    is_personal = any(form.offered[one.dataset].holds_personal_data(one) for one in form.wishes())
    if is_personal and not is_recent(request):
        return ask_again(request)
    purpose_form = PurposeForm(sent(request)) if is_personal else None
    if request.method == "POST" and (purpose_form is None or purpose_form.is_valid()):
        purpose = purpose_form.cleaned_data["purpose"] if purpose_form else ""
        wishes, language = form.wishes(purpose=purpose), form.cleaned_data["language"]
        try:
            return to_run(ask_for_bulk_export(wishes=wishes, purpose=purpose, actor=user, language=language))
        except DomainError as error:
            context["refusal"] = str(error)
    return _last_look(request, form, purpose_form, context)


def _last_look(
    request: HttpRequest, form: BulkForm, purpose_form: PurposeForm | None, context: dict[str, Any]
) -> HttpResponse:
    wishes = form.wishes(purpose=STAND_IN)
    count = count_all(wishes)
    back = request.GET.copy()
    back["edit"] = "1"
    described = {
        "candidates": form.cleaned_data["candidates"],
        "titles": [form.offered[code].title for code in form.cleaned_data["datasets"]],
        "files": len(wishes),
        "count": count,
        "count_in_words": count_in_words(count),
        "needs_approval": needs_approval(rows=count.rows, holds_personal_data=purpose_form is not None),
        "purpose_form": purpose_form,
        "back_url": f"{reverse('exports:bulk')}?{back.urlencode()}",
    }
    return page(request, "bulk_confirm", {**context, **described})
