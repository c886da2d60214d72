import datetime as dt
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils.translation import override
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from common.admin import ModelAdmin, ReadOnlyModelAdmin, TabularInline, latin

RUN_AT = dt.datetime(2025, 11, 22, 12, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


class TaskAdmin(ModelAdmin):
    list_display = ("name", "last_run_at", "start_time")
    fields = ("name", ("last_run_at", "start_time"))
    readonly_fields = ("last_run_at",)


class LookedAtTaskAdmin(ReadOnlyModelAdmin):
    fields = ("name", "last_run_at")


class TaskInline(TabularInline):
    model = PeriodicTask
    fields = ("name", "last_run_at")
    readonly_fields = ("last_run_at",)
    extra = 0


class IntervalAdmin(ModelAdmin):
    inlines = (TaskInline,)


@pytest.fixture
def task():
    PeriodicTask.objects.all().delete()
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    return PeriodicTask.objects.create(name="one", task="x.y", interval=interval, last_run_at=RUN_AT)


@pytest.fixture
def request_of_owner():
    request = RequestFactory().get("/")
    request.user = get_user_model().objects.create_superuser("owner", "x")
    return request


def shown_in_list(page):
    page.render()
    changelist = page.context_data["cl"]
    from django.contrib.admin.templatetags.admin_list import results

    return [str(cell) for row in results(changelist) for cell in row]


@pytest.mark.parametrize(("language", "expected"), [("fa", "1404/09/01 15:30"), ("en", "2025-11-22 15:30")])
def test_a_list_shows_dates_in_the_readers_calendar(task, request_of_owner, language, expected):
    with override(language):
        cells = shown_in_list(TaskAdmin(PeriodicTask, admin.site).changelist_view(request_of_owner))
    assert any(expected in cell and 'datetime="2025-11-22T12:00:00+00:00"' in cell for cell in cells)
    assert any(">–<" in cell for cell in cells)


def test_date_columns_keep_their_heading_and_can_be_sorted(task, request_of_owner):
    older = PeriodicTask.objects.create(
        name="two", task="x.y", interval=task.interval, last_run_at=dt.datetime.min.replace(year=2000, tzinfo=dt.UTC)
    )
    request_of_owner.GET = request_of_owner.GET.copy()
    request_of_owner.GET["o"] = "2"
    page: Any = TaskAdmin(PeriodicTask, admin.site).changelist_view(request_of_owner)
    assert list(page.context_data["cl"].result_list) == [older, task]
    from django.contrib.admin.templatetags.admin_list import result_headers

    header = list(result_headers(page.context_data["cl"]))[2]
    assert header["sortable"]
    assert header["sorted"]
    assert header["text"] == PeriodicTask._meta.get_field("last_run_at").verbose_name


def test_a_form_shows_read_only_dates_and_offers_inputs_for_the_others(task, request_of_owner):
    with override("fa"):
        page: Any = TaskAdmin(PeriodicTask, admin.site).change_view(request_of_owner, str(task.pk))
        text = page.rendered_content
    assert "1404/09/01 15:30</time>" in text
    assert 'name="start_time"' in text
    assert 'name="last_run_at"' not in text


def test_an_inline_shows_read_only_dates(task, request_of_owner):
    with override("fa"):
        page: Any = IntervalAdmin(IntervalSchedule, admin.site).change_view(request_of_owner, str(task.interval_id))
        assert "1404/09/01 15:30</time>" in page.rendered_content


def test_a_read_only_page_offers_nothing_to_change_even_to_owners(task, request_of_owner):
    model_admin = LookedAtTaskAdmin(PeriodicTask, admin.site)
    assert not model_admin.has_add_permission(request_of_owner)
    assert not model_admin.has_change_permission(request_of_owner, task)
    assert not model_admin.has_delete_permission(request_of_owner, task)
    with override("en"):
        page: Any = model_admin.change_view(request_of_owner, str(task.pk))
        text = page.rendered_content
    assert "2025-11-22 15:30</time>" in text
    assert 'name="_save"' not in text


def test_saving_a_form_stores_the_typed_moment(task, request_of_owner):
    request = RequestFactory().post("/", {"name": "one", "start_time": "۱۴۰۴/۰۹/۰۱ ۱۵:۳۰"})
    request.user = request_of_owner.user
    form_class = TaskAdmin(PeriodicTask, admin.site).get_form(request, task, change=True)
    form = form_class(request.POST, instance=task)
    assert form.is_valid(), form.errors
    assert form.save(commit=False).start_time == RUN_AT


def test_latin_is_escaped_and_isolated():
    assert latin("<a>1") == '<bdi class="latin" dir="ltr">&lt;a&gt;1</bdi>'
    assert latin(0) == '<bdi class="latin" dir="ltr">0</bdi>'
    assert latin("") == latin(None) == "–"
