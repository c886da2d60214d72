"""What counts as the same phone number or mail address."""

import re

from common.jalali import latin_digits

_NOT_DIGIT = re.compile(r"\D+")


def normalise_phone(value: str) -> str:
    """A phone number as its digits with the country code: `0912 700 5026` and `+98 912 700 5026` are the same.

    Iran's country code (98) is added to national numbers that begin with one zero; `00` is the international
    prefix (ITU-T E.164, E.123).
    """
    digits = _NOT_DIGIT.sub("", latin_digits(value))
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith("0"):
        return "98" + digits[1:]
    return digits


def normalise_mail(value: str) -> str:
    """A mail address without surrounding space and in lower case."""
    return value.strip().lower()
