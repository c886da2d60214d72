"""The seals of the audit log and where they are sent, to see at a glance that both go on."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.finding import may_read_log
from audit.models import AuditSeal, SealDestination
from common.admin import ReadOnlyModelAdmin, latin


class ForReadersOfTheLog(ReadOnlyModelAdmin):
    """Whoever may read the log may see that it is sealed."""

    list_display_links = None

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return may_read_log(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_read_log(request.user)


@admin.register(AuditSeal)
class AuditSealAdmin(ForReadersOfTheLog):
    list_display = ("number_shown", "sealed_at", "rows", "key_shown", "mark")

    @admin.display(description=_("number"), ordering="number")
    def number_shown(self, seal: AuditSeal) -> str:
        return latin(seal.number)

    @admin.display(description=_("rows"), ordering="row_count")
    def rows(self, seal: AuditSeal) -> int:
        return seal.row_count

    @admin.display(description=_("key"))
    def key_shown(self, seal: AuditSeal) -> str:
        return latin(seal.key_id)

    @admin.display(description=_("mark"))
    def mark(self, seal: AuditSeal) -> str:
        """Its beginning, to compare with a copy by eye."""
        return latin(bytes(seal.mac).hex()[:16])

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditSeal]:
        return super().get_queryset(request).defer("row_digests", "content_digest")


@admin.register(SealDestination)
class SealDestinationAdmin(ForReadersOfTheLog):
    list_display = ("name_shown", "last_number", "last_sent_at", "failing_since", "last_error")

    @admin.display(description=_("destination"), ordering="name")
    def name_shown(self, destination: SealDestination) -> str:
        return latin(destination.name)
