"""What the mails about exports say, in the active language. They hold links and figures, never the data itself."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from common.jalali import format_local, persian_digits, reads_jalali
from exports.datasets import DATASETS
from exports.models import DataExportLog, DownloadLink, ExportNotice
from exports.outcomes import explain

Kind = ExportNotice.Kind


@dataclass(frozen=True)
class Letter:
    """A mail in parts: sentences, facts, an address to go to with what it is called, and sentences after it."""

    subject: str
    opening: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    address_name: str
    address: str
    closing: tuple[str, ...]

    def as_text(self) -> str:
        """The plain part of the mail."""
        facts = "\n".join(f"{name}: {value}" for name, value in self.facts)
        parts = (*self.opening, facts, f"{self.address_name}:\n{self.address}", *self.closing)
        return "\n\n".join(part for part in parts if part) + "\n"

    def as_html(self) -> str:
        """The same as a simple page."""
        direction = "rtl" if get_language_bidi() else "ltr"
        context = {"letter": self, "language": get_language(), "direction": direction}
        return render_to_string("exports/mail/letter.html", context)


def letter_of_link(notice: ExportNotice, *, link: DownloadLink, address: str) -> Letter:
    """The mail that brings a recipient their link."""
    run = _run_of(notice)
    opening = [_("The export “%(name)s” is ready.") % {"name": name_of(notice)}]
    if run.schedule:
        opening.append(_("You get this mail because you are a recipient of this scheduled export."))
    facts = [
        (_("Data"), _title_of(run)),
        (_("State of the data"), _moment(run.started_at)),
        (_("Rows"), _digits(number_format(run.rows_written, force_grouping=True))),
        (_("Size"), _digits(filesizeformat(run.file_bytes))),
        (_("The link is good until"), _("%(time)s, Tehran time") % {"time": _moment(link.expires_at)}),
    ]
    closing = (
        _("The link works once, and for you alone: you sign in with your second factor. Don't pass it on."),
        _("When it has ended, ask for a new one here, as long as the file is kept, until %(time)s:")
        % {"time": _moment(run.expires_at)}
        + f"\n{page_of(notice)}",
    )
    subject = _("Export ready: %(name)s") % {"name": name_of(notice)}
    return Letter(subject, tuple(opening), tuple(facts), _("Download"), address, closing)


def letter_of(notice: ExportNotice) -> Letter:
    """The mail to who asked for an export or owns a schedule, about what went wrong."""
    return WRITERS[Kind(notice.kind)](notice)


def name_of(notice: ExportNotice) -> str:
    """What the mail is about: the schedule's name, or the dataset's."""
    schedule = notice.schedule or (notice.run and notice.run.schedule)
    return schedule.name if schedule else _title_of(_run_of(notice))


def page_of(notice: ExportNotice) -> str:
    """The page where people see more, and can do something about it."""
    if notice.run:
        path = reverse("exports:one", args=[notice.run.pk])
    else:
        path = reverse("exports:schedule", args=[notice.schedule_id])
    return f"{settings.PUBLIC_URL}{path}"


def _failed(notice: ExportNotice) -> Letter:
    found = explain(_run_of(notice))
    subject = _("Export failed: %(name)s") % {"name": name_of(notice)}
    opening = (_("The export “%(name)s” has failed. There is no file.") % {"name": name_of(notice)}, found.words)
    return _about(notice, subject, opening, (found.advice,))


def _refused(notice: ExportNotice) -> Letter:
    subject = _("Export did not begin: %(name)s") % {"name": name_of(notice)}
    opening = (_("The scheduled export “%(name)s” could not begin.") % {"name": name_of(notice)}, notice.reason)
    advice = _("Put right what stands in its way. It is tried again at its next time; the fifth failure stops it.")
    return _about(notice, subject, opening, (advice,))


def _stopped(notice: ExportNotice) -> Letter:
    subject = _("Schedule stopped: %(name)s") % {"name": name_of(notice)}
    words = _(
        "The scheduled export “%(name)s” has failed five times in a row and was stopped. Nobody gets it any more."
    )
    advice = _("Put right what stands in its way, then resume the schedule on its page.")
    return _about(notice, subject, (words % {"name": name_of(notice)}, notice.reason), (advice,))


def _withheld(notice: ExportNotice) -> Letter:
    subject = _("Recipients without a right: %(name)s") % {"name": name_of(notice)}
    words = _(
        "The export “%(name)s” is ready. These recipients got no link, because they have no right to it any more:"
    )
    withheld = _run_of(notice).notices.filter(kind=Kind.READY, state=ExportNotice.State.WITHHELD)
    facts = tuple((str(other.recipient), other.reason) for other in withheld.select_related("recipient"))
    advice = _("Take them from the recipients of the schedule, or have an owner give them back their right.")
    return _about(notice, subject, (words % {"name": name_of(notice)},), (advice,), facts)


WRITERS: dict[Kind, Callable[[ExportNotice], Letter]] = {
    Kind.FAILED: _failed,
    Kind.REFUSED: _refused,
    Kind.STOPPED: _stopped,
    Kind.WITHHELD: _withheld,
}


def _about(
    notice: ExportNotice,
    subject: str,
    opening: tuple[str, ...],
    closing: tuple[str, ...],
    facts: tuple[tuple[str, str], ...] = (),
) -> Letter:
    return Letter(subject, opening, facts, _("More about it"), page_of(notice), closing)


def _run_of(notice: ExportNotice) -> DataExportLog:
    if notice.run is None:
        raise TypeError(f"the notice {notice} is about no run")
    return notice.run


def _title_of(run: DataExportLog) -> str:
    dataset = DATASETS.get(run.dataset)
    return str(dataset.title) if dataset else _("Several exports in one file")


def _moment(moment: dt.datetime | None) -> str:
    return _digits(format_local(moment))


def _digits(text: str) -> str:
    return persian_digits(text) if reads_jalali() else text
