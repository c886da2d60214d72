from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule

from common.admin import EstimatingPaginator, ModelAdmin, estimated_count
from common.admin.paginator import ESTIMATE_FROM_ROWS, table_estimate

pytestmark = pytest.mark.django_db
ROWS = ESTIMATE_FROM_ROWS + 500


@pytest.fixture
def large_table():
    empty_table()
    IntervalSchedule.objects.bulk_create(
        [IntervalSchedule(every=number + 1, period="days") for number in range(ROWS)], batch_size=5000
    )
    analyse()
    yield
    # PostgreSQL doesn't roll statistics back: the next test would see them.
    empty_table()
    analyse()


def empty_table():
    """In two statements: deleting objects would send django-celery-beat's signals for each."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_celery_beat_periodictask")
        cursor.execute("DELETE FROM django_celery_beat_intervalschedule")


def analyse():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE django_celery_beat_intervalschedule")


def counted(queryset):
    """The paginator's count, whether a COUNT was sent, and whether it says that it estimates."""
    paginator = EstimatingPaginator(queryset, 50)
    with CaptureQueriesContext(connection) as queries:
        count = paginator.count
    return count, any("COUNT(" in query["sql"] for query in queries), paginator.is_estimate


def test_a_large_whole_table_is_estimated_without_count(large_table):
    count, sent_count, is_estimate = counted(IntervalSchedule.objects.order_by("id"))
    assert (sent_count, is_estimate) == (False, True)
    assert count == pytest.approx(ROWS, rel=0.05)


@pytest.mark.parametrize(
    "narrow",
    [
        lambda rows: rows.filter(every__gt=0),
        lambda rows: rows.exclude(period="hours"),
        lambda rows: rows.values("period").distinct(),
        lambda rows: rows[:20],
        lambda rows: rows.none(),
        lambda rows: rows.union(rows),
    ],
    ids=["filter", "exclude", "distinct", "slice", "none", "union"],
)
def test_whatever_narrows_the_table_is_counted_exactly(large_table, narrow):
    queryset = narrow(IntervalSchedule.objects.order_by())
    assert estimated_count(queryset) == (queryset.count(), False)


def test_a_small_table_is_counted_exactly():
    empty_table()
    IntervalSchedule.objects.create(every=1, period="days")
    assert counted(IntervalSchedule.objects.all()) == (1, True, False)


def test_a_table_without_statistics_is_counted_exactly():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE django_celery_beat_intervalschedule (id int, every int, period text)")
    assert table_estimate(IntervalSchedule.objects.all()) == 0
    assert estimated_count(IntervalSchedule.objects.all()) == (0, False)


def test_a_partitioned_table_is_the_sum_of_its_parts():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE django_celery_beat_intervalschedule (id int) PARTITION BY RANGE (id)")
        for start, end in ((0, 6000), (6000, 12000)):
            cursor.execute(
                f"CREATE TEMPORARY TABLE part_{start} PARTITION OF django_celery_beat_intervalschedule "
                f"FOR VALUES FROM ({start}) TO ({end})"
            )
        cursor.execute("INSERT INTO django_celery_beat_intervalschedule SELECT generate_series(0, 11999)")
        cursor.execute("ANALYZE part_0")
        cursor.execute("ANALYZE part_6000")
    assert table_estimate(IntervalSchedule.objects.all()) == pytest.approx(12000, rel=0.05)


def test_lists_are_counted_as_they_are():
    assert EstimatingPaginator([1, 2, 3], 2).num_pages == 2


def test_the_list_says_that_its_count_is_an_estimate(large_table):
    class IntervalAdmin(ModelAdmin):
        pass

    request = RequestFactory().get("/")
    request.user = get_user_model().objects.create_superuser("owner", "x")
    with CaptureQueriesContext(connection) as queries:
        page: Any = IntervalAdmin(IntervalSchedule, admin.site).changelist_view(request)
        text = page.rendered_content
    assert "≈" in text
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]
