"""The pages below /admin/second-factor/: the second factor itself, passkeys, and where one is signed in."""

from accounts.views.passkeys import (
    add_passkey_page,
    begin_adding_passkey,
    begin_passkey_check,
    finish_adding_passkey,
    finish_passkey_check,
    remove_passkey_page,
)
from accounts.views.second_factor import backup_codes, enrol, overview, verify
from accounts.views.sessions import sessions

__all__ = [
    "add_passkey_page",
    "backup_codes",
    "begin_adding_passkey",
    "begin_passkey_check",
    "enrol",
    "finish_adding_passkey",
    "finish_passkey_check",
    "overview",
    "remove_passkey_page",
    "sessions",
    "verify",
]
