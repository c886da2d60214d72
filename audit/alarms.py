"""Telling people at once that something is wrong with the audit log."""

import logging
from smtplib import SMTPException
from urllib.parse import quote

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override

logger = logging.getLogger(__name__)

REPEAT_AFTER_SECONDS = 60 * 60


def raise_alarm(code: str, *lines: object) -> None:
    """Log the lines as critical and mail them to `ELECTIONSITE_ALARM_ADDRESSES`: at most once an hour for a `code`.

    Lines are turned into text here, so lazy ones come in English to the log, as all its lines, and in the site's
    language to people. Never raises: what found the trouble goes on.
    """
    with override("en"):
        logger.critical("ALARM %s: %s", code, " ".join(map(str, lines)))
    key = f"alarm:{quote(code, safe='')}"
    if not settings.ALARM_ADDRESSES or not cache.add(key, True, REPEAT_AFTER_SECONDS):
        return
    try:
        with override(settings.LANGUAGE_CODE):
            subject = _("Electionsite: alarm (%(code)s)") % {"code": code}
            send_mail(subject, "\n".join(map(str, lines)), None, settings.ALARM_ADDRESSES)
    except (OSError, SMTPException) as error:
        cache.delete(key)
        logger.error("The alarm %s could not be mailed: %s", code, error)
