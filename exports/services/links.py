"""Links to the files of exports: made, used once, ended. Each step is audited with where it came from."""

import datetime as dt
from dataclasses import dataclass

from constance import config
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.origin import current_origin
from audit.services import record
from exports.errors import ExportRefusedError
from exports.links.finding import link_url
from exports.links.refusals import FOREIGN, OF_STATES, Refusal
from exports.links.rights import may_download
from exports.links.state import LinkState, has_file, state_of
from exports.links.ticket import hash_of, new_ticket
from exports.models import DataExportLog, DownloadLink
from exports.selectors import may_change


@dataclass(frozen=True)
class UsedLink:
    """A link that has just been used, and the ticket for the browser that used it. Nobody can learn that again."""

    link: DownloadLink
    ticket: str


def generate_secure_download_link(
    *, run: DataExportLog, actor: User | None, only_for: User | None = None, lifetime_seconds: int | None = None
) -> str:
    """The whole address of a new link to the export's file. It is nowhere kept, so it can't be shown again.

    It works once, for `lifetime_seconds` or as long as the system settings say, and only for `only_for` where somebody
    is named. A file with personal data goes to a named person only: to the actor unless another is given. Raises
    ExportRefusedError `no-file`, `not-allowed` where the actor or that person may not fetch the file, `bad-lifetime`
    for one longer than the settings allow, and `link-needs-person`.
    """
    with transaction.atomic():
        link = _make_link(run, actor=actor, only_for=only_for, lifetime_seconds=lifetime_seconds)
    return link_url(link)


def download_directly(*, run: DataExportLog, actor: User) -> UsedLink:
    """Make a link for the actor alone and use it at once. Raises what making and using one raises."""
    with transaction.atomic():
        link = _make_link(run, actor=actor, only_for=actor, lifetime_seconds=None)
        return use_link(link=link, actor=actor)


def use_link(*, link: DownloadLink, actor: User | None) -> UsedLink:
    """Use the link up: of any number who try at the same time, one gets the ticket for the file.

    Raises ExportRefusedError with the code of a `Refusal`, which stands in its `extra`: the state of a link that isn't
    open, or `foreign` for somebody else than whom it is for.
    """
    with transaction.atomic():
        link = DownloadLink.objects.select_for_update(of=("self",)).select_related("run", "only_for").get(pk=link.pk)
        _refuse_others(link, actor)
        now = timezone.now()
        if (state := state_of(link, now)) != LinkState.OPEN:
            raise _refused(OF_STATES[state])
        ticket = new_ticket()
        link.used_at, link.used_by = now, actor
        link.used_from = current_origin().address or None
        link.ticket_hash = hash_of(ticket)
        link.resumable_until = now + dt.timedelta(minutes=config.EXPORT_RESUME_MINUTES)
        link.save(update_fields=["used_at", "used_by", "used_from", "ticket_hash", "resumable_until"])
        record(action="exports.download_link.use", actor=actor, target=link.run, details=_details(link))
    return UsedLink(link, ticket)


def note_resumed(*, link: DownloadLink, actor: User | None, start: int) -> None:
    """Record that the browser that used the link goes on from that byte."""
    with transaction.atomic():
        details = {**_details(link), "from_byte": start}
        record(action="exports.download_link.resume", actor=actor, target=link.run, details=details)


def note_delivered(*, link: DownloadLink, actor: User | None) -> None:
    """Record, once, that the last byte of the file has been sent."""
    with transaction.atomic():
        now = timezone.now()
        if DownloadLink.objects.filter(pk=link.pk, delivered_at=None).update(delivered_at=now):
            record(action="exports.download_link.deliver", actor=actor, target=link.run, details=_details(link))


def revoke_link(*, link: DownloadLink, actor: User) -> DownloadLink:
    """End a link before its time, also for the browser that has begun to download by it.

    Whoever made it, whom it is for, and who may change the export may do so. Raises ExportRefusedError `not-allowed`,
    and `wrong-state` for one that has been revoked.
    """
    with transaction.atomic():
        link = DownloadLink.objects.select_for_update(of=("self",)).select_related("run").get(pk=link.pk)
        if actor.pk not in (link.made_by_id, link.only_for_id) and not may_change(actor, link.run):
            raise ExportRefusedError("not-allowed", _("You may not revoke this link."))
        if link.revoked_at:
            raise ExportRefusedError("wrong-state", _("This link was revoked already."))
        link.revoked_at, link.revoked_by = timezone.now(), actor
        link.save(update_fields=["revoked_at", "revoked_by"])
        record(action="exports.download_link.revoke", actor=actor, target=link.run, details=_details(link))
    return link


def _make_link(
    run: DataExportLog, *, actor: User | None, only_for: User | None, lifetime_seconds: int | None
) -> DownloadLink:
    run, now = DataExportLog.objects.get(pk=run.pk), timezone.now()
    if not has_file(run, now):
        raise ExportRefusedError("no-file", _("This export has no file to download."))
    if run.holds_personal_data and only_for is None:
        only_for = actor
        if only_for is None:
            message = _("A file with personal data needs a link for a person who is named.")
            raise ExportRefusedError("link-needs-person", message)
    for person in filter(None, {actor, only_for}):
        if not may_download(person, run):
            message = _("%(person)s may not download this export.") % {"person": person}
            raise ExportRefusedError("not-allowed", message)
    ends = now + dt.timedelta(seconds=_lifetime_seconds(lifetime_seconds))
    link = DownloadLink.objects.create(
        run=run, made_by=actor, only_for=only_for, created_at=now, expires_at=min(ends, run.expires_at or ends)
    )
    details = {**_details(link), "only_for": str(only_for or ""), "expires_at": link.expires_at}
    record(action="exports.download_link.create", actor=actor, target=run, details=details)
    return link


def _lifetime_seconds(wanted: int | None) -> int:
    longest: int = config.EXPORT_LINK_MINUTES * 60
    if wanted is None:
        return longest
    if not 0 < wanted <= longest:
        message = _("A link can be good for %(longest)s seconds at most.") % {"longest": longest}
        raise ExportRefusedError("bad-lifetime", message)
    return wanted


def _refuse_others(link: DownloadLink, actor: User | None) -> None:
    """Rights are looked at when a link is used, too: people leave, and change their roles."""
    if link.only_for and (actor is None or actor.pk != link.only_for_id or not may_download(actor, link.run)):
        raise _refused(FOREIGN)


def _refused(refusal: Refusal) -> ExportRefusedError:
    return ExportRefusedError(refusal.code, refusal.heading, refusal=refusal)


def _details(link: DownloadLink) -> dict[str, str]:
    return {"link": str(link.number)}
