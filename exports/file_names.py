"""What the files of exports are called."""

from django.utils import timezone

from common.jalali import TEHRAN, format_jalali, reads_jalali


def file_name(stem: str, extension: str) -> str:
    """Such as `bot-users-1404-09-01-1430.xlsx`: letters that every system keeps, the day as the reader counts it."""
    now = timezone.now()
    day = format_jalali(now, with_time=False, separator="-") if reads_jalali() else f"{now.astimezone(TEHRAN):%Y-%m-%d}"
    return f"{stem}-{day}-{now.astimezone(TEHRAN):%H%M}.{extension}"
