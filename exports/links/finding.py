"""Finding a link by what people bring."""

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from exports.links.token import make_token, read_token
from exports.models import DownloadLink

PEOPLE = ("run__asked_by", "run__candidate", "made_by", "only_for", "used_by")


def find_link(token: str) -> DownloadLink | None:
    """The link of a token, with its run; None for a forged one and for one that there is no link of.

    The database is asked in either case, so that the time it takes tells nobody which it was.
    """
    number, is_genuine = read_token(token)
    link = link_numbered(number)
    return link if is_genuine else None


def link_numbered(number: UUID) -> DownloadLink | None:
    """The link with that number, which is no secret."""
    return DownloadLink.objects.select_related("run", *PEOPLE).filter(number=number).first()


def link_url(link: DownloadLink) -> str:
    """The whole address of a link; without the host where ELECTIONSITE_PUBLIC_URL isn't set."""
    return f"{settings.PUBLIC_URL}{reverse('export-links:landing', args=[make_token(link.number)])}"


def token_in(text: str) -> str:
    """The token in what somebody pasted: the whole address of a link, or the token alone."""
    try:
        path = urlsplit(text.strip()).path
    except ValueError:
        return ""
    return path.rstrip("/").rpartition("/")[2]
