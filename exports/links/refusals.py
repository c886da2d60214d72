"""Why a link gives no file, in words that say what happened and what to do."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

from exports.links.state import LinkState

ASK_FOR_ANOTHER = _("Ask whoever sent it to you for a new one; it is made with a click.")


@dataclass(frozen=True)
class Refusal:
    """An answer other than the file. `code` is for programs and the audit log."""

    code: str
    status: HTTPStatus
    heading: Any
    advice: Any


UNKNOWN = Refusal(
    "unknown",
    HTTPStatus.NOT_FOUND,
    _("This link isn't valid"),
    _("Look whether you have all of it: mail programs sometimes break long addresses. Or ask for a new one."),
)
FOREIGN = Refusal(
    "foreign",
    HTTPStatus.FORBIDDEN,
    _("This link isn't for you"),
    _("It works only for the person whom it was made for, while they may see what is in the file."),
)
NOT_THIS_BROWSER = Refusal(
    "no-ticket",
    HTTPStatus.NOT_FOUND,
    _("Nothing to download here"),
    _("A file comes only to the browser in which its link was used. Open the link, or ask for a new one."),
)
OF_STATES = {
    LinkState.USED: Refusal("used", HTTPStatus.GONE, _("This link has been used"), ASK_FOR_ANOTHER),
    LinkState.EXPIRED: Refusal("expired", HTTPStatus.GONE, _("The time of this link has ended"), ASK_FOR_ANOTHER),
    LinkState.REVOKED: Refusal("revoked", HTTPStatus.GONE, _("This link was revoked"), ASK_FOR_ANOTHER),
    LinkState.REMOVED: Refusal(
        "removed",
        HTTPStatus.GONE,
        _("The file has been removed"),
        _("Files of exports are kept for some days. Have the export made anew."),
    ),
}
OVER = Refusal("over", HTTPStatus.GONE, _("The time of this download has ended"), ASK_FOR_ANOTHER)
DELIVERED = Refusal("delivered", HTTPStatus.GONE, _("This file was delivered already"), ASK_FOR_ANOTHER)
DAMAGED = Refusal(
    "damaged", HTTPStatus.GONE, _("The stored file is damaged"), _("Nothing was sent. Have the export made anew.")
)
AWAY = Refusal(
    "store-away",
    HTTPStatus.SERVICE_UNAVAILABLE,
    _("The file can't be read now"),
    _("The place where files are kept doesn't answer. Try again in a minute; your download is still yours."),
)
OF_READING = {"file-missing": OF_STATES[LinkState.REMOVED], "file-damaged": DAMAGED, "store-away": AWAY}
