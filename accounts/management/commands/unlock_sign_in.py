"""`manage.py unlock_sign_in`: for somebody who is locked out when no owner can help."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import SignInGuard, User
from accounts.services import unlock_sign_in
from common.errors import DomainError
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "End the locks that failed sign-ins brought upon a member of staff, from every address. A lock ends by itself "
        "after 15 minutes. The act goes to the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="who is locked out")
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, *args: Any, username: str, reason: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(_("There is no member of staff named %(username)s.") % {"username": username})
        try:
            count = unlock_sign_in(locks=SignInGuard.objects.filter(user=user), actor=None, reason=reason)
        except DomainError as error:
            raise CommandError(str(error)) from error
        words = ngettext(
            "%(username)s may sign in again: one lock was ended.",
            "%(username)s may sign in again: %(count)d locks were ended.",
            count,
        )
        self.stdout.write(words % {"username": username, "count": count})
