"""Cleaning up by hand: first what would go, then it goes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from exports.pages.page import page, user_of_exports
from exports.selectors import MANAGE_PERMISSION
from exports.services.cleaning import CleanupReport, cleanup_old_exports

NAMES_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def cleanup_page(request: HttpRequest) -> HttpResponse:
    """What a clean-up would remove now; on POST remove it."""
    user = user_of_exports(request)
    if not user.has_perm(MANAGE_PERMISSION) or user.is_limited_to_scopes:
        raise PermissionDenied
    if request.method == "POST":
        messages.success(request, _told(cleanup_old_exports(actor=user)))
        return HttpResponseRedirect(reverse("exports:cleanup"))
    report = cleanup_old_exports(actor=user, dry_run=True)
    context = {"title": _("Clean up"), "report": report, "names": report.names[:NAMES_SHOWN]}
    return page(request, "cleanup", context)


def _told(report: CleanupReport) -> str:
    words = ngettext(
        "%(files)d file removed, %(size)s free again.", "%(files)d files removed, %(size)s free again.", report.files
    )
    return words % {"files": report.files, "size": filesizeformat(report.bytes)}
