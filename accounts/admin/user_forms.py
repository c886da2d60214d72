"""Forms of the staff pages: roles are checkboxes in the reader's language."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import ROLE_LABELS, ROLE_NAMES


def roles_field() -> forms.MultipleChoiceField:
    """Checkboxes for the six roles."""
    return forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[(role.value, label) for role, label in ROLE_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What this person may do is the sum of their roles."),
    )


class StaffAddForm(UserCreationForm):  # type: ignore[type-arg]
    """A new member of staff: name, first password, roles."""

    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput({"dir": "ltr"}))
    roles = roles_field()

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "full_name", "email")


class StaffChangeForm(UserChangeForm):  # type: ignore[type-arg]
    """All about a member of staff but the password, which has its own page."""

    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput({"dir": "ltr"}))
    roles = roles_field()

    class Meta(UserChangeForm.Meta):
        model = User
        fields = ("username", "password", "full_name", "email", "is_active", "is_limited_to_scopes")  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roles" in self.fields:
            self.initial["roles"] = [group.name for group in self.instance.groups.all() if group.name in ROLE_NAMES]


class StaffPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """A new password for somebody; there is no other way to sign in that would make one dispensable."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True


class ResetReasonForm(forms.Form):
    """Why second factors are reset; it goes to the audit log."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.TextInput(attrs={"size": 60}))
