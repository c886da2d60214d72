"""The pages of imports: send a file, look through what it would do, confirm; see what was done, take it back."""

import io
import uuid
from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.admin_scope import staff_user
from accounts.recent_factor import two_factor_required
from common.errors import DomainError
from common.text import clean_text
from common.uploads.rows import read_rows
from exports.imports.drafts import Draft, find_draft, keep_draft
from exports.imports.forms import ConfirmForm, FileForm
from exports.imports.judging import Judgement, judge
from exports.imports.kinds import KINDS, ImportKind
from exports.imports.reading import MOST_ROWS
from exports.imports.resource import Outcome
from exports.imports.rights import imports_visible_to, may_undo
from exports.imports.template_file import FORMATS, template_file
from exports.imports.undoing import rows_of
from exports.models import DataImport
from exports.services.imports import import_file, undo_import

ROWS_SHOWN = 200
FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
@two_factor_required
def import_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask for a file; a POST shows what it would do, or confirms what was shown."""
    found = _kind_for(request, kind)
    if "confirm" in request.POST:
        return _confirm(request, found)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            rows = read_rows(file, at_most=MOST_ROWS + 1)  # with the headings
            return _preview(request, found, rows, clean_text(file.name, 200))
        except DomainError as error:
            form.add_error("file", str(error))
    return _start_page(request, found, form)


@require_safe
def template_page(request: HttpRequest, kind: str, format: str) -> FileResponse:
    """An empty file with the headings that the reader may fill in."""
    found = _kind_for(request, kind)
    headings = [str(column.heading) for column in found.columns(staff_user(request))]
    file = io.BytesIO(template_file(headings, format))
    return FileResponse(file, as_attachment=True, filename=f"{found.code}.{format}", content_type=FORMATS[format])


@require_safe
def done_page(request: HttpRequest, import_id: str) -> HttpResponse:
    """What an import did, and what of it couldn't be undone."""
    done = get_object_or_404(
        imports_visible_to(staff_user(request)).select_related("done_by", "undone_by"), pk=import_id
    )
    rows = rows_of(done)
    context = {
        "done": done,
        "rows": rows[:ROWS_SHOWN],
        "more": max(0, len(rows) - ROWS_SHOWN),
        "may_undo": done.can_be_undone(timezone.now()) and may_undo(staff_user(request), done),
    }
    return _page(request, "import_done", KINDS[done.kind], title=_("Import"), **context)


@require_POST
@two_factor_required
def undo_page(request: HttpRequest, import_id: str) -> HttpResponse:
    """Take an import back."""
    done = get_object_or_404(imports_visible_to(staff_user(request)), pk=import_id)
    try:
        done = undo_import(import_id=done.pk, actor=staff_user(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        _tell_undone(request, done)
    return HttpResponseRedirect(reverse("exports:import-done", args=[done.pk]))


def _kind_for(request: HttpRequest, kind: str) -> ImportKind:
    if not KINDS[kind].may_import(staff_user(request)):
        raise PermissionDenied
    return KINDS[kind]


def _preview(request: HttpRequest, kind: ImportKind, rows: list[list[str]], file_name: str) -> HttpResponse:
    judgement = judge(kind=kind, rows=rows, actor=staff_user(request))
    number = _keep(request, kind, rows, file_name, judgement)
    return _preview_page(request, kind, judgement, number, file_name)


def _keep(
    request: HttpRequest,
    kind: ImportKind,
    rows: list[list[str]],
    file_name: str,
    judgement: Judgement,
    number: uuid.UUID | None = None,
) -> uuid.UUID:
    actor_id = staff_user(request).pk
    draft = Draft(kind.code, actor_id, file_name, rows, judgement.digests, judgement.seen)
    return keep_draft(draft, number=number)


def _confirm(request: HttpRequest, kind: ImportKind) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This isn't what the preview showed, so nothing was imported."))
        return HttpResponseRedirect(reverse(f"exports:import-{kind.code}"))
    number = form.cleaned_data["number"]
    try:
        done = import_file(kind=kind, number=number, seen=form.cleaned_data["seen"], actor=staff_user(request))
    except DomainError as error:
        return _refused(request, kind, number, error)
    messages.success(request, _told(done))
    return HttpResponseRedirect(reverse("exports:import-done", args=[done.pk]))


def _refused(request: HttpRequest, kind: ImportKind, number: uuid.UUID, error: DomainError) -> HttpResponse:
    messages.error(request, str(error))
    if error.code == "done-already":
        return HttpResponseRedirect(reverse("exports:import-done", args=[error.extra["import_id"]]))
    if error.code != "changed-meanwhile":
        return HttpResponseRedirect(reverse(f"exports:import-{kind.code}"))
    draft = find_draft(number, kind=kind.code, actor_id=staff_user(request).pk)
    judgement = judge(kind=kind, rows=draft.rows, actor=staff_user(request))
    _keep(request, kind, draft.rows, draft.file_name, judgement, number)
    unlike = judgement.lines_unlike(draft.digests)
    return _preview_page(request, kind, judgement, number, draft.file_name, unlike)


def _told(done: DataImport) -> str:
    count = done.created_count + done.changed_count
    words = ngettext("%(count)d row was imported.", "%(count)d rows were imported.", count)
    return words % {"count": count}


def _tell_undone(request: HttpRequest, done: DataImport) -> None:
    if not done.kept_count:
        messages.success(request, _("The import was undone."))
        return
    words = ngettext("%(count)d row could not be undone.", "%(count)d rows could not be undone.", done.kept_count)
    messages.warning(request, words % {"count": done.kept_count})


def _start_page(request: HttpRequest, kind: ImportKind, form: FileForm) -> HttpResponse:
    context = {"form": form, "columns": kind.columns(staff_user(request)), "formats": list(FORMATS), "most": MOST_ROWS}
    return _page(request, "import", kind, title=_("Import"), **context)


def _preview_page(
    request: HttpRequest,
    kind: ImportKind,
    judgement: Judgement,
    number: uuid.UUID,
    file_name: str,
    unlike: Collection[int] = (),
) -> HttpResponse:
    ranks = {Outcome.WRONG: 0, Outcome.CHANGED: 1, Outcome.NEW: 2, Outcome.UNCHANGED: 3}
    rows = sorted(judgement.rows, key=lambda row: (row.line not in unlike, ranks[row.outcome], row.line))
    context = {
        "judgement": judgement,
        "rows": rows[:ROWS_SHOWN],
        "more": max(0, len(rows) - ROWS_SHOWN),
        "counts": {outcome.value: judgement.counts[outcome] for outcome in Outcome},
        "unlike": unlike,
        "file_name": file_name,
        "form": ConfirmForm(initial={"number": number, "seen": judgement.seen}),
        "may_confirm": judgement.does_anything and not judgement.wrong,
    }
    return _page(request, "import_preview", kind, title=_("Look through the import"), **context)


def _page(request: HttpRequest, name: str, kind: ImportKind, **context: Any) -> HttpResponse:
    meta = kind.model._meta
    shared = {
        **admin.site.each_context(request),
        "opts": meta,
        "kind": kind,
        "list_url": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
        "import_url": reverse(f"exports:import-{kind.code}"),
    }
    return TemplateResponse(request, f"exports/{name}.html", {**shared, **context})
