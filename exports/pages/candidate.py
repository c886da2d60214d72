"""All exports of one candidate."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.selectors import candidates_visible_to
from exports.pages.dashboard import newest
from exports.pages.page import datasets_for, page, user_of_exports
from exports.pages.run_row import RunRow
from exports.schedules.selectors import schedules_visible_to
from exports.selectors import exports_visible_to


@require_safe
def candidate_page(request: HttpRequest, candidate_id: int) -> HttpResponse:
    """What can be exported of a candidate, what was, and what is scheduled."""
    user = user_of_exports(request)
    candidate = get_object_or_404(candidates_visible_to(user), pk=candidate_id)
    context = {
        "title": _("Exports of %(candidate)s") % {"candidate": candidate},
        "candidate": candidate,
        "datasets": datasets_for(user),
        "rows": [RunRow(run, user) for run in newest(exports_visible_to(user).filter(candidate=candidate))],
        "schedules": schedules_visible_to(user).filter(candidate=candidate),
    }
    return page(request, "candidate", context)
