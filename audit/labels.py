"""What the audit log's codes mean, in the reader's words.

An act is a noun and a verb: `accounts.candidate.change` reads “Candidate: changed”. Nouns that are models have
their names; the others stand here, and so do all verbs. What has no words here (any more) is shown as its code.
"""

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

NOUNS = {
    "accounts.passkey": _("passkey"),
    "accounts.second_factor": _("second factor"),
    "accounts.session": _("session"),
    "accounts.sign_in": _("sign-in"),
    "audit.canary": _("canary of the audit log"),
    "audit.log": _("audit log"),
    "bots.analytics": _("analytics"),
    "bots.outbox": _("outgoing messages"),
    "bots.partition": _("partition"),
    "common.keys": _("encryption keys"),
    "electionsite.system_settings": _("system settings"),
    "exports.audit_log": _("audit log"),
    "exports.backup": _("backup"),
    "exports.bot_users": _("bot users"),
    "exports.data": _("data"),
    "exports.notice": _("mail about an export"),
    "exports.plan_history": _("history of a plan"),
    "exports.run": _("export"),
    "exports.schedule": _("scheduled export"),
    "exports.subscriber_move": _("subscribers of a move"),
    "exports.vault": _("files of exports"),
    "security.access": _("access"),
    "security.csp": _("content security policy"),
    "security.export_file": _("file of an export"),
    "security.export_link": _("download link"),
    "security.input": _("input"),
    "security.network": _("address outside the allowed networks"),
    "security.rate_limit": _("rate limit"),
}

VERBS = {
    "add": pgettext_lazy("act", "added"),
    "answer": pgettext_lazy("act", "answered"),
    "approval_withdrawn": pgettext_lazy("act", "approval withdrawn"),
    "approved": pgettext_lazy("act", "approved"),
    "ask": pgettext_lazy("act", "asked for"),
    "assign": pgettext_lazy("act", "assigned"),
    "backup_codes_made": pgettext_lazy("act", "backup codes made"),
    "body_shown": pgettext_lazy("act", "body shown"),
    "cancel": pgettext_lazy("act", "called off"),
    "bring_back": pgettext_lazy("act", "restored"),
    "cancelled": pgettext_lazy("act", "schedule cancelled"),
    "caught_up": pgettext_lazy("act", "one run made up for missed ones"),
    "change": pgettext_lazy("act", "changed"),
    "clean": pgettext_lazy("act", "cleaned up"),
    "close": pgettext_lazy("act", "closed"),
    "closed_to_testers": pgettext_lazy("act", "closed to testers"),
    "contact_searched": pgettext_lazy("act", "searched by phone or e-mail"),
    "contact_shown": pgettext_lazy("act", "phone or e-mail shown"),
    "create": pgettext_lazy("act", "added"),
    "damaged": pgettext_lazy("act", "found damaged"),
    "delete": pgettext_lazy("act", "deleted"),
    "delete_webhook": pgettext_lazy("act", "webhook removed"),
    "deliver": pgettext_lazy("act", "delivered whole"),
    "disable": pgettext_lazy("act", "switched off"),
    "disabled": pgettext_lazy("act", "taken off sale"),
    "enable": pgettext_lazy("act", "switched on"),
    "enabled": pgettext_lazy("act", "put on sale"),
    "end": pgettext_lazy("act", "ended"),
    "enrolled": pgettext_lazy("act", "enrolled"),
    "enrolment_started": pgettext_lazy("act", "enrolment started"),
    "erase": pgettext_lazy("act", "erased"),
    "erase_again": pgettext_lazy("act", "erased again after a restore"),
    "exceeded": pgettext_lazy("act", "exceeded"),
    "expire": pgettext_lazy("act", "removed after its time"),
    "expired": pgettext_lazy("act", "ended by its deadline"),
    "export": pgettext_lazy("act", "exported"),
    "fail": pgettext_lazy("act", "failed"),
    "failed": pgettext_lazy("act", "scheduled release failed"),
    "finish": pgettext_lazy("act", "finished"),
    "forget": pgettext_lazy("act", "forgotten"),
    "list_viewed": pgettext_lazy("act", "list viewed"),
    "lock": pgettext_lazy("act", "locked"),
    "lose": pgettext_lazy("act", "file gone"),
    "make": pgettext_lazy("act", "made"),
    "noted": pgettext_lazy("act", "noted as taken"),
    "opened": pgettext_lazy("act", "opened"),
    "opened_to_testers": pgettext_lazy("act", "opened to testers"),
    "paused": pgettext_lazy("act", "paused"),
    "phone_searched": pgettext_lazy("act", "searched by phone"),
    "phone_shown": pgettext_lazy("act", "phone shown"),
    "proposed": pgettext_lazy("act", "proposed"),
    "rebuild": pgettext_lazy("act", "counted anew"),
    "refused": pgettext_lazy("act", "refused"),
    "rehearse": pgettext_lazy("act", "rehearsed"),
    "released": pgettext_lazy("act", "put on sale by its schedule"),
    "remove": pgettext_lazy("act", "removed"),
    "replay": pgettext_lazy("act", "replayed"),
    "rescheduled": pgettext_lazy("act", "release moved"),
    "reopen": pgettext_lazy("act", "reopened"),
    "resend": pgettext_lazy("act", "queued again"),
    "reset": pgettext_lazy("act", "reset"),
    "restore": pgettext_lazy("act", "brought from the journal"),
    "resume": pgettext_lazy("act", "went on"),
    "resumed": pgettext_lazy("act", "resumed"),
    "retired": pgettext_lazy("act", "retired"),
    "retry": pgettext_lazy("act", "tried again"),
    "revoke": pgettext_lazy("act", "revoked"),
    "rotate": pgettext_lazy("act", "encrypted anew"),
    "run": pgettext_lazy("act", "run by hand"),
    "scheduled": pgettext_lazy("act", "release scheduled"),
    "seen": pgettext_lazy("act", "seen"),
    "sent": pgettext_lazy("act", "sent"),
    "set_password": pgettext_lazy("act", "password set"),
    "set_roles": pgettext_lazy("act", "roles set"),
    "set_scopes": pgettext_lazy("act", "scopes set"),
    "set_webhook": pgettext_lazy("act", "webhook set"),
    "signed_in": pgettext_lazy("act", "signed in"),
    "signed_out": pgettext_lazy("act", "signed out"),
    "start": pgettext_lazy("act", "begun"),
    "stopped": pgettext_lazy("act", "stopped"),
    "submit": pgettext_lazy("act", "handed in"),
    "suspicious": pgettext_lazy("act", "suspicious"),
    "taken": pgettext_lazy("act", "taken"),
    "test": pgettext_lazy("act", "sent as a test"),
    "undo": pgettext_lazy("act", "undoing begun"),
    "undone": pgettext_lazy("act", "undone"),
    "unlock": pgettext_lazy("act", "unlocked"),
    "use": pgettext_lazy("act", "used"),
    "verified": pgettext_lazy("act", "verified"),
    "verify": pgettext_lazy("act", "verified"),
    "viewed": pgettext_lazy("act", "viewed"),
    "violation": pgettext_lazy("act", "violated"),
    "withdrawn": pgettext_lazy("act", "taken back"),
    "withheld": pgettext_lazy("act", "withheld"),
    "write": pgettext_lazy("act", "written"),
}

DETAILS = {
    "bytes": _("bytes"),
    "campaign": _("discount campaign"),
    "count": _("count"),
    "deleted_together": _("deleted together"),
    "due_at": _("due"),
    "expires_at": _("ends"),
    "fields": _("fields"),
    "file": _("file"),
    "filters": _("filters"),
    "findings": _("findings"),
    "format": _("format"),
    "found": _("found"),
    "from_byte": _("from byte"),
    "kept": _("not undone"),
    "kind": _("kind"),
    "language": _("language"),
    "link": _("link"),
    "missed": _("missed runs"),
    "only_for": _("only for"),
    "page": _("page"),
    "people": _("people"),
    "person": _("person"),
    "purpose": _("purpose"),
    "reason": _("reason"),
    "rows": _("rows"),
    "run": _("export"),
    "saved_rials": _("saved rials"),
    "with_phones": _("with phone numbers"),
}


def noun_of(action: str) -> str:
    """The part of an act that says what it was done to, in words or as its code."""
    code = action.rpartition(".")[0]
    app_label, _dot, noun = code.partition(".")
    if code in NOUNS:
        return capfirst(str(NOUNS[code]))
    model = model_of(f"{app_label}.{noun.replace('_', '')}")
    return capfirst(str(model._meta.verbose_name)) if model else code


def verb_of(action: str) -> str:
    """The part of an act that says what was done, in words or as its code."""
    code = action.rpartition(".")[2]
    return str(VERBS.get(code, code))


def describe_action(action: str) -> str:
    """What happened, such as “Candidate: changed”."""
    return f"{noun_of(action)}: {verb_of(action)}"


def describe_kind(object_type: str) -> str:
    """A kind of object, such as “Candidate” for `accounts.candidate`."""
    model = model_of(object_type)
    return capfirst(str(model._meta.verbose_name)) if model else object_type


def describe_field(object_type: str, name: str) -> str:
    """The name of a field of that kind of object, or of another entry in a row's details."""
    field = field_of(object_type, name)
    label = getattr(field, "verbose_name", None) or DETAILS.get(name)
    return capfirst(str(label)) if label else name


def model_of(object_type: str) -> type[models.Model] | None:
    """The model that `accounts.candidate` names; None where there is none (any more)."""
    try:
        return apps.get_model(object_type)
    except (LookupError, ValueError):
        return None


def field_of(object_type: str, name: str) -> "models.Field[object, object] | None":
    """A field of the model that `object_type` names; None where there is none (any more)."""
    model = model_of(object_type)
    try:
        field = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None
