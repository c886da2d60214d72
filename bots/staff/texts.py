"""The texts of a candidate's bots: all of them at a glance, and one to change with its preview."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.admin_scope import staff_user
from accounts.models import Candidate
from accounts.selectors import candidates_visible_to
from bots.conversation import keyboards
from bots.conversation.book import Book
from bots.conversation.filling import LONGEST_MESSAGE, placeholders_of
from bots.conversation.words import LANGUAGES, STANDARD_TEXTS, TEXT_LABELS, label
from bots.models import BotText
from bots.services.texts import CHANGE_PERMISSION, change_text, restore_text
from bots.staff.page import page, refuse_without
from common.errors import DomainError

VIEW_PERMISSION = "bots.view_bottext"
SAMPLES = {
    "fa": {"first_name": "مریم", "number": "۱۲۳", "kind": label("idea", "fa"), "city": "تهران"},
    "en": {"first_name": "Maryam", "number": "123", "kind": label("idea", "en"), "city": "Tehran"},
}


class TextForm(forms.Form):
    """What a bot says."""

    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST_MESSAGE,
        strip=True,
        widget=forms.Textarea({"rows": 12, "cols": 60, "dir": "auto"}),
    )


@require_safe
def texts_page(request: HttpRequest, candidate_id: int) -> HttpResponse:
    """Everything that a candidate's bots say, in the order in which people meet it."""
    candidate = _candidate(request, candidate_id)
    book = Book(candidate.pk, candidate.name)
    rows = [
        {
            "key": key,
            "label": words,
            "texts": [
                {"language": language, "text": book.text(key, language), "is_own": book.is_own(key, language)}
                for language in LANGUAGES
            ],
        }
        for key, words in TEXT_LABELS.items()
    ]
    context = {"title": _("What the bots say"), "candidate": candidate, "rows": rows, "may": _may(request)}
    return page(request, "texts", context)


@require_http_methods(["GET", "HEAD", "POST"])
def text_page(request: HttpRequest, candidate_id: int, key: str, language: str) -> HttpResponse:
    """One text with its preview; on POST it is previewed, kept, or with `standard` given back to the standard."""
    candidate = _candidate(request, candidate_id)
    refuse_without(request, CHANGE_PERMISSION)
    if key not in STANDARD_TEXTS or language not in LANGUAGES:
        raise Http404
    book = Book(candidate.pk, candidate.name)
    form = TextForm(request.POST or None, initial={"text": book.text(key, language)})
    try:
        if "standard" in request.POST:
            restore_text(candidate=candidate, key=key, language=language, actor=staff_user(request))
            return _done(request, candidate, _("The bots say the standard text again."))
        if "keep" in request.POST and form.is_valid():
            text = form.cleaned_data["text"]
            change_text(candidate=candidate, key=key, language=language, text=text, actor=staff_user(request))
            return _done(request, candidate, _("The bots say the new text from now on."))
    except DomainError as error:
        form.add_error("text", str(error))
    text = str(form.data.get("text", "")) if form.is_bound else book.text(key, language)
    context = {
        "title": TEXT_LABELS[key],
        "candidate": candidate,
        "form": form,
        "preview": book.fill(text, SAMPLES[language]),
        "buttons": buttons_below(key, language, book),
        "placeholders": [f"{{{name}}}" for name in sorted(placeholders_of(key))],
        "language": BotText.Language(language).label,
        "is_own": book.is_own(key, language),
        "is_consent": key == "consent",
    }
    return page(request, "text", context)


def buttons_below(key: str, language: str, book: Book) -> list[str]:
    """The words on the buttons below a text, as the citizen sees them."""
    below: dict[str, keyboards.Keyboard] = {
        "consent": keyboards.consent(language, book.consent_version(language)),
        "welcome": keyboards.menu(language),
        "menu": keyboards.menu(language),
        "contribute": keyboards.kinds(language),
        "thanks": keyboards.to_menu(language),
        "polls": keyboards.polls(language, []),
        "no_polls": keyboards.polls(language, []),
        "city": keyboards.cities(language, 0),
        "city_saved": keyboards.menu(language),
        "contact": keyboards.contact(language),
        "phone": keyboards.share_phone(language),
        "about": keyboards.to_menu(language),
        "hint": keyboards.to_menu(language),
        "forget": keyboards.forget(language),
    }
    keyboard = below.get(key, {})
    rows: list[list[dict[str, Any]]] = keyboard.get("inline_keyboard") or keyboard.get("keyboard") or []
    return [button["text"] for row in rows for button in row]


def _candidate(request: HttpRequest, candidate_id: int) -> Candidate:
    refuse_without(request, VIEW_PERMISSION)
    found: Candidate = get_object_or_404(candidates_visible_to(staff_user(request)), pk=candidate_id)
    return found


def _may(request: HttpRequest) -> bool:
    return staff_user(request).has_perm(CHANGE_PERMISSION)


def _done(request: HttpRequest, candidate: Candidate, words: str) -> HttpResponse:
    messages.success(request, words)
    return HttpResponseRedirect(reverse("bots-staff:texts", args=[candidate.pk]))
