"""Sending the mails about exports: each once, tried again while the mail server is away.

A mail's row is claimed in a transaction of its own before the mail leaves. What is claimed and has no outcome, because
its worker died or the conversation broke off, may have been delivered, so it isn't sent again by itself.
"""

import datetime as dt
import logging
from smtplib import SMTPException

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from audit.services import record
from common.text import clean_text
from exports.errors import ExportRefusedError
from exports.models import DataExportLog, DownloadLink, ExportNotice
from exports.run_wishes import wishes_of
from exports.schedules.letters import Letter, letter_of, letter_of_link
from exports.schedules.post import Fate, hand_over, reach_mail_server
from exports.schedules.rights import why_no_mail, why_not
from exports.services.links import generate_secure_download_link
from exports.services.schedule_outcomes import withhold

logger = logging.getLogger(__name__)

# How long after the first attempt, the second, and so on the next one comes; after the last there is none.
WAIT_MINUTES = (1, 5, 15, 60, 180, 360, 720)
# Far longer than a conversation with a mail server may take.
LOST_AFTER = dt.timedelta(minutes=10)
LONGEST_ANSWER = 500
MOST_AT_ONCE = 200

Kind, State = ExportNotice.Kind, ExportNotice.State
STATES = {Fate.SENT: State.SENT, Fate.NEVER: State.FAILED, Fate.UNKNOWN: State.UNCERTAIN}


def send_notices(*, run_id: int | None = None) -> int:
    """Send the mails that wait, those about one run or all of them; returns how many were taken by the mail server."""
    _give_up_lost()
    waiting = ExportNotice.objects.filter(state=State.WAITING, send_after__lte=timezone.now())
    if run_id:
        waiting = waiting.filter(run=run_id)
    numbers, sent = list(waiting.values_list("pk", flat=True)[:MOST_AT_ONCE]), 0
    for number in numbers:
        try:
            connection = reach_mail_server()
        except (OSError, SMTPException) as error:
            _note_fate(number, Fate.NOT_NOW, f"{type(error).__name__}: {error}", claimed=False)
            break  # the others' turn comes when beat asks again
        sent += _send(number, connection)
    return sent


def _send(number: int, connection: BaseEmailBackend) -> bool:
    claimed = _claim_or_give_up(number)
    if claimed is None:
        connection.close()
        return False
    return _deliver(*claimed, connection)


def _deliver(notice: ExportNotice, letter: Letter, connection: BaseEmailBackend) -> bool:
    with override(_language_of(notice)):
        fate, words = hand_over(notice, letter, connection)
    _note_fate(notice.pk, fate, words, claimed=True)
    return fate == Fate.SENT


def _claim_or_give_up(number: int) -> tuple[ExportNotice, Letter] | None:
    try:
        return _claim(number)
    except (DatabaseError, SoftTimeLimitExceeded):
        raise  # not the mail's fault: it still waits when beat asks again
    except Exception:
        logger.exception("The mail %s about an export could not be written", number)
        _note_fate(number, Fate.NEVER, _("Something went wrong that nobody expected."), claimed=False)
        return None


@transaction.atomic
def _claim(number: int) -> tuple[ExportNotice, Letter] | None:
    """Take a mail that waits, and write it; None where another worker has it, or where it mustn't be sent."""
    waiting = ExportNotice.objects.filter(pk=number, state=State.WAITING, send_after__lte=timezone.now())
    related = ("recipient", "run__schedule__owner", "run__asked_by", "run__candidate", "schedule")
    notice = waiting.select_for_update(skip_locked=True, of=("self",)).select_related(*related).first()
    if notice is None:
        return None
    with override(_language_of(notice)):
        letter = _write_or_withhold(notice)
    if letter is None:
        return None
    notice.state, notice.claimed_at = State.SENDING, timezone.now()
    notice.save(update_fields=["state", "claimed_at"])
    return notice, letter


def _write_or_withhold(notice: ExportNotice) -> Letter | None:
    """The letter; None where it mustn't be sent now, whatever was true when it was noted."""
    if notice.kind != Kind.READY or notice.run is None:
        reason = why_no_mail(notice.recipient)
        if not reason:
            return letter_of(notice)
    elif notice.run.state != DataExportLog.State.READY:
        notice.state, notice.reason = State.FAILED, _("The file has been removed meanwhile.")
        notice.save(update_fields=["state", "reason"])
        return None
    else:
        try:
            reason = next(filter(None, (why_not(wish, notice.recipient) for wish in wishes_of(notice.run))), "")
            if not reason:
                return _letter_with_link(notice, notice.run)
        except ExportRefusedError as error:
            reason = str(error)
    withhold(notice, reason)
    return None


def _letter_with_link(notice: ExportNotice, run: DataExportLog) -> Letter:
    address = generate_secure_download_link(run=run, actor=None, only_for=notice.recipient)
    link = DownloadLink.objects.filter(run=run, only_for=notice.recipient).latest("pk")
    return letter_of_link(notice, link=link, address=address)


@transaction.atomic
def _note_fate(number: int, fate: Fate, words: str, *, claimed: bool) -> None:
    """Keep what became of an attempt."""
    state = State.SENDING if claimed else State.WAITING
    noted = ExportNotice.objects.select_for_update(skip_locked=True, of=("self",)).select_related("recipient", "run")
    notice = noted.filter(pk=number, state=state).first()
    if notice is None:
        return
    now, waits = timezone.now(), WAIT_MINUTES[notice.attempts : notice.attempts + 1]
    notice.attempts += 1
    notice.answer = clean_text(words, LONGEST_ANSWER)
    if fate == Fate.NOT_NOW:
        notice.state = State.WAITING if waits else State.FAILED
        notice.send_after = now + dt.timedelta(minutes=sum(waits))
    else:
        notice.state = STATES[fate]
    if notice.state == State.SENT:
        notice.sent_at = now
        details = {"kind": notice.kind, "person": str(notice.recipient)}
        record(action="exports.notice.sent", actor=None, target=notice.run or notice.schedule, details=details)
    elif notice.state != State.WAITING:
        logger.error("A mail about an export is %s: %s", notice.state, notice.answer)
    notice.save()


def _give_up_lost() -> None:
    lost = ExportNotice.objects.filter(state=State.SENDING, claimed_at__lt=timezone.now() - LOST_AFTER)
    lost.update(state=State.UNCERTAIN)


def _language_of(notice: ExportNotice) -> str:
    """Staff have no language of their own here: that of the export."""
    return notice.run.language if notice.run else notice.schedule.language if notice.schedule else ""
