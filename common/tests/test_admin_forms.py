import datetime as dt

import pytest
from django import forms
from django.utils.translation import override

from common.admin import JalaliDateField, JalaliDateTimeField
from common.jalali import TEHRAN

MOMENT = dt.datetime(2025, 11, 22, 14, 30, tzinfo=TEHRAN)


class Form(forms.Form):
    day = JalaliDateField(required=False)
    moment = JalaliDateTimeField(required=False)


@pytest.mark.parametrize("typed", ["1404/09/01 14:30", "۱۴۰۴/۰۹/۰۱ ۱۴:۳۰", "2025-11-22 14:30"])
@pytest.mark.parametrize("language", ["fa", "en"])
def test_a_moment_is_taken_in_either_calendar_and_any_digits(typed, language):
    with override(language):
        form = Form({"moment": typed, "day": typed.split()[0]})
        assert form.is_valid(), form.errors
    assert form.cleaned_data == {"moment": MOMENT, "day": MOMENT.date()}


@pytest.mark.parametrize("typed", ["tomorrow", "1404/13/01", "1404/09/01 30:00"])
def test_a_wrong_moment_is_refused_with_an_example(typed):
    form = Form({"moment": typed, "day": typed})
    assert not form.is_valid()
    assert "1404/09/01 14:30" in form.errors["moment"][0]
    assert "1404/09/01" in form.errors["day"][0]


def test_what_was_typed_wrongly_is_shown_again():
    assert 'value="tomorrow"' in str(Form({"moment": "tomorrow"})["moment"])


@pytest.mark.parametrize(("language", "expected"), [("fa", "1404/09/01 14:30"), ("en", "2025-11-22 14:30")])
def test_a_stored_moment_is_shown_in_the_readers_calendar(language, expected):
    with override(language):
        form = Form(initial={"moment": MOMENT.astimezone(dt.UTC), "day": MOMENT.date()})
        assert f'value="{expected}"' in str(form["moment"])
        assert f'value="{expected[:10]}"' in str(form["day"])


@pytest.mark.parametrize("language", ["fa", "en"])
def test_an_untouched_moment_with_seconds_does_not_move(language):
    stored = MOMENT.replace(second=15, microsecond=123456)
    with override(language):
        shown = Form(initial={"moment": stored})["moment"].value()
        form = Form({"moment": shown}, initial={"moment": stored})
        assert form.is_valid()
    assert form.cleaned_data["moment"] == stored.replace(microsecond=0)
    assert not form.has_changed()


def test_the_picker_comes_with_persian_only():
    with override("fa"):
        assert "data-jdp" in str(Form()["moment"])
        assert "data-jdp-only-date" in str(Form()["day"])
        assert "data-jdp-only-date" not in str(Form()["moment"])
        assert "django_jalali.min.js" in str(Form().media)
    with override("en"):
        assert "data-jdp" not in str(Form()["moment"])
        assert str(Form().media) == ""
