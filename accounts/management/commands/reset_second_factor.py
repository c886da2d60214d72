"""`manage.py reset_second_factor`: for somebody who lost the phone and the backup codes, when no owner can help."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import reset_second_factor
from common.errors import DomainError
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Take the second factor from a member of staff, who enrols a new one at the next sign-in. Make sure that it "
        "is really they who ask: the password alone is enough to enrol. The reset goes to the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="who lost the second factor")
        parser.add_argument("--reason", required=True, help="why, for the audit log")

    def handle(self, *args: Any, username: str, reason: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(_("There is no member of staff named %(username)s.") % {"username": username})
        try:
            reset_second_factor(user=user, actor=None, reason=reason)
        except DomainError as error:
            raise CommandError(str(error)) from error
        words = _("%(username)s enrols a new second factor at the next sign-in.")
        self.stdout.write(words % {"username": username})
