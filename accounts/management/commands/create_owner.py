"""`manage.py create_owner`: the first member of staff, or another owner when all are locked out."""

import getpass
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.password_policy import generate_password
from accounts.roles import Role
from accounts.services import create_staff_user
from common.errors import DomainError
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Create a member of staff with the role owner. At a terminal a password is asked for; without one a random "
        "password is made and printed once. The second factor is enrolled at the first sign-in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name to sign in with")
        parser.add_argument("--full-name", default="", help="the name that others read")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, username: str, full_name: str, password_stdin: bool, **options: Any) -> None:
        typed = self._typed_password(from_pipe=password_stdin)
        password = typed or generate_password(User(username=username, full_name=full_name))
        try:
            create_staff_user(username=username, password=password, full_name=full_name, roles=[Role.OWNER], actor=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Created the owner %(username)s.") % {"username": username})
        if not typed:
            self.stdout.write(_("Password (shown once, change it after the first sign-in): %s") % password)

    def _typed_password(self, *, from_pipe: bool) -> str:
        if from_pipe:
            password = sys.stdin.readline().rstrip("\r\n")
            if not password:
                raise CommandError(_("--password-stdin was given, but no password came on standard input."))
            return password
        if not sys.stdin.isatty():
            return ""
        password = getpass.getpass(_("Password (empty for a random one): "))
        if password and getpass.getpass(_("Password once more: ")) != password:
            raise CommandError(_("The two passwords differ."))
        return password
