"""Staff change what a candidate's bots say, and see it as citizens do."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.conversation.filling import refuse_text, utf16_length
from bots.conversation.words import LABELS, LANGUAGES, STANDARD_TEXTS, TEXT_LABELS
from bots.models import BotText

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate():
    return make_candidate("tehran", name="رضا رضایی")


@pytest.fixture
def support():
    client = sign_in(make_staff(Role.SUPPORT))
    client.cookies["django_language"] = "en"
    return client


def address(candidate, key="about", language="fa") -> str:
    return reverse("bots-staff:text", args=[candidate.pk, key, language])


def test_every_text_is_there_in_both_languages_and_can_be_sent():
    assert list(STANDARD_TEXTS) == list(TEXT_LABELS)
    for key, texts in STANDARD_TEXTS.items():
        assert set(texts) == set(LANGUAGES)
        for text in texts.values():
            refuse_text(key, text)
    assert all(set(words) == set(LANGUAGES) for words in LABELS.values())


def test_a_text_is_previewed_as_the_citizen_sees_it_and_then_kept(candidate, support):
    shown = support.post(address(candidate), {"text": "{first_name}، این {candidate} است", "preview": "1"})
    assert "مریم، این رضا رضایی است" in shown.content.decode()
    assert not BotText.objects.exists()

    support.post(address(candidate), {"text": "{first_name}، این {candidate} است", "keep": "1"})

    row = BotText.objects.get()
    assert (row.text, row.version) == ("{first_name}، این {candidate} است", 1)
    details = AuditLog.objects.get(action="bots.bot_text.change").details
    assert (details["before"], details["after"]) == ("", "{first_name}، این {candidate} است")
    assert "their own text" in support.get(reverse("bots-staff:texts", args=[candidate.pk])).content.decode()


def test_the_standard_comes_back_and_versions_never_begin_anew(candidate, support):
    support.post(address(candidate), {"text": "یک", "keep": "1"})
    support.post(address(candidate), {"text": "یک", "keep": "1"})  # nothing new
    support.post(address(candidate), {"standard": "1"})
    support.post(address(candidate), {"text": "دو", "keep": "1"})
    assert (BotText.objects.get().text, BotText.objects.get().version) == ("دو", 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", None), ("   ", None), ("{phone}", "known"), ("{first_name.__class__}", "known"), ("{}", "known"),
        ("{number}", "known"), ("x" * 4097, None), ("😀" * 2049, "characters"),
        ("x" * 4000 + "{candidate}", "characters"),
    ],
)  # fmt: skip
def test_what_could_not_be_sent_is_refused_in_words(text, code, candidate, support):
    shown = support.post(address(candidate), {"text": text, "keep": "1"})
    assert shown.status_code == 200
    assert shown.context["form"].errors
    assert code is None or code in shown.content.decode()
    assert not BotText.objects.exists()


def test_lengths_are_counted_as_messengers_count_them():
    assert (utf16_length("سلام"), utf16_length("😀")) == (4, 2)


def test_markup_is_shown_as_it_is(candidate, support):
    shown = support.post(address(candidate), {"text": "<script>alert(1)</script>", "preview": "1"})
    assert "<script>alert(1)" not in shown.content.decode()


def test_each_page_needs_its_right_and_the_candidate(candidate, support):
    auditor = sign_in(make_staff(Role.AUDITOR))
    assert auditor.get(reverse("bots-staff:texts", args=[candidate.pk])).status_code == 200
    assert auditor.post(address(candidate), {"text": "x", "keep": "1"}).status_code == 403
    limited = sign_in(make_staff(Role.SUPPORT, candidates=[make_candidate("qom")]))
    assert limited.get(reverse("bots-staff:texts", args=[candidate.pk])).status_code == 404
    assert limited.post(address(candidate), {"text": "x", "keep": "1"}).status_code == 404
    assert support.get(address(candidate, key="nowhere")).status_code == 404
    assert not BotText.objects.exists()
