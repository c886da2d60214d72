"""What staff do with links: fetch a file at once, make a link to it, ask what a link is good for."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.recent_factor import ask_again, is_recent
from common.errors import DomainError
from exports.links.finding import find_link, token_in
from exports.links.link_form import LinkForm
from exports.links.refusals import OF_STATES, UNKNOWN
from exports.links.rights import may_download
from exports.links.state import LinkState, has_file, state_of
from exports.links.views import to_file
from exports.models import DataExportLog, DownloadLink
from exports.pages.page import page, to_run, user_of_exports, visible_run
from exports.pages.run_row import RunRow
from exports.selectors import exports_visible_to
from exports.services.links import download_directly, generate_secure_download_link

LINK = "link"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def download_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Fetch the file, or with the button `link` make a link to it; personal data asks for a recent second factor."""
    user, run = user_of_exports(request), visible_run(request, run_id)
    if not may_download(user, run):
        raise PermissionDenied
    if not has_file(run, timezone.now()):
        return to_run(run)
    if run.holds_personal_data and not is_recent(request):
        return ask_again(request)
    form = LinkForm(request.POST if LINK in request.POST else None, run=run, user=user)
    try:
        if request.method == "POST" and LINK not in request.POST:
            return to_file(download_directly(run=run, actor=user))
        if form.is_valid():
            address = generate_secure_download_link(run=run, actor=user, only_for=form.only_for())
            return _page(request, run, form, made=request.build_absolute_uri(address))
    except DomainError as error:
        form.add_error(None, str(error)) if form.is_bound else None
    return _page(request, run, form)


@require_POST
def verify_link(request: HttpRequest) -> JsonResponse:
    """Whether the link in the form's field `link`, a whole address or a token, can be used. It uses nothing up.

    The address goes into the body because that is in no log.
    """
    user = user_of_exports(request)
    text = request.POST.get("link", "")
    if not text.strip():
        return JsonResponse({"code": "no-link", "detail": _("Send the link to look at.")}, status=400)
    link = find_link(token_in(text))
    if link is None or not exports_visible_to(user).filter(pk=link.run_id).exists():
        return JsonResponse({"is_valid": False, "state": UNKNOWN.code, "message": str(UNKNOWN.heading)})
    return JsonResponse(_described(link))


def _described(link: DownloadLink) -> dict[str, Any]:
    state = state_of(link, timezone.now())
    is_open = state == LinkState.OPEN
    return {
        "is_valid": is_open,
        "state": state,
        "message": _("This link can be used once.") if is_open else str(OF_STATES[state].heading),
        "export": link.run_id,
        "file_name": link.run.file_name,
        "made_by": str(link.made_by or ""),
        "only_for": str(link.only_for or ""),
        "expires_at": link.expires_at,
        "used_at": link.used_at,
        "used_from": link.used_from,
        "delivered_at": link.delivered_at,
        "revoked_at": link.revoked_at,
    }


def _page(request: HttpRequest, run: DataExportLog, form: LinkForm, *, made: str = "") -> HttpResponse:
    row = RunRow(run, form.user)
    newest = run.links.filter(made_by=form.user).first() if made else None
    context = {"title": _("Download"), "run": run, "row": row, "form": form, "made": made, "link": newest}
    return page(request, "download", context)
