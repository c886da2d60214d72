"""What a complete backup holds: each table, by what its rows are known again elsewhere, and whose they are.

Parents stand before their children, so that whoever restores knows a parent's new number when its children come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

from accounts.models import Candidate
from common.fields import BlindIndexField, EncryptedTextField

OfCandidate = Callable[[int], Q]


@dataclass(frozen=True)
class Table:
    """A table of the backup.

    `key` tells by what a row is the same row in another database: columns, or SQL in which `{row}` stands for the row.
    `of_candidate` picks one candidate's rows; without it the table is in the backup of everything only.
    `part_of` names the foreign key to a whole: where that is there already, none of its parts are added to it, so that
    nobody gets back a role or a device that was taken from them. Only where the whole `may_be_completed`, and is as it
    was, what it has lost of its parts comes back.
    `volatile` columns may differ without anybody having changed the row. By what `is_credential` staff sign in.
    """

    label: str
    key: tuple[str, ...]
    of_candidate: OfCandidate | None = None
    part_of: str = ""
    may_be_completed: bool = False
    volatile: frozenset[str] = frozenset()
    is_credential: bool = False
    is_read_only: bool = False  # for people who look into a backup; never restored

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)

    @property
    def name(self) -> str:
        """The table's name in the database, and its file's in the backup."""
        return self.model._meta.db_table

    @property
    def fields(self) -> dict[str, "Field[Any, Any]"]:
        """The fields that have a column, by its name."""
        return {field.column: field for field in self.model._meta.local_concrete_fields if field.column}

    @property
    def columns(self) -> list[str]:
        """The columns that the backup has: not the blind indexes, which are made anew under the keys of the place."""
        return [column for column, field in self.fields.items() if not isinstance(field, BlindIndexField)]

    @property
    def encrypted(self) -> dict[str, EncryptedTextField]:
        return {column: field for column, field in self.fields.items() if isinstance(field, EncryptedTextField)}

    @property
    def blind_indexes(self) -> dict[str, BlindIndexField]:
        return {column: field for column, field in self.fields.items() if isinstance(field, BlindIndexField)}

    @property
    def parents(self) -> dict[str, str]:
        """The tables that the foreign keys name, by their columns."""
        return {
            column: field.related_model._meta.db_table
            for column, field in self.fields.items()
            if isinstance(field, ForeignKey)
        }

    @property
    def has_number(self) -> bool:
        """Whether rows have a number of their own, which may have to be another one elsewhere."""
        return "id" in self.fields


def _candidate(path: str) -> OfCandidate:
    return lambda number: Q(**{path: number})


def _numbers(label: str, column: str, **of_whom: int) -> Any:
    return apps.get_model(label).objects.filter(**of_whom).order_by().values(column)


def _plans_of(number: int) -> Q:
    """The plans that a candidate's rows name."""
    named = Q(pk__in=_numbers("plans.Subscription", "bought_plan", candidate=number))
    for label in ("plans.Subscription", "plans.BetaTester", "plans.BetaFeedback", "plans.CampaignUse"):
        named |= Q(pk__in=_numbers(label, "plan", candidate=number))
    return named


def _campaigns_of(number: int) -> Q:
    return Q(pk__in=_numbers("plans.CampaignUse", "campaign", candidate=number))


def _plans_of_campaigns(number: int) -> Q:
    plans = apps.get_model("plans.Plan").objects.filter(_plans_of(number)).order_by().values("pk")
    return Q(discountcampaign__in=_numbers("plans.CampaignUse", "campaign", candidate=number), plan__in=plans)


STAFF = "accounts.User"
# What of staff is in the backup of one candidate, whose people they answered: enough to find them again.
STAFF_COLUMNS = ("id", "username")
PASSWORD = "password"  # noqa: S105 (a column)
_DEVICE = frozenset({"throttling_failure_timestamp", "throttling_failure_count", "last_step", "last_used_at"})
_BOT = _candidate("bot__candidate")

TABLES = (
    Table("auth.Group", ("name",)),
    Table(STAFF, ("username",), volatile=frozenset({"last_login", PASSWORD})),
    Table("accounts.User_groups", ("user_id", "group_id"), part_of="user_id"),
    Table("accounts.PasswordRecord", ("user_id", "hash"), part_of="user_id", is_credential=True),
    Table(
        "accounts.AuthenticatorDevice", ("user_id", "confirmed"), part_of="user_id", volatile=_DEVICE,
        is_credential=True,
    ),
    Table("accounts.BackupCodeDevice", ("user_id",), part_of="user_id", volatile=_DEVICE, is_credential=True),
    Table("accounts.BackupCode", ("device_id", "fingerprint"), part_of="device_id", is_credential=True),
    Table(
        "django_otp_webauthn.WebAuthnCredential", ("credential_id_sha256",), part_of="user_id",
        volatile=_DEVICE | {"sign_count"}, is_credential=True,
    ),
    Table("django_otp_webauthn.WebAuthnAttestation", ("credential_id",), part_of="credential_id", is_credential=True),
    Table("django_otp_webauthn.WebAuthnUserHandle", ("user_id",), part_of="user_id", is_credential=True),
    Table("accounts.AllowedNetwork", ("network",)),
    Table("accounts.Candidate", ("code",), _candidate("pk")),
    Table("accounts.StaffScope", ("user_id", "coalesce({row}.candidate_id, 0)", "region"), part_of="user_id"),
    Table("constance.Constance", ("key",)),
    Table("plans.Plan", ("code",), _plans_of),
    Table("plans.PlanReleaseHistory", ("plan_code", "step", "happened_at")),
    Table("plans.BetaTester", ("plan_id", "candidate_id", "entered_at"), _candidate("candidate")),
    Table("plans.BetaFeedback", ("plan_id", "candidate_id", "told_at", "md5({row}.text)"), _candidate("candidate")),
    Table(
        "plans.DiscountCampaign", ("code_key",), _campaigns_of, volatile=frozenset({"use_count"})
    ),
    Table(
        "plans.DiscountCampaign_plans", ("discountcampaign_id", "plan_id"),
        _plans_of_campaigns, part_of="discountcampaign_id",
    ),
    Table("plans.CampaignUse", ("campaign_id", "candidate_id", "plan_id", "used_at"), _candidate("candidate")),
    Table("plans.Subscription", ("candidate_id", "started_at"), _candidate("candidate")),
    Table("plans.SubscriberMove", ("old_plan_id", "new_plan_id", "created_at")),
    Table("plans.SubscriberMovePart", ("move_id", "{row}.subscription_ids::text"), part_of="move_id"),
    Table("plans.SubscriberMoveRow", ("move_id", "subscription_id"), part_of="move_id"),
    Table("plans.ReleaseTrack", ("name", "created_at")),
    Table("plans.ReleaseTrackStep", ("track_id", "position"), part_of="track_id", volatile=frozenset({"judged_at"})),
    Table("plans.StepApproval", ("step_id", "approved_at"), part_of="step_id"),
    Table("bots.Bot", ("webhook_key",), _candidate("candidate"), volatile=frozenset({"polling_offset"})),
    Table("bots.BotText", ("candidate_id", "key", "language"), _candidate("candidate")),
    Table("bots.BotUser", ("bot_id", "platform_user_id"), _BOT),
    Table("bots.ErasedPerson", ("bot_id", "person_index", "erased_at"), _BOT),
    Table(
        "bots.Click",
        ("bot_id", "coalesce({row}.update_id::text, concat_ws('/', {row}.bot_user_id, {row}.occurred_at, {row}.data))"),
        _BOT,
    ),
    Table(
        "bots.Message",
        (
            "bot_id",
            "occurred_at",
            "coalesce({row}.update_id::text, concat_ws('/', {row}.bot_user_id, {row}.message_id))",
        ),
        _BOT,
    ),
    Table("bots.Contribution", ("message_id",), _BOT),
    Table("bots.OutboxMessage", ("cause",), _BOT),
    Table("bots.ContributionAnswer", ("delivery_id",), _candidate("contribution__bot__candidate")),
    Table(
        "bots.Poll", ("bot_id", "coalesce({row}.platform_poll_id, {row}.created_at::text)"), _BOT,
        volatile=frozenset({"erased_voters"}),
    ),
    Table("bots.PlatformPoll", ("bot_id", "platform_poll_id"), _BOT),
    Table(
        "bots.PollOption", ("poll_id", "position"), _candidate("poll__bot__candidate"), part_of="poll_id",
        may_be_completed=True, volatile=frozenset({"erased_votes"}),
    ),
    Table("bots.PollAnswer", ("poll_id", "bot_user_id"), _candidate("poll__bot__candidate")),
    Table(
        "bots.Broadcast", ("candidate_id", "created_at", "title"), _candidate("candidate"),
        volatile=frozenset({"per_second", "sampled_at", "sampled_count"}),
    ),
    Table(
        "bots.BroadcastPicture", ("broadcast_id",), _candidate("broadcast__candidate"), part_of="broadcast_id"
    ),
    Table(
        "bots.BroadcastApproval", ("broadcast_id", "approved_at"), _candidate("broadcast__candidate"),
        part_of="broadcast_id",
    ),
    Table(
        "bots.BroadcastDelivery", ("broadcast_id", "bot_user_id"), _candidate("broadcast__candidate"),
        part_of="broadcast_id", may_be_completed=True,
    ),
    Table(
        "bots.InboundUpdate", ("bot_id", "coalesce({row}.update_id::text, {row}.received_at::text)"), _BOT,
        volatile=frozenset({"body", "source", "state", "kind", "reason", "received_at", "projected_at"}),
    ),
    Table(
        "exports.ScheduledExport", ("coalesce({row}.candidate_id, 0)", "name", "created_at"), _candidate("candidate")
    ),
    Table(
        "exports.ScheduledExport_recipients", ("scheduledexport_id", "user_id"),
        _candidate("scheduledexport__candidate"), part_of="scheduledexport_id",
    ),
    Table("audit.AuditLog", ("id",), is_read_only=True),
    Table("audit.AuditSeal", ("number",), is_read_only=True),
)  # fmt: skip

ROLES = "Migrations make them, each with its roles."
OF_THIS_MACHINE = "It tells how this system is at the moment, and nothing elsewhere."
OF_BEAT = "Migrations make the schedules; what staff changed of them, they change again."
COUNTED_AGAIN = "It is counted or made again from the other tables."
LEFT_OUT = {
    "auth.Permission": ROLES,
    "auth.Group_permissions": ROLES,
    "accounts.User_user_permissions": "Rights are given by roles.",
    "contenttypes.ContentType": ROLES,
    "accounts.SignInGuard": OF_THIS_MACHINE,
    "accounts.StaffSession": "Whoever restores signs everybody out.",
    "sessions.Session": "Whoever restores signs everybody out.",
    "admin.LogEntry": "The audit log tells more.",
    "axes.AccessFailureLog": "The audit log tells more.",
    "axes.AccessAttempt": OF_THIS_MACHINE,
    "axes.AccessAttemptExpiration": OF_THIS_MACHINE,
    "axes.AccessLog": "The audit log tells more.",
    "audit.SealDestination": OF_THIS_MACHINE,
    "bots.BotHealth": OF_THIS_MACHINE,
    "bots.HourCount": COUNTED_AGAIN,
    "bots.RollUpMark": COUNTED_AGAIN,
    "bots.PeopleSnapshot": COUNTED_AGAIN,
    "bots.PersonLookup": COUNTED_AGAIN,
    "exports.DataExportLog": "Its files aren't in the backup; the audit log tells of each.",
    "exports.ExportNotice": "It tells of a file that isn't in the backup.",
    "exports.DataImport": "What it could take back is over by then; the audit log tells of each.",
    "exports.DownloadLink": "It leads to a file that isn't in the backup.",
    "exports.BackupRehearsal": OF_THIS_MACHINE,
    "django_celery_beat.SolarSchedule": OF_BEAT,
    "django_celery_beat.IntervalSchedule": OF_BEAT,
    "django_celery_beat.ClockedSchedule": OF_BEAT,
    "django_celery_beat.CrontabSchedule": OF_BEAT,
    "django_celery_beat.PeriodicTasks": OF_BEAT,
    "django_celery_beat.PeriodicTask": OF_BEAT,
}


@cache
def tables_by_name() -> dict[str, Table]:
    """Each table of the backup by its name in the database."""
    return {table.name: table for table in TABLES}


def rows_of(table: Table, candidate: Candidate | None) -> QuerySet[Any] | None:
    """The rows that a backup of this candidate, or of everything, has of a table; None: it hasn't the table."""
    rows = table.model._base_manager.order_by()
    if candidate is None:
        return rows
    if table.label == STAFF:
        return rows.filter(_staff_of(candidate.pk))
    return rows.filter(table.of_candidate(candidate.pk)) if table.of_candidate else None


def columns_of(table: Table, candidate: Candidate | None) -> list[str]:
    """The columns that such a backup has of a table."""
    return list(STAFF_COLUMNS) if candidate and table.label == STAFF else table.columns


def _staff_of(number: int) -> Q:
    """The members of staff whom a candidate's rows name."""
    named = Q(pk__in=())
    for table in TABLES:
        if not table.of_candidate:
            continue
        for column, parent in table.parents.items():
            if parent == get_user_model()._meta.db_table:
                rows = table.model._base_manager.filter(table.of_candidate(number)).order_by()
                named |= Q(pk__in=rows.values(column))
    return named
