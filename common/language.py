"""The reader's language."""

from django.conf import settings
from django.utils.translation import get_language


def reads_persian() -> bool:
    """Whether the reader reads Persian; where no language is active, whether the site's own is Persian."""
    return (get_language() or settings.LANGUAGE_CODE).startswith("fa")
