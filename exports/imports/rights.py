"""Which imports a member of staff may see, and take back."""

from django.db.models import QuerySet

from accounts.models import User
from exports.imports.kinds import KINDS
from exports.models import DataImport

VIEW_PERMISSION = "exports.view_dataimport"


def imports_visible_to(user: User) -> QuerySet[DataImport]:
    """Their own, and with the right to see imports those of everybody; limited staff see only their own."""
    if user.has_perm(VIEW_PERMISSION) and not user.is_limited_to_scopes:
        return DataImport.objects.all()
    return DataImport.objects.filter(done_by=user)


def may_undo(user: User | None, done: DataImport) -> bool:
    """Whether somebody may take an import back: who may import such a list, and sees the import."""
    if user is None:
        return True
    return KINDS[done.kind].may_import(user) and imports_visible_to(user).filter(pk=done.pk).exists()
