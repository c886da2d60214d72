"""Whether a password may be chosen."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from common.errors import DomainError


def validate_password_strength(password: str, user: User | None = None) -> None:
    """Raises DomainError `password-weak`, in words that say what is missing, unless the policy accepts `password`.

    With `user` it must also be unlike the person's name and e-mail, and none of their last five passwords.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("password-weak", " ".join(error.messages)) from error
