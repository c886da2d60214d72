"""The pages on which staff say who tests which plan."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.admin_scope import staff_user
from accounts.selectors import limit_to_scopes
from common.errors import DomainError
from plans.models import BetaTester, Plan
from plans.services import AddedTesters, add_beta_testers, remove_beta_tester
from plans.services.testers import ADD_PERMISSION, REMOVE_PERMISSION
from plans.tester_forms import AddTestersForm, RemoveTesterForm
from plans.testers import preview_testers

LIST = "beta-testers:list"
FORM_METHODS = ["GET", "HEAD", "POST"]


def list_testers(request: HttpRequest) -> HttpResponse:
    """The admin's own list, at the address that people know."""
    return admin.site.get_model_admin(BetaTester).changelist_view(request)


@require_http_methods(FORM_METHODS)
def add_testers(request: HttpRequest) -> HttpResponse:
    """Ask whom to add to which plan; a POST adds one candidate, but of a list shows first what would be done."""
    if not request.user.has_perm(ADD_PERMISSION):
        raise PermissionDenied
    if request.method != "POST":
        form = AddTestersForm(reader=staff_user(request), initial={"plan": request.GET.get("plan__id__exact")})
        return _page(request, "add_testers", _("Add beta testers"), form=form)
    form = AddTestersForm(request.POST, request.FILES, reader=staff_user(request))
    if form.is_valid():
        try:
            # What is confirmed was made by the preview; where a line of it names nobody any more, that is shown first.
            if form.is_list() and ("confirm" not in request.POST or form.problems()):
                return _preview(request, form)
            return _add(request, form)
        except DomainError as error:
            form.add_error(None, str(error))
    return _page(request, "add_testers", _("Add beta testers"), form=form)


@require_http_methods(FORM_METHODS)
def remove_tester(request: HttpRequest, tester_id: str) -> HttpResponse:
    """Ask why a tester leaves; a POST ends their time."""
    user = staff_user(request)
    if not user.has_perm(REMOVE_PERMISSION):
        raise PermissionDenied
    visible = limit_to_scopes(BetaTester.objects.select_related("plan", "candidate"), user, candidate="candidate")
    tester = get_object_or_404(visible, pk=tester_id)
    form = RemoveTesterForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            remove_beta_tester(tester_id=tester.pk, reason=form.cleaned_data["reason"], actor=user)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            words = _("%(name)s doesn't test %(plan)s any more.")
            messages.success(request, words % {"name": tester.candidate.name, "plan": tester.plan.name})
        return redirect(LIST)
    return _page(request, "remove_tester", _("Remove a beta tester"), form=form, tester=tester)


def _preview(request: HttpRequest, form: AddTestersForm) -> HttpResponse:
    preview = preview_testers(form.cleaned_data["plan"], form.chosen())
    return _page(
        request,
        "preview_testers",
        _("Add beta testers"),
        plan=form.cleaned_data["plan"],
        note=form.cleaned_data["note"],
        preview=preview,
        problems=form.problems(),
        listed="\n".join(candidate.code for candidate in preview.new),
    )


def _add(request: HttpRequest, form: AddTestersForm) -> HttpResponse:
    plan: Plan = form.cleaned_data["plan"]
    result = add_beta_testers(
        candidates=form.chosen(), plan_code=plan.code, note=form.cleaned_data["note"], actor=staff_user(request)
    )
    _tell(request, plan, result)
    return redirect(LIST)


def _tell(request: HttpRequest, plan: Plan, result: AddedTesters) -> None:
    count = len(result.added)
    if count:
        words = ngettext("%(count)d candidate tests %(plan)s now.", "%(count)d candidates test %(plan)s now.", count)
        messages.success(request, words % {"count": count, "plan": plan.name})
    count = len(result.already)
    if count:
        words = ngettext("%(count)d was a tester already.", "%(count)d were testers already.", count)
        messages.info(request, words % {"count": count})


def _page(request: HttpRequest, name: str, title: str, **context: object) -> HttpResponse:
    shared = {**admin.site.each_context(request), "title": title, "opts": BetaTester._meta}
    return TemplateResponse(request, f"plans/{name}.html", {**shared, **context})
