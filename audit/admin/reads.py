"""Admin pages that show personal data, and leave a row in the audit log before they do."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from audit.admin.trail import AuditTrail
from audit.services import record
from common.crypto import DecryptionError
from common.text import clean_text

NOT_TOLD = "(not told)"  # a search term may be somebody's name
NOT_FILTERS = {PAGE_VAR, ORDER_VAR, ALL_VAR, ERROR_FLAG}
LONGEST_FILTER = 200
MOST_FOUND = 100


class SensitiveReadsMixin(AuditTrail):
    """Mixin for an admin that shows personal data; put it before the admin class.

        class BotUserAdmin(SensitiveReadsMixin, ReadOnlyModelAdmin):
            sensitive_noun = "bots.bot_user"
            sensitive_fields = {"phone_shown": "phone"}
            sensitive_verb = "phone_shown"
            shows_people = True

    Opening a page on which one of `sensitive_fields` (as shown: the model's field that it shows) has a value is
    recorded as `<noun>.<verb>`. With `shows_people` every page is recorded, without such a value as `<noun>.viewed`,
    and each page of the list as `<noun>.list_viewed` with its filters and the number of its rows.

    The row is committed before anything is shown. Where it can't be written, AuditUnavailable is raised, and the
    data isn't shown.
    """

    sensitive_noun = ""
    sensitive_fields: Mapping[str, str] = {}
    sensitive_verb = ""
    shows_people = False

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        if obj is not None:
            self._record_page(request, obj, set(flatten_fieldsets(context["adminform"].fieldsets)))
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if self.shows_people and changelist is not None:
            self.record_read(request, "list_viewed", details=_list_details(request, changelist))
        return response

    def record_search(self, request: HttpRequest, verb: str, found: QuerySet[Any]) -> None:
        """Record a search by personal data, with the numbers of those who were found and without what was typed."""
        self.record_read(request, verb, details={"found": list(found.values_list("pk", flat=True)[:MOST_FOUND])})

    def record_read(
        self,
        request: HttpRequest,
        verb: str,
        *,
        target: models.Model | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Write the audit row `<noun>.<verb>` for the person of `request`, in a transaction of its own."""
        actor: Any = request.user
        with transaction.atomic():
            record(action=f"{self.sensitive_noun}.{verb}", actor=actor, target=target, details=details)

    def _record_page(self, request: HttpRequest, obj: models.Model, shown: set[str]) -> None:
        fields = [field for name, field in self.sensitive_fields.items() if name in shown and _has_value(obj, field)]
        if fields:
            self.record_read(request, self.sensitive_verb, target=obj, details={"fields": fields})
        elif self.shows_people:
            self.record_read(request, "viewed", target=obj)


def _has_value(obj: models.Model, field: str) -> bool:
    try:
        return bool(getattr(obj, field))
    except DecryptionError:  # the page says so in the value's place
        return False


def _list_details(request: HttpRequest, changelist: Any) -> dict[str, Any]:
    filters = {
        name: clean_text(", ".join(values), LONGEST_FILTER)
        for name, values in request.GET.lists()
        if name not in NOT_FILTERS and any(values)
    }
    if SEARCH_VAR in filters:
        filters[SEARCH_VAR] = NOT_TOLD
    return {"rows": len(changelist.result_list), "page": changelist.page_num, "filters": filters}
