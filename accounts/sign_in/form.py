"""The form on the sign-in page."""

import datetime as dt

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.password_policy import LONGEST
from accounts.services.second_factor import describe_wait
from accounts.sign_in.handler import seconds_left
from common.jalali import format_local


class SignInForm(AdminAuthenticationForm):
    """Name and password. Nobody's password is longer than the policy allows, so none such is looked at."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        # Not `max_length`: a browser would silently cut what is pasted.
        validators=[MaxLengthValidator(LONGEST)],
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def get_invalid_login_error(self) -> ValidationError:
        until: dt.datetime | None = getattr(self.request, "sign_in_locked_until", None)
        if until is None:
            return super().get_invalid_login_error()
        full_minute = until + dt.timedelta(seconds=59)  # seconds aren't shown, and too early would be refused
        words = _("Too many failed attempts to sign in. Try again in %(wait)s, at %(time)s Tehran time.")
        shown = {"wait": describe_wait(seconds_left(until)), "time": format_local(full_minute)}
        return ValidationError(words % shown, code="locked")
