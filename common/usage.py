"""Whether anything hangs on an object."""

from django.db import models
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from common.errors import DomainError


def refuse_used(instance: models.Model) -> None:
    """Raises DomainError `in-use` where deleting `instance` would be refused, or would take other objects with it.

    The rows that only tie it to what it names itself don't count.
    """
    collector = Collector(using="default", origin=instance)
    try:
        collector.collect([instance])
    except (ProtectedError, RestrictedError) as error:
        raise _in_use() from error
    others = {model for model in collector.data if not isinstance(instance, model) and not model._meta.auto_created}
    quick = [rows for rows in collector.fast_deletes if not rows.model._meta.auto_created and rows.exists()]
    if others or quick:
        raise _in_use()


def _in_use() -> DomainError:
    return DomainError("in-use", _("Something belongs to it by now, so it can't be removed."))
