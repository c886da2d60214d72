"""Where links lead: a page that explains, its button that uses the link up, and the file itself."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_safe

from accounts.networks import hide_from_outside
from accounts.recent_factor import ask_again, is_recent, to_second_factor
from accounts.second_factor import is_verified
from exports.errors import ExportFailedError, ExportRefusedError
from exports.links.answers import asked_language, explain, protect, reader_of, refuse
from exports.links.delivery import deliver
from exports.links.finding import find_link, link_numbered
from exports.links.refusals import DELIVERED, FOREIGN, NOT_THIS_BROWSER, OF_READING, OF_STATES, OVER, UNKNOWN
from exports.links.rights import may_download
from exports.links.state import LinkState, is_resumable, state_of
from exports.links.ticket import file_address, give_ticket, holds_ticket
from exports.models import DownloadLink
from exports.services.links import UsedLink, use_link
from exports.vault import decrypt_export_file

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


def public(view: View[Arguments]) -> View[Arguments]:
    """For views of links: in the language that the address asks for, with the headers that protect them."""

    @wraps(view)
    def protected(request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponseBase:
        language = asked_language(request)
        with override(language):
            response = protect(view(request, *args, **kwargs))
        response.headers["Content-Language"] = language
        return response

    return protected


@require_http_methods(["GET", "HEAD", "POST"])
@public
def landing(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET explains and uses nothing up, whoever sends it: programs that scan mails open what is in them. POST uses."""
    link = find_link(token)
    if link is None:
        return refuse(request, UNKNOWN)
    if way_in := _way_in(request, link):
        return way_in
    if _is_foreign(request, link):
        return refuse(request, FOREIGN)
    if (state := state_of(link, timezone.now())) != LinkState.OPEN:
        return refuse(request, OF_STATES[state], link)
    return _use(request, link) if request.method == "POST" else explain(request, link)


@require_safe
@public
def file(request: HttpRequest, number: str) -> HttpResponseBase:
    """The file, for the browser in which the link was used, as long as a download may go on."""
    link = link_numbered(UUID(hex=number))
    if link is None or not holds_ticket(request, link):
        return refuse(request, NOT_THIS_BROWSER)
    if way_in := _way_in(request, link):
        return way_in
    if _is_foreign(request, link):
        return refuse(request, FOREIGN)
    if not is_resumable(link, timezone.now()):
        state = state_of(link, timezone.now())
        return refuse(request, OVER if state == LinkState.USED else OF_STATES[state], link)
    if link.delivered_at and request.method == "GET" and "Range" not in request.headers:
        return refuse(request, DELIVERED, link)
    try:
        reader = decrypt_export_file(run=link.run)
    except ExportFailedError as error:
        return refuse(request, OF_READING[error.code], link)
    try:
        return deliver(request, link, reader, actor=reader_of(request))
    except BaseException:
        reader.close()
        raise


def to_file(used: UsedLink) -> HttpResponse:
    """Lead the browser that used a link to the file, with its ticket."""
    response = HttpResponseRedirect(file_address(used.link), status=HTTPStatus.SEE_OTHER)
    give_ticket(response, used.link, used.ticket)
    return response


def _use(request: HttpRequest, link: DownloadLink) -> HttpResponse:
    if link.only_for_id and link.run.holds_personal_data and not is_recent(request):
        return ask_again(request)
    try:
        return to_file(use_link(link=link, actor=reader_of(request)))
    except ExportRefusedError as error:  # somebody was faster
        return refuse(request, error.extra["refusal"], link_numbered(link.number))


def _way_in(request: HttpRequest, link: DownloadLink) -> HttpResponse | None:
    """Where the reader of a link that is for one person has to go first; None for who is in.

    Such a link is as much a part of the admin as its pages are: it wants a network, the sign-in, a second factor.
    """
    if link.only_for_id is None:
        return None
    hide_from_outside(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
    return None if is_verified(request.user) else to_second_factor(request, wanted=request.get_full_path())


def _is_foreign(request: HttpRequest, link: DownloadLink) -> bool:
    reader = reader_of(request)
    if link.only_for_id is None:
        return False
    return reader is None or reader.pk != link.only_for_id or not may_download(reader, link.run)
