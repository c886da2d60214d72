"""The forms that broadcasts are written and sent with."""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to, limit_to_scopes
from bots.models import Bot, Broadcast
from bots.models.broadcast import LONGEST_TEXT
from bots.services.broadcasts import BroadcastContent, Picture
from common.admin.forms import JalaliDateField, JalaliDateTimeField
from common.regions import city_choices

LARGEST_PICTURE_BYTES = 5 * 1024 * 1024
PICTURE_BEGINNINGS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
MOST_BUTTONS, LONGEST_LABEL = 10, 60
LONGEST_DATA_BYTES = 64  # https://core.telegram.org/bots/api#inlinekeyboardbutton
EITHER = [("", _("everybody")), ("yes", _("only those who have")), ("no", _("only those who haven't"))]
QUIET_FROM, QUIET_UNTIL = dt.time(22, 0), dt.time(8, 0)


def parse_buttons(text: str) -> list[dict[str, str]]:
    """Buttons typed one a line as `label | https://…` or `label | data`. Raises ValidationError naming the line."""
    buttons = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        label, bar, target = (part.strip() for part in line.partition("|"))
        if not bar or not label or not target or len(label) > LONGEST_LABEL:
            raise ValidationError(_("“%(line)s”: write a label, a bar and where it leads."), params={"line": line})
        is_address = "://" in target
        if is_address and (urlsplit(target).scheme != "https" or not urlsplit(target).netloc):
            raise ValidationError(_("“%(line)s”: addresses begin with https://."), params={"line": line})
        if not is_address and len(target.encode()) > LONGEST_DATA_BYTES:
            raise ValidationError(_("“%(line)s”: it is too long."), params={"line": line})
        buttons.append({"text": label, "url" if is_address else "callback_data": target})
    if len(buttons) > MOST_BUTTONS:
        raise ValidationError(_("At most ten buttons."))
    return buttons


def buttons_as_text(buttons: list[dict[str, str]]) -> str:
    """Buttons as they are typed."""
    return "\n".join(f"{one['text']} | {one.get('url') or one.get('callback_data')}" for one in buttons)


class AudienceForm(forms.Form):
    """Whose broadcast it is, and who gets it: everybody whom no filter leaves out."""

    candidate = forms.ModelChoiceField(Candidate.objects.none(), label=_("Candidate"))
    bot = forms.ModelChoiceField(
        Bot.objects.none(), label=_("Bot"), required=False, empty_label=_("all bots of the candidate")
    )
    cities = forms.MultipleChoiceField(
        label=_("Cities"), required=False, widget=forms.SelectMultiple({"size": 5}), help_text=_("None: all.")
    )
    sources = forms.CharField(
        label=_("Sources"), required=False, max_length=500, help_text=_("As in their links, with commas between them."),
        widget=forms.TextInput({"dir": "ltr", "class": "vTextField"}),
    )  # fmt: skip
    languages = forms.CharField(
        label=_("Languages"), required=False, max_length=100, help_text=_("Such as fa, en."),
        widget=forms.TextInput({"dir": "ltr", "class": "vTextField"}),
    )  # fmt: skip
    active_since = JalaliDateField(label=_("Active since"), required=False)
    has_voted = forms.ChoiceField(label=_("Who have voted in a poll"), choices=EITHER, required=False)
    has_contributed = forms.ChoiceField(label=_("Who have contributed"), choices=EITHER, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["candidate"].queryset = candidates_visible_to(user).order_by("name")
        fields["bot"].queryset = limit_to_scopes(Bot.objects.all(), user, candidate="candidate")
        fields["cities"].choices = city_choices()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        bot, candidate = cleaned.get("bot"), cleaned.get("candidate")
        if bot and candidate and bot.candidate_id != candidate.pk:
            self.add_error("bot", _("This bot belongs to another candidate."))
        return cleaned

    def filters(self) -> dict[str, Any]:
        """The audience's filters as a broadcast keeps them; those that leave nobody out aren't there."""
        typed = self.cleaned_data
        found: dict[str, Any] = {
            "cities": typed["cities"],
            "sources": _parts(typed["sources"]),
            "languages": _parts(typed["languages"]),
            "active_since": typed["active_since"].isoformat() if typed["active_since"] else None,
        }
        found = {name: value for name, value in found.items() if value}
        for name in ("has_voted", "has_contributed"):
            if typed[name]:
                found[name] = typed[name] == "yes"
        return found


class BroadcastForm(AudienceForm):
    """A broadcast as it is written."""

    title = forms.CharField(
        label=_("Title"),
        max_length=150,
        help_text=_("For staff only."),
        widget=forms.TextInput({"class": "vTextField"}),
    )
    text = forms.CharField(
        label=_("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 8, "cols": 60, "dir": "auto"})
    )
    picture = forms.FileField(
        label=_("Picture"), required=False, help_text=_("JPEG or PNG, at most 5 MB. The text below it is shorter then.")
    )
    drops_picture = forms.BooleanField(label=_("Without the picture that is there"), required=False)
    buttons = forms.CharField(
        label=_("Buttons"), required=False, max_length=2000,
        widget=forms.Textarea({"rows": 3, "cols": 60, "dir": "auto"}),
        help_text=_("One a line: a label, a bar, and an address or what the bot is told: “Ideas | contribute:idea”."),
    )  # fmt: skip
    deadline = JalaliDateTimeField(
        label=_("Not after"), required=False, help_text=_("Who has not got it by then doesn't get it.")
    )
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=forms.TimeInput({"dir": "ltr"}, "%H:%M"))
    quiet_until = forms.TimeField(
        label=_("Quiet until"), required=False, help_text=_("In Tehran. Both empty: it goes out by night, too."),
        widget=forms.TimeInput({"dir": "ltr"}, "%H:%M"),
    )  # fmt: skip

    field_order = ("candidate", "bot", "title", "text", "picture", "drops_picture", "buttons")

    def __init__(self, *args: Any, has_picture: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_picture:
            del self.fields["drops_picture"]

    def clean_picture(self) -> Picture | None:
        file = self.cleaned_data["picture"]
        if not file:
            return None
        content = file.read(LARGEST_PICTURE_BYTES + 1)
        if len(content) > LARGEST_PICTURE_BYTES:
            raise ValidationError(_("This picture is too large."))
        for beginning, content_type in PICTURE_BEGINNINGS.items():
            if content.startswith(beginning):
                return Picture(content, content_type)
        raise ValidationError(_("This is neither a JPEG nor a PNG picture."))

    def clean_buttons(self) -> list[dict[str, str]]:
        return parse_buttons(self.cleaned_data["buttons"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", _("Quiet hours need a beginning and an end."))
        return cleaned

    def content(self) -> BroadcastContent:
        """What was typed, as the services take it."""
        names = (
            "candidate", "title", "text", "bot", "buttons", "deadline", "quiet_from", "quiet_until", "picture",
        )  # fmt: skip
        return BroadcastContent(
            filters=self.filters(),
            drops_picture=self.cleaned_data.get("drops_picture", False),
            **{name: self.cleaned_data[name] for name in names},
        )


def initial_of(broadcast: Broadcast) -> dict[str, Any]:
    """What the form shows of a broadcast that is there."""
    filters = broadcast.filters
    either = {True: "yes", False: "no", None: ""}
    return {
        **{name: getattr(broadcast, name) for name in ("candidate", "bot", "title", "text", "deadline")},
        "quiet_from": broadcast.quiet_from,
        "quiet_until": broadcast.quiet_until,
        "buttons": buttons_as_text(broadcast.buttons),
        "cities": filters.get("cities", []),
        "sources": ", ".join(filters.get("sources", [])),
        "languages": ", ".join(filters.get("languages", [])),
        "active_since": dt.date.fromisoformat(filters["active_since"]) if filters.get("active_since") else None,
        "has_voted": either[filters.get("has_voted")],
        "has_contributed": either[filters.get("has_contributed")],
    }


class SubmitForm(forms.Form):
    """When a broadcast goes out."""

    scheduled_for = JalaliDateTimeField(
        label=_("Goes out at"), required=False, help_text=_("Day and time in Tehran. Empty: as soon as possible.")
    )


class TestForm(forms.Form):
    """Who gets it alone."""

    platform_user_id = forms.IntegerField(
        label=_("Your number at the platform"), min_value=1, max_value=2**62, widget=forms.TextInput({"dir": "ltr"}),
        help_text=_("As the list of bot users shows it, once you have started the bot."),
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Why something is done; it stands on the broadcast's page."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.TextInput({"class": "vTextField"})
    )


def _parts(text: str) -> list[str]:
    return [part for part in (one.strip() for one in text.replace("،", ",").split(",")) if part]
