import datetime as dt

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import QueryDict
from django.test import RequestFactory
from django.utils.translation import override
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from common.admin import JalaliDateRangeFilter, ModelAdmin
from common.jalali import TEHRAN

pytestmark = pytest.mark.django_db
RAN = {
    "eve": dt.datetime(2025, 11, 21, 23, 59, 59, 999999, tzinfo=TEHRAN),
    "midnight": dt.datetime(2025, 11, 22, 0, 0, tzinfo=TEHRAN),
    "last second": dt.datetime(2025, 11, 22, 23, 59, 59, 999999, tzinfo=TEHRAN),
    "next day": dt.datetime(2025, 11, 23, 0, 0, tzinfo=TEHRAN),
    "never": None,
}


class TaskAdmin(ModelAdmin):
    list_display = ("name",)
    list_filter = (JalaliDateRangeFilter.of("last_run_at", "last run"), "enabled")
    search_fields = ("name",)


@pytest.fixture(autouse=True)
def tasks():
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    for name, ran in RAN.items():
        PeriodicTask.objects.create(name=name, task="x", interval=interval, last_run_at=ran)
    PeriodicTask.objects.filter(name="Drain the inbox").delete()


@pytest.fixture
def page(admin_user_request):
    def open_page(query):
        admin_user_request.GET = QueryDict(query)
        return TaskAdmin(PeriodicTask, admin.site).changelist_view(admin_user_request)

    return open_page


@pytest.fixture
def admin_user_request():
    request = RequestFactory().get("/")
    request.user = get_user_model().objects.create_superuser("owner", "x")
    return request


def names(page):
    ours = set(RAN)
    return {task.name for task in page.context_data["cl"].queryset} & ours


def spec_of(page):
    return next(spec for spec in page.context_data["cl"].filter_specs if isinstance(spec, JalaliDateRangeFilter))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", set(RAN)),
        ("last_run_at__from=1404/09/01&last_run_at__to=1404/09/01", {"midnight", "last second"}),
        ("last_run_at__from=2025-11-22&last_run_at__to=2025-11-22", {"midnight", "last second"}),
        ("last_run_at__from=%DB%B1%DB%B4%DB%B0%DB%B4/09/01", {"midnight", "last second", "next day"}),
        ("last_run_at__to=1404/08/30", {"eve"}),
        ("last_run_at__to=9999-12-31", set(RAN)),
        ("last_run_at__from=&last_run_at__to=", set(RAN)),
        ("last_run_at__from=1404/09/01&q=next", {"next day"}),
        ("last_run_at__from=1404/09/01&enabled__exact=0", set()),
    ],
)
def test_the_whole_last_day_in_tehran_is_included(page, query, expected):
    assert names(page(query)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "last_run_at__from=yesterday",
        "last_run_at__to=1404/13/01",
        "last_run_at__from=1404/09/02&last_run_at__to=1404/09/01",
    ],
    ids=["no date", "no such day", "turned round"],
)
def test_days_that_make_no_sense_show_an_error_and_no_rows(page, query):
    opened = page(query)
    assert names(opened) == set()
    assert spec_of(opened).days.error in opened.rendered_content
    assert 'aria-invalid="true"' in opened.rendered_content


def test_what_was_typed_stays_in_the_inputs(page):
    assert 'value="yesterday"' in page("last_run_at__from=yesterday").rendered_content


def test_the_form_keeps_other_filters_and_drops_the_page(page):
    kept = spec_of(page("enabled__exact=1&q=a&o=1&p=2&last_run_at__from=1404/09/01")).other_parameters()
    assert kept == [("enabled__exact", "1"), ("q", "a"), ("o", "1")]


def test_quick_links_keep_other_filters_and_know_which_is_chosen(page, time_machine_at_noon):
    opened = page("enabled__exact=1&last_run_at__from=1404/09/01&last_run_at__to=1404/09/01")
    with override("fa"):
        any_date, today, week, _month = spec_of(opened).choices(opened.context_data["cl"])
    assert [any_date["selected"], today["selected"], week["selected"]] == [False, True, False]
    assert QueryDict(any_date["query_string"][1:]).dict() == {"enabled__exact": "1"}
    assert QueryDict(week["query_string"][1:]).dict() == {
        "enabled__exact": "1",
        "last_run_at__from": "1404/08/25",
        "last_run_at__to": "1404/09/01",
    }


@pytest.fixture
def time_machine_at_noon(monkeypatch):
    noon = dt.datetime(2025, 11, 22, 8, 30, tzinfo=dt.UTC)
    monkeypatch.setattr("common.admin.date_filter.timezone.now", lambda: noon)


def test_quick_links_are_in_the_readers_calendar(page, time_machine_at_noon):
    opened = page("")
    with override("en"):
        today = list(spec_of(opened).choices(opened.context_data["cl"]))[1]
    assert "last_run_at__from=2025-11-22" in today["query_string"]


def test_a_repeated_parameter_counts_once(page):
    assert names(page("last_run_at__to=1404/08/30&last_run_at__to=1404/09/01")) == {"eve", "midnight", "last second"}


def test_markup_in_a_parameter_is_escaped(page):
    text = page('last_run_at__from="><script>x</script>').rendered_content
    assert "<script>x" not in text
