"""Asking for an export: choose, see how many rows it has, begin.

What was chosen stands in the page's address, so nothing is lost when the second factor is asked for on the way, and a
wish can be kept as a bookmark.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.recent_factor import ask_again, is_recent
from common.errors import DomainError
from exports.approval import needs_approval
from exports.counting import RowCount, count_rows
from exports.datasets import Dataset, Wish
from exports.pages.page import datasets_for, page, sent, to_run, user_of_exports
from exports.pages.wish_form import PurposeForm, WishForm, initial_from_address, without_purpose
from exports.services.runs import ask_for_export

CHOSEN = "chosen"  # in the address once the form was sent, so that its empty check boxes count


@require_http_methods(["GET", "HEAD", "POST"])
def create_page(request: HttpRequest) -> HttpResponse:
    """Choose a dataset, then what of it; see the number of rows; on POST begin."""
    user = user_of_exports(request)
    dataset = chosen_dataset(request, user)
    if dataset is None:
        return page(request, "choose", {"title": _("New export"), "datasets": datasets_for(user)})
    form = wish_form_of(request, dataset, user)
    context = {"title": _("New export"), "dataset": dataset, "form": form, "media": form.media}
    if CHOSEN not in request.GET or "edit" in request.GET or not form.is_valid():
        return page(request, "create", context)
    if dataset.holds_personal_data(form.wish()) and not is_recent(request):
        return ask_again(request)
    return _last_look(request, form, context)


@require_safe
def count_page(request: HttpRequest) -> JsonResponse:
    """How many rows the export would have that is being chosen just now."""
    user = user_of_exports(request)
    dataset = chosen_dataset(request, user)
    if dataset is None:
        return JsonResponse({"code": "no-dataset", "detail": _("Choose a dataset.")}, status=400)
    form = wish_form_of(request, dataset, user)
    if CHOSEN not in request.GET or not form.is_valid():
        errors = [*form.errors.values(), *form.filters.errors.values()]
        words = " ".join(str(error) for found in errors for error in found)
        return JsonResponse({"code": "invalid", "detail": words}, status=400)
    wish = without_purpose(form.wish())
    count, is_personal = count_rows(wish), dataset.holds_personal_data(wish)
    return JsonResponse(
        {
            "rows": count.rows,
            "is_exact": count.is_exact,
            "message": count_in_words(count),
            "holds_personal_data": is_personal,
            "needs_approval": needs_approval(rows=count.rows, holds_personal_data=is_personal),
        }
    )


def chosen_dataset(request: HttpRequest, user: User) -> Dataset | None:
    """The dataset that the address names; None where it names none. Raises PermissionDenied for one not offered."""
    offered = {dataset.code: dataset for dataset in datasets_for(user)}
    if not offered:
        raise PermissionDenied
    code = request.GET.get("dataset", "")
    if code and code not in offered:
        raise PermissionDenied
    return offered.get(code)


def wish_form_of(request: HttpRequest, dataset: Dataset, user: User) -> WishForm:
    """The form as the address fills it in: sent, or with what a link suggests."""
    if CHOSEN in request.GET:
        return WishForm(request.GET, dataset=dataset, user=user)
    return WishForm(None, dataset=dataset, user=user, **initial_from_address(request.GET.dict()))


def count_in_words(count: RowCount) -> str:
    """Such as “1,234 rows”, or “about” so many where counting would take too long."""
    number = number_format(count.rows, force_grouping=True)
    if count.is_exact:
        return ngettext("%(rows)s row", "%(rows)s rows", count.rows) % {"rows": number}
    return ngettext("about %(rows)s row", "about %(rows)s rows", count.rows) % {"rows": number}


def _last_look(request: HttpRequest, form: WishForm, context: dict[str, Any]) -> HttpResponse:
    """What would be made, with its button; on POST it is begun."""
    is_personal = form.dataset.holds_personal_data(form.wish())
    purpose_form = PurposeForm(sent(request)) if is_personal else None
    if request.method == "POST" and (purpose_form is None or purpose_form.is_valid()):
        purpose = purpose_form.cleaned_data["purpose"] if purpose_form else ""
        try:
            return to_run(ask_for_export(wish=form.wish(purpose=purpose)))
        except DomainError as error:
            context["refusal"] = str(error)
    return _confirm_page(request, form.wish(), purpose_form, context)


def _confirm_page(
    request: HttpRequest, wish: Wish, purpose_form: PurposeForm | None, context: dict[str, Any]
) -> TemplateResponse:
    dataset: Dataset = context["dataset"]
    count = count_rows(without_purpose(wish))
    headings = {name: heading for name, heading, _is_personal in dataset.columns()}
    back = request.GET.copy()
    back["edit"] = "1"
    described = {
        "wish": wish,
        "filters": dataset.filters_in_words(wish.filters),
        "columns": [headings[name] for name in wish.columns],
        "format_name": dict(context["form"].fields["format"].choices)[wish.format],
        "language_name": dict(context["form"].fields["language"].choices)[wish.language],
        "count": count,
        "count_in_words": count_in_words(count),
        "needs_approval": needs_approval(rows=count.rows, holds_personal_data=purpose_form is not None),
        "purpose_form": purpose_form,
        "back_url": f"{reverse('exports:create')}?{back.urlencode()}",
    }
    return page(request, "confirm", {**context, **described})
