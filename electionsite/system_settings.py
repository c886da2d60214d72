"""The settings that staff change in the admin: their default, bounds and words.

Code reads them by `from constance import config`, once where it begins rather than in a loop: each read is a query.
What only an operator may change stays in the environment.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class WholeNumber:
    """A setting that is a whole number between two bounds, these included."""

    default: int
    smallest: int
    largest: int
    label: Any
    help_text: Any


SECTIONS: tuple[tuple[Any, dict[str, WholeNumber]], ...] = (
    (
        _("Plans"),
        {
            "MOVE_UNDO_HOURS": WholeNumber(
                default=72,
                smallest=1,
                largest=24 * 90,
                label=_("Hours in which a move can be undone"),
                help_text=_("How long after subscribers were moved to another plan staff can still move them back."),
            ),
        },
    ),
    (
        _("Inbox"),
        {
            "INBOX_ALARM_SECONDS": WholeNumber(
                default=120,
                smallest=10,
                largest=24 * 3600,
                label=_("Seconds after which a waiting update raises an alarm"),
                help_text=_("What citizens send waits for a second or two as a rule; longer when workers are missing."),
            ),
            "INBOX_KEEP_DAYS": WholeNumber(
                default=30,
                smallest=2,
                largest=3650,
                label=_("Days that updates are kept as they came"),
                help_text=_(
                    "People, messages and votes stay. Rejected updates are kept twice as long, waiting ones always."
                ),
            ),
        },
    ),
    (
        _("Bots"),
        {
            "BOT_TRIAL_DAYS": WholeNumber(
                default=30,
                smallest=0,
                largest=3650,
                label=_("Days that a bot works before its candidate buys a plan"),
                help_text=_("Then it pauses: what citizens write is kept, and the bot answers that it is closed."),
            ),
            "PLAN_GRACE_DAYS": WholeNumber(
                default=0,
                smallest=0,
                largest=365,
                label=_("Days that a bot goes on after the plan has ended"),
                help_text=_("With 0 it pauses at once. A new plan has it go on at once."),
            ),
            "BOT_WAITING_ALARM": WholeNumber(
                default=500,
                smallest=1,
                largest=1_000_000,
                label=_("Updates waiting at a platform that raise an alarm"),
                help_text=_("Platforms keep them for a day, then they are lost."),
            ),
            "BOT_ERROR_MINUTES": WholeNumber(
                default=10,
                smallest=1,
                largest=24 * 60,
                label=_("Minutes for which an error of delivery counts as trouble"),
                help_text=_("A platform that could not deliver an update here within this time raises an alarm."),
            ),
            "BOT_SILENCE_MINUTES": WholeNumber(
                default=15,
                smallest=1,
                largest=24 * 60,
                label=_("Minutes of silence of a platform that raise an alarm"),
                help_text=_("The platform of each bot is asked every five minutes."),
            ),
        },
    ),
    (
        _("Conversation"),
        {
            "REPLY_LATEST_SECONDS": WholeNumber(
                default=600,
                smallest=30,
                largest=24 * 3600,
                label=_("Seconds after which a message is not answered any more"),
                help_text=_("What arrives later is kept all the same; only the bot doesn't answer by itself."),
            ),
            "REPLY_KEEP_DAYS": WholeNumber(
                default=30,
                smallest=1,
                largest=3650,
                label=_("Days that replies of bots are kept"),
                help_text=_("They repeat what is stored elsewhere. Answers of staff are kept with the contributions."),
            ),
            "SENDING_ALARM_SECONDS": WholeNumber(
                default=120,
                smallest=10,
                largest=24 * 3600,
                label=_("Seconds after which a waiting message to people raises an alarm"),
                help_text=_("Replies and broadcasts wait for a second or two as a rule; for ever when no sender runs."),
            ),
        },
    ),
    (
        _("Broadcasts"),
        {
            "BROADCAST_APPROVAL_PEOPLE": WholeNumber(
                default=1000,
                smallest=0,
                largest=10_000_000,
                label=_("People whom one person alone may write to"),
                help_text=_("A broadcast to more people needs the approval of a second person."),
            ),
            "BROADCAST_MESSAGES_PER_SECOND": WholeNumber(
                default=30,
                smallest=1,
                largest=1000,
                label=_("Messages a second of each bot"),
                help_text=_("Telegram allows about 30, and more only to bots that pay for it."),
            ),
            "BROADCAST_CHAT_SECONDS": WholeNumber(
                default=1,
                smallest=0,
                largest=60,
                label=_("Seconds between two messages to one person"),
                help_text=_("Telegram asks for one second."),
            ),
        },
    ),
    (
        _("Exports"),
        {
            "EXPORT_APPROVAL_ROWS": WholeNumber(
                default=100_000,
                smallest=0,
                largest=1_000_000_000,
                label=_("Rows with personal data that one person alone may export"),
                help_text=_("An export with more rows needs the approval of a second person."),
            ),
            "EXPORT_KEEP_DAYS": WholeNumber(
                default=7,
                smallest=1,
                largest=365,
                label=_("Days that a file of an export is kept"),
                help_text=_("Then its key is destroyed and the file removed. It can be made anew."),
            ),
            "EXPORT_LINK_MINUTES": WholeNumber(
                default=60,
                smallest=1,
                largest=24 * 60,
                label=_("Minutes in which a download link can be used"),
                help_text=_("Each works once. A new one is made with a click."),
            ),
            "EXPORT_RESUME_MINUTES": WholeNumber(
                default=60,
                smallest=5,
                largest=24 * 60,
                label=_("Minutes in which a download that broke off can go on"),
                help_text=_("From the use of its link, and only in the browser in which that was used."),
            ),
            "IMPORT_UNDO_HOURS": WholeNumber(
                default=24,
                smallest=1,
                largest=24 * 30,
                label=_("Hours in which an import can be undone"),
                help_text=_("So long the former values are kept, encrypted, and no longer."),
            ),
            "EXPORT_SPARE_MEGABYTES": WholeNumber(
                default=500,
                smallest=0,
                largest=1_000_000,
                label=_("Megabytes that exports leave free on the disk"),
                help_text=_("An export that would take more is given up before the disk is full for everything else."),
            ),
        },
    ),
)
SYSTEM_SETTINGS = {name: setting for _title, section in SECTIONS for name, setting in section.items()}

# As django-constance reads them: each setting has a form field of its own, for the sake of its bounds.
CONSTANCE_BACKEND = "electionsite.settings_store.AuditedBackend"
CONSTANCE_SUPERUSER_ONLY = False
CONSTANCE_CONFIG = {name: (setting.default, setting.help_text, name) for name, setting in SYSTEM_SETTINGS.items()}
CONSTANCE_CONFIG_FIELDSETS = tuple((title, tuple(section)) for title, section in SECTIONS)
CONSTANCE_ADDITIONAL_FIELDS = {
    name: ["django.forms.IntegerField", {"min_value": setting.smallest, "max_value": setting.largest}]
    for name, setting in SYSTEM_SETTINGS.items()
}
