"""Where one is signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import services
from accounts.admin_scope import staff_user
from accounts.models.staff_session import LONGEST_PUBLIC_ID, SessionEnd
from accounts.pages import show_page
from accounts.selectors import live_sessions_of
from accounts.views.page import staff_page
from audit.origin import SESSION_ID_KEY
from common.errors import DomainError
from common.text import clean_code


@staff_page
def sessions(request: HttpRequest) -> HttpResponse:
    """List the reader's sessions; a POST ends one (`session`) or all but the one that asks (`others`)."""
    user = staff_user(request)
    this_one = request.session[SESSION_ID_KEY]
    if request.method != "POST":
        found = live_sessions_of(user)
        context = {"sessions": found, "this_one": this_one, "has_others": len(found) > 1}
        return show_page(request, "sessions", _("Where you are signed in"), **context)
    if "others" in request.POST:
        count = services.end_sessions(user=user, actor=user, how=SessionEnd.ENDED, keep=this_one)
        words = ngettext("One other session was ended.", "%(count)d other sessions were ended.", count)
        messages.success(request, words % {"count": count})
    else:
        _end_one(request)
    return HttpResponseRedirect(reverse("accounts:sessions"))


def _end_one(request: HttpRequest) -> None:
    try:
        public_id = clean_code(request.POST.get("session", ""), LONGEST_PUBLIC_ID)
        services.end_session(user=staff_user(request), public_id=public_id)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The session was ended."))
