from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.fields import BlindIndexField, EncryptedTextField
from common.normalise import normalise_mail


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """A staff member; without a password one who can't sign in yet."""
        if not username:
            raise ValueError("a username is needed")
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, **{**fields, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # django-otp is untyped
    """A member of staff. Citizens and candidates have no user here."""

    username = models.CharField(
        _("username"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("A staff member with that username already exists.")},
    )
    full_name = models.CharField(_("full name"), max_length=150, blank=True)
    email = EncryptedTextField(_("e-mail"), blank=True, default="")
    email_index = BlindIndexField(source="email", normalise=normalise_mail, db_index=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_limited_to_scopes = models.BooleanField(
        _("limited to scopes"),
        default=False,
        help_text=_("Sees only the candidates and regions listed below; with an empty list, nothing."),
    )
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff members")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def is_staff(self) -> bool:
        """Everyone with an account here is staff; what they may do is a matter of roles."""
        return True

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name or self.username
