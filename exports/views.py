"""The page that exports what a list of the admin shows."""

import shlex
import tempfile
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.selectors import candidates_visible_to
from bots.models import BotUser
from common.errors import DomainError
from common.jalali import TEHRAN, format_jalali, reads_jalali
from exports.changelist import Selection, selection_of
from exports.forms import BotUserExportForm
from exports.services import EXPORT_PERMISSION, PHONE_PERMISSION, export_bot_users
from exports.writers import writer_named

# More would keep a web worker, and the person before the browser, longer than nginx waits (60 s by default).
MAXIMUM_ROWS = 50_000
LIST_PERMISSION = "bots.view_botuser"


@require_http_methods(["GET", "HEAD", "POST"])
def bot_users_page(request: HttpRequest) -> HttpResponse | FileResponse:
    """Ask how to export the people of the list with this query string, and on POST answer with the file."""
    staff = cast(User, request.user)
    if not staff.has_perms([LIST_PERMISSION, EXPORT_PERMISSION]):
        raise PermissionDenied
    try:
        selection = selection_of(request)
    except DomainError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:bots_botuser_changelist"))
    form = BotUserExportForm(request.POST or None, may_see_phones=staff.has_perm(PHONE_PERMISSION))
    count = selection.queryset.count()
    if request.method == "POST" and count <= MAXIMUM_ROWS and form.is_valid():
        try:
            return _file(request, staff, selection, form.cleaned_data)
        except DomainError as error:
            messages.error(request, str(error))
    return _page(request, staff, selection, form, count)


def _file(request: HttpRequest, staff: User, selection: Selection, chosen: dict[str, Any]) -> FileResponse:
    # Without a name in the folder, so nothing stays whatever happens; FileResponse closes it.
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    try:
        export_bot_users(
            queryset=selection.queryset,
            file=file,
            actor=staff,
            language=get_language() or settings.LANGUAGE_CODE,
            filters=selection.for_audit,
            **chosen,
        )
    except BaseException:
        file.close()
        raise
    file.seek(0)
    content_type = writer_named(chosen["format"]).content_type
    return FileResponse(file, as_attachment=True, filename=file_name(chosen["format"]), content_type=content_type)


def _page(
    request: HttpRequest, staff: User, selection: Selection, form: BotUserExportForm, count: int
) -> TemplateResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Export bot users"),
        "opts": BotUser._meta,
        "selection": selection,
        "form": form,
        "count": count,
        "too_many": count > MAXIMUM_ROWS,
        "maximum": MAXIMUM_ROWS,
        "command": _command(selection, staff),
        "list_url": f"{reverse('admin:bots_botuser_changelist')}?{request.GET.urlencode()}",
    }
    return TemplateResponse(request, "exports/bot_users.html", context)


def _command(selection: Selection, staff: User) -> str:
    """The command that exports the same people without a limit; empty where the filters can't be said to it."""
    if selection.filters is None:
        return ""
    words = ["manage.py", "export_bot_users", f"--output={file_name('xlsx')}", *selection.filters.options()]
    if staff.is_limited_to_scopes and not (selection.filters.bots or selection.filters.candidates):
        # The command knows no scopes; what this reader may see has to be said to it.
        words += [f"--candidate={code}" for code in candidates_visible_to(staff).values_list("code", flat=True)]
    return shlex.join([*words, f"--language={get_language() or settings.LANGUAGE_CODE}"])


def file_name(extension: str) -> str:
    """Such as `bot-users-1404-09-01-1430.xlsx`: letters that every system keeps, the day as the reader counts it."""
    now = timezone.now()
    day = format_jalali(now, with_time=False, separator="-") if reads_jalali() else f"{now.astimezone(TEHRAN):%Y-%m-%d}"
    return f"bot-users-{day}-{now.astimezone(TEHRAN):%H%M}.{extension}"
