"""The canary: it sings into the audit log every few minutes, and people are told when it can't be heard."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.alarms import raise_alarm
from audit.models import AuditSeal
from audit.seals.report import Kind, Report
from audit.seals.verification import verify_log
from audit.selectors import LogCondition, log_state
from audit.services import AuditUnavailable, record

RECENT_SEALS = 60
MOST_FINDINGS_TOLD = 20
NOT_WRITABLE = _("The audit log can't be written. Nothing that must be recorded can be done until it can.")
NOT_SEALED = _("The audit log is no longer sealed. Is the worker running? Has a transaction been open for long?")
TAMPERED = _("The audit log is not as it was sealed. `manage.py verify_audit` tells more.")


def sing() -> None:
    """Write a row, look whether rows are sealed, and check the seals of the last hour; raise alarms for what fails."""
    try:
        with transaction.atomic():
            record(action="audit.canary.write", actor=None)
    except AuditUnavailable:
        raise_alarm("audit-not-writable", NOT_WRITABLE)
    if log_state().condition is LogCondition.LATE:
        raise_alarm("audit-not-sealed", NOT_SEALED)
    newest = AuditSeal.objects.order_by("number").values_list("number", flat=True).last() or 0
    tell_findings(verify_log(after=max(0, newest - RECENT_SEALS)))


def tell_findings(report: Report) -> None:
    """Raise an alarm for what verifying found, with the first findings in words. Late seals have their own alarm."""
    bent = [finding for finding in report.findings if finding.kind is not Kind.NOT_SEALED]
    if bent:
        raise_alarm("audit-tampered", TAMPERED, *bent[:MOST_FINDINGS_TOLD])
