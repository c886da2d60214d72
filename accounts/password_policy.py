"""Which passwords are accepted. Django calls these wherever a password is chosen or has been set."""

import re
import secrets
import string
import unicodedata
from collections.abc import Callable

from django.contrib.auth import password_validation
from django.contrib.auth.hashers import check_password, is_password_usable
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import PasswordRecord, User

SHORTEST = 8
LONGEST = 128  # ASVS 5.0, 6.2.9: 64 characters at least must be possible
REMEMBERED = 5
COMMON_SUFFIX_CHARACTERS = 6
# ASVS 5.0, 6.2.11. What whoever guesses at this system's staff would try first; docs/security/signing-in.md lists them.
CONTEXT_WORDS = {
    *("electionsite", "election", "entekhabat", "entekhab", "majles", "namayande", "candidate", "campaign", "telegram"),
    *("owner", "manager", "officer", "operations", "auditor", "support", "admin"),
    *("iran", "tehran", "isfahan"),
}
_PERSONAL = ("username", "full_name", "email")
_KINDS: tuple[tuple[Callable[[str], bool], str | Promise], ...] = (
    (str.isupper, gettext_lazy("an upper-case letter")),
    (str.islower, gettext_lazy("a lower-case letter")),
    (str.isdecimal, gettext_lazy("a digit")),
    (lambda character: unicodedata.category(character)[0] in "PSZ", gettext_lazy("a special character such as ! or -")),
)


class CompositionValidator:
    """Length and kinds of characters; one message names all that is missing."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > LONGEST:
            words = _("This password is too long. At most %(count)d characters are accepted.") % {"count": LONGEST}
            raise ValidationError(words, code="password_too_long")
        missing = [str(name) for is_kind, name in _KINDS if not any(map(is_kind, password))]
        if len(password) < SHORTEST:
            missing.insert(0, _("at least %(count)d characters") % {"count": SHORTEST})
        if missing:
            # Translators: stands between the items of a list
            words = _("This password still needs: %(missing)s.") % {"missing": str(_(", ")).join(missing)}
            raise ValidationError(words, code="password_composition")

    def get_help_text(self) -> str:
        return _(
            "Between %(shortest)d and %(longest)d characters, among them an upper-case letter, a lower-case letter, "
            "a digit and a special character such as ! or -."
        ) % {"shortest": SHORTEST, "longest": LONGEST}


class GuessableWordsValidator:
    """What belongs to the person or to this system counts for nothing: without it, the password must be long enough."""

    def validate(self, password: str, user: User | None = None) -> None:
        typed = password.casefold()
        left = typed
        for word in sorted(CONTEXT_WORDS | _personal_words(user), key=len, reverse=True):
            left = left.replace(word, "")
        if left != typed and len(left) < SHORTEST:
            words = _("Without names and words of this system, too little of this password is left.")
            raise ValidationError(words, code="password_guessable")

    def get_help_text(self) -> str:
        return _("Your name, and words such as “election” or “Tehran”, don't count towards the length.")


def _personal_words(user: User | None) -> set[str]:
    texts = [getattr(user, name) for name in _PERSONAL] if user else []
    return {word for text in texts for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 2}


class NotCommonValidator(password_validation.CommonPasswordValidator):
    """Django's list of common passwords, also where a few digits and signs stand around one of them."""

    def validate(self, password: str, user: User | None = None) -> None:
        super().validate(password, user)
        core = password.lower().strip(string.digits + string.punctuation)
        if core and len(password) - len(core) <= COMMON_SUFFIX_CHARACTERS:
            super().validate(core, user)


class NotRecentValidator:
    """Refuses the last five passwords of a person, the present one among them.

    Django calls `password_changed` after each save of a user with a new password, wherever it was set: this is the
    one place that remembers them.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None or len(password) > LONGEST:
            return
        hashes = {user.password, *PasswordRecord.objects.filter(user=user).values_list("hash", flat=True)}
        if any(check_password(password, known) for known in hashes if is_password_usable(known)):
            words = _("This is one of your last %(count)d passwords. Choose another one.") % {"count": REMEMBERED}
            raise ValidationError(words, code="password_recent")

    def password_changed(self, password: str, user: User) -> None:
        PasswordRecord.objects.create(user=user, hash=user.password)
        kept = PasswordRecord.objects.filter(user=user)[:REMEMBERED].values_list("pk", flat=True)
        PasswordRecord.objects.filter(user=user).exclude(pk__in=list(kept)).delete()

    def get_help_text(self) -> str:
        return _("None of your last %(count)d passwords.") % {"count": REMEMBERED}


# Without look-alikes; what the groups are joined by is the special character.
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lIo")))


def generate_password(user: User | None = None) -> str:
    """A random password that the policy accepts for `user`: five groups of four, 116 random bits."""
    while True:
        password = "-".join("".join(secrets.choice(_ALPHABET) for _place in range(4)) for _group in range(5))
        try:
            password_validation.validate_password(password, user)
        except ValidationError:
            continue
        return password
