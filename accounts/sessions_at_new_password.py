"""What a new password does to the sessions of its person, wherever it was set."""

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.models.staff_session import SessionEnd
from accounts.services import end_sessions
from audit.origin import current_origin


class NewPasswordEndsSessions:
    """Among the password validators, for Django calls those after each save of a user with a new password.

    The session in which the password was changed goes on. That it hears of it is Django's doing.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Every password is as good as another here."""

    def password_changed(self, password: str, user: User) -> None:
        end_sessions(user=user, actor=None, how=SessionEnd.PASSWORD_CHANGED, keep=current_origin().session_id)

    def get_help_text(self) -> str:
        return _("A new password ends all other sessions.")
