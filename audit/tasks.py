from celery import shared_task
from django.db import transaction

from audit import canary
from audit.seals.sealing import seal_new_rows
from audit.seals.sending import send_new_seals
from audit.seals.verification import verify_log
from audit.services import record


@shared_task(name="audit.seal", soft_time_limit=50, time_limit=58)
def seal() -> None:
    """Seal what is new and send the seals off this machine. Beat asks for it every minute."""
    seal_new_rows()
    send_new_seals()


@shared_task(name="audit.canary", soft_time_limit=110, time_limit=120)
def sing() -> None:
    """See whether auditing works. Beat asks for it every five minutes."""
    canary.sing()


@shared_task(name="audit.verify", soft_time_limit=3500, time_limit=3600)
def verify() -> None:
    """Check the whole log against its seals, every night."""
    report = verify_log()
    canary.tell_findings(report)
    details = {"rows": report.rows, "seals": report.seals, "findings": report.finding_count}
    with transaction.atomic():
        record(action="audit.log.verify", actor=None, details=details)
