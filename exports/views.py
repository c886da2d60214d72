"""The pages that export what a list of the admin shows."""

import shlex
import tempfile
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import Form
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views import View

from accounts.models import User
from accounts.recent_factor import ask_again, is_recent
from accounts.selectors import candidates_visible_to
from audit.models import AuditLog
from bots.models import BotUser
from common.errors import DomainError
from exports.changelist import Selection, log_selection_of, selection_of
from exports.datasets import dataset_named
from exports.datasets.bot_users import PHONE_PERMISSION, people_columns
from exports.file_names import file_name
from exports.filters import BotUserFilters
from exports.forms import BotUserExportForm, ExportForm
from exports.services.direct import export_list
from exports.writers import writer_named

# More would keep a web worker, and the person before the browser, longer than nginx waits (60 s by default).
MAXIMUM_ROWS = 50_000
LIST_PERMISSION = "bots.view_botuser"


class ExportPage(View):
    """Ask how to export the rows of a list with this query string, and on POST answer with the file.

    A subclass says which list, who may, and how; the list's own filters and the reader's scope hold.
    """

    model: type[Model]
    dataset: str
    title: Any
    file_stem: str
    command_name: str
    form_class: type[Form] = ExportForm

    def is_allowed(self, staff: User) -> bool:
        return dataset_named(self.dataset).may_export(staff)

    def select(self, request: HttpRequest) -> Selection:
        """What the list shows; raises ExportRefusedError where its query string can't be understood."""
        raise NotImplementedError

    def read_choices(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """What the form's answers mean to `export_list`."""
        return cleaned

    def form_options(self, staff: User) -> dict[str, Any]:
        """What the form's constructor is told about the reader."""
        return {}

    def scope_options(self, selection: Selection, staff: User) -> list[str]:
        """What must be said to the command, which knows no scopes, so that it exports no more than the reader sees."""
        return []

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        staff = cast(User, request.user)
        if not self.is_allowed(staff):
            raise PermissionDenied
        try:
            self.selection = self.select(request)
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.list_url())
        self.count = self.selection.queryset.order_by()[: MAXIMUM_ROWS + 1].count()
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **_address: Any) -> HttpResponse:
        return self._page(request, self.form_class(**self.form_options(cast(User, request.user))))

    def post(self, request: HttpRequest, **_address: Any) -> HttpResponse | FileResponse:
        form = self.form_class(request.POST, **self.form_options(cast(User, request.user)))
        if self.count > MAXIMUM_ROWS or not form.is_valid():
            return self._page(request, form)
        if not is_recent(request):
            return ask_again(request)
        try:
            return self._file(request, form.cleaned_data)
        except DomainError as error:
            messages.error(request, str(error))
            return self._page(request, form)

    def _file(self, request: HttpRequest, chosen: dict[str, Any]) -> FileResponse:
        # Without a name in the folder, so nothing stays whatever happens; FileResponse closes it.
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        try:
            export_list(
                dataset=self.dataset,
                queryset=self.selection.queryset,
                file=file,
                actor=cast(User, request.user),
                language=get_language() or settings.LANGUAGE_CODE,
                filters=self.selection.for_audit,
                **self.read_choices(chosen),
            )
        except BaseException:
            file.close()
            raise
        file.seek(0)
        content_type = writer_named(chosen["format"]).content_type
        name = file_name(self.file_stem, chosen["format"])
        return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)

    def _page(self, request: HttpRequest, form: Form) -> TemplateResponse:
        context = {
            **admin.site.each_context(request),
            "title": self.title,
            "opts": self.model._meta,
            "selection": self.selection,
            "form": form,
            "count": self.count,
            "too_many": self.count > MAXIMUM_ROWS,
            "maximum": MAXIMUM_ROWS,
            "command": self._command(cast(User, request.user)),
            "create_url": reverse("exports:create") if dataset_named(self.dataset).is_listed else "",
            "list_url": f"{self.list_url()}?{request.GET.urlencode()}",
        }
        return TemplateResponse(request, "exports/export.html", context)

    def _command(self, staff: User) -> str:
        """The command that exports the same rows without a limit; empty where the filters can't be said to it."""
        if self.selection.filters is None:
            return ""
        words = ["manage.py", self.command_name, f"--output={file_name(self.file_stem, 'xlsx')}"]
        words += [*self.selection.filters.options(), *self.scope_options(self.selection, staff)]
        return shlex.join([*words, f"--language={get_language() or settings.LANGUAGE_CODE}"])

    def list_url(self) -> str:
        """Where the reader came from."""
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist")


class BotUsersPage(ExportPage):
    model = BotUser
    dataset = "bot_users"
    title = _("Export bot users")
    file_stem = "bot-users"
    command_name = "export_bot_users"
    form_class = BotUserExportForm

    def is_allowed(self, staff: User) -> bool:
        return super().is_allowed(staff) and staff.has_perm(LIST_PERMISSION)

    def select(self, request: HttpRequest) -> Selection:
        return selection_of(request)

    def read_choices(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        return {
            "format": cleaned["format"],
            "purpose": cleaned["purpose"],
            "columns": people_columns(with_phones=cleaned["with_phones"]),
        }

    def form_options(self, staff: User) -> dict[str, Any]:
        return {"may_see_phones": staff.has_perm(PHONE_PERMISSION)}

    def scope_options(self, selection: Selection, staff: User) -> list[str]:
        filters = cast(BotUserFilters, selection.filters)
        if not staff.is_limited_to_scopes or filters.bots or filters.candidates:
            return []
        return [f"--candidate={code}" for code in candidates_visible_to(staff).values_list("code", flat=True)]


class AuditLogPage(ExportPage):
    model = AuditLog
    dataset = "audit_log"
    title = _("Export the audit log")
    file_stem = "audit-log"
    command_name = "export_audit_log"

    def select(self, request: HttpRequest) -> Selection:
        return log_selection_of(request)
