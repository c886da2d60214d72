"""What anybody can buy now, for people and for programs; nobody signs in, and no session is begun."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_safe

from plans.public_list import JSON, ListUnavailable, PublicList, keeper

RETRY_AFTER_SECONDS = 5


@require_safe
def public_page(request: HttpRequest) -> HttpResponse:
    """The plans on sale as a page, in the language that `?language=` asks for, or else the reader's own."""
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
    try:
        response = _answer(request, keeper.current(), language, "text/html; charset=utf-8")
    except ListUnavailable:
        with override(language):
            response = _not_now(HttpResponse(render_to_string("plans/public_unavailable.html")))
    response.headers["Content-Language"] = language
    patch_vary_headers(response, ["Cookie"])
    return response


@require_safe
def public_api(request: HttpRequest) -> HttpResponse:
    """The plans on sale as JSON, with their names in every language."""
    try:
        response = _answer(request, keeper.current(), JSON, "application/json")
    except ListUnavailable:
        refusal = {"code": "plans-unavailable", "detail": gettext("The plans can't be shown now. Try again shortly.")}
        return _not_now(JsonResponse(refusal))
    response.headers["Content-Language"] = ", ".join(language for language, _name in settings.LANGUAGES)
    return response


def _answer(request: HttpRequest, found: PublicList, name: str, content_type: str) -> HttpResponse:
    document = found.documents[name]
    response = HttpResponse(document.content, content_type=content_type)
    response.headers["ETag"] = document.etag
    # Kept anywhere, but asked for each time: a browser's second would come on top of this process's own.
    response.headers["Cache-Control"] = "public, no-cache"
    answer: HttpResponse = get_conditional_response(request, etag=document.etag, response=response) or response
    if found.is_stale:
        answer.headers["X-Stale-Since"] = found.read_at.isoformat(timespec="seconds")
    return answer


def _not_now(response: HttpResponse) -> HttpResponse:
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
