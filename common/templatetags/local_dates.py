"""Dates in templates, in the reader's calendar."""

import datetime as dt

from django import template

from common.admin.dates import show_moment

register = template.Library()


@register.filter
def local_moment(moment: dt.datetime | dt.date | None) -> str:
    """`{{ run.created_at|local_moment }}`: Jalali in Persian, ISO in English, Tehran's time; empty for None."""
    return show_moment(moment)
