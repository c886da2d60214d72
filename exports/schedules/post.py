"""Handing a mail over to the mail server, and knowing what became of it."""

from enum import StrEnum
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from exports.models import ExportNotice
from exports.schedules.letters import Letter

FIRST_PERMANENT = 500  # RFC 5321, section 4.2.1


class Fate(StrEnum):
    """What is known of a mail: taken; surely not taken, for now or for good; or perhaps taken."""

    SENT = "sent"
    NOT_NOW = "not now"
    NEVER = "never"
    UNKNOWN = "unknown"


def reach_mail_server() -> BaseEmailBackend:
    """A conversation with the mail server. Raises OSError or SMTPException when it can't be reached."""
    connection: BaseEmailBackend = get_connection()
    connection.open()
    return connection


def hand_over(notice: ExportNotice, letter: Letter, connection: BaseEmailBackend) -> tuple[Fate, str]:
    """Send a letter by an open conversation, which is closed; gives its fate, and what the server said against it.

    When the conversation breaks off, the server may have the mail already. Each attempt has the same Message-ID.
    """
    mail = EmailMultiAlternatives(
        letter.subject,
        letter.as_text(),
        to=[notice.recipient.email],
        headers={"Message-ID": f"<{notice.number}@{_host()}>", "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    mail.attach_alternative(letter.as_html(), "text/html")
    try:
        mail.send()
    except ValueError as error:  # it can't even be written, such as to this address
        return Fate.NEVER, _words_of(error)
    except SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        return _refused(min(codes)), _words_of(error)
    except SMTPResponseException as error:
        return _refused(error.smtp_code), _words_of(error)
    except (OSError, SMTPException) as error:
        return Fate.UNKNOWN, _words_of(error)
    finally:
        connection.close()
    return Fate.SENT, ""


def _refused(code: int) -> Fate:
    return Fate.NEVER if code >= FIRST_PERMANENT else Fate.NOT_NOW


def _words_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "electionsite.localhost"
