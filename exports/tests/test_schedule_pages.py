"""The pages of scheduled exports, as staff use them."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from exports.models import DataExportLog, ScheduledExport
from exports.services.schedules import schedule_export
from exports.tests.samples import make_bot, make_person

pytestmark = pytest.mark.django_db(transaction=True)

NOW = dt.datetime(2025, 11, 22, 11, 0, tzinfo=dt.UTC)  # 1404/09/01 14:30 in Tehran


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def officer():
    return with_mail(make_staff(Role.DATA_OFFICER), "officer@example.org")


def with_mail(user, address):
    user.email = address
    user.save()
    return user


def browser(user, **options):
    client = sign_in(user, **options)
    client.cookies["django_language"] = "en"
    return client


def form_of(*recipients, **changes):
    usual = {
        "name": "People each morning",
        "frequency": "daily",
        "at_time": "06:00",
        "recipients": [person.pk for person in recipients],
        "columns": ["platform_user_id", "city"],
        "format": "csv",
        "language": "en",
    }
    return {**usual, **changes}


def create_url(dataset="bot_users"):
    return f"{reverse('exports:schedule-create')}?dataset={dataset}"


def make_schedule(owner, **changes):
    usual = {"export_type": "bot_users", "schedule": "daily", "columns": ("platform_user_id",), "format": "csv"}
    return schedule_export(**{**usual, "recipients": [owner], "actor": owner, "name": "People", **changes})


def test_an_empty_list_says_what_a_schedule_does_and_how_to_make_one(officer):
    page = browser(officer).get(reverse("exports:schedules")).content.decode()

    assert "No export is scheduled" in page
    assert reverse("exports:schedule-create") in page


def test_a_schedule_is_made_and_tells_its_next_runs(officer, time_machine):
    time_machine.move_to(NOW)
    client = browser(officer)
    offered = client.get(reverse("exports:schedule-create")).context["datasets"]
    assert "bot_users" in [dataset.code for dataset in offered]

    answer = client.post(create_url(), form_of(officer), follow=True)

    schedule = ScheduledExport.objects.get()
    assert answer.redirect_chain[0][0] == reverse("exports:schedule", args=[schedule.pk])
    assert schedule.next_due_at == dt.datetime(2025, 11, 23, 2, 30, tzinfo=dt.UTC)  # six in the morning, Tehran
    assert (schedule.owner, list(schedule.recipients.all())) == (officer, [officer])
    page = answer.content.decode()
    assert all(f"2025-11-{day} 06:00" in page for day in (23, 24, 25))


def test_the_first_of_a_jalali_month_is_told_so(officer, time_machine):
    time_machine.move_to(NOW)
    form = form_of(officer, frequency="monthly", day_of_month="1", calendar="jalali")

    answer = browser(officer).post(create_url(), form, follow=True)

    assert "2025-12-22 06:00" in answer.content.decode()  # the first of Dey 1404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frequency": "weekly", "weekday": ""}, "weekday"),
        ({"frequency": "monthly", "day_of_month": "32"}, "day_of_month"),
        ({"frequency": "rule", "rule": ""}, "rule"),
        ({"frequency": "rule", "rule": "FREQ=NONSENSE"}, "rule"),
        ({"at_time": "25:00"}, "at_time"),
        ({"recipients": []}, "recipients"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(officer, changes, field):
    answer = browser(officer).post(create_url(), form_of(officer, **changes))

    assert answer.status_code == 200
    errors = answer.context["schedule_form"].errors
    assert errors[field]
    assert not ScheduledExport.objects.exists()


def test_personal_data_needs_a_purpose(officer):
    client = browser(officer)
    personal = form_of(officer, columns=["platform_user_id", "phone"])

    assert client.post(create_url(), personal).context["schedule_form"].errors
    client.post(create_url(), {**personal, "purpose": "calls on election day"})

    assert ScheduledExport.objects.get().purpose == "calls on election day"


def test_making_one_wants_a_recent_second_factor(officer):
    client = browser(officer, factor_age_seconds=3600)

    assert client.get(create_url()).status_code == 302
    assert client.post(create_url(), form_of(officer)).status_code == 302
    assert not ScheduledExport.objects.exists()


def test_a_schedule_is_changed_with_what_it_has_filled_in(officer):
    schedule = make_schedule(officer, filters={"city": "karaj"})
    client = browser(officer)
    url = reverse("exports:schedule-change", args=[schedule.pk])

    shown = client.get(url).context
    assert shown["form"].filters["city"].value() == "karaj"
    assert shown["schedule_form"]["name"].value() == "People"
    answer = client.post(url, form_of(officer, name="Others", frequency="weekly", weekday="5"))

    schedule.refresh_from_db()
    assert answer.url == reverse("exports:schedule", args=[schedule.pk])
    assert (schedule.name, schedule.frequency, schedule.weekday, schedule.filters) == ("Others", "weekly", 5, {})


def test_stopping_resuming_and_running_ask_first(officer):
    make_person(make_bot(), 1)
    schedule = make_schedule(officer)
    client = browser(officer)

    for name, is_active in (("stop", False), ("resume", True)):
        url = reverse(f"exports:schedule-{name}", args=[schedule.pk])
        assert client.get(url).status_code == 200
        client.post(url)
        schedule.refresh_from_db()
        assert schedule.is_active == is_active
    answer = client.post(reverse("exports:schedule-run", args=[schedule.pk]))

    run = DataExportLog.objects.get()
    assert (run.schedule, answer.url) == (schedule, reverse("exports:one", args=[run.pk]))


def test_a_stopped_schedule_says_why(officer):
    schedule = make_schedule(officer)
    ScheduledExport.objects.filter(pk=schedule.pk).update(is_active=False, stopped_reason="five failures")
    client = browser(officer)

    for url in (reverse("exports:schedules"), reverse("exports:schedule", args=[schedule.pk])):
        assert "five failures" in client.get(url).content.decode()


def test_an_auditor_looks_and_changes_nothing(officer):
    schedule = make_schedule(officer)
    client = browser(make_staff(Role.AUDITOR))

    assert client.get(reverse("exports:schedule", args=[schedule.pk])).status_code == 200
    assert client.get(reverse("exports:schedule-create")).status_code == 403
    assert client.get(reverse("exports:schedule-change", args=[schedule.pk])).status_code == 403
    for name in ("stop", "resume", "run"):
        assert client.post(reverse(f"exports:schedule-{name}", args=[schedule.pk])).status_code == 403


def test_limited_staff_find_only_the_schedules_of_their_candidates(officer):
    mine, other = make_candidate("mine"), make_candidate("other")
    seen, foreign = make_schedule(officer, candidate_id=mine.pk), make_schedule(officer, candidate_id=other.pk)
    limited = browser(make_staff(Role.DATA_OFFICER, candidates=[mine]))

    assert [row["schedule"] for row in limited.get(reverse("exports:schedules")).context["rows"]] == [seen]
    assert limited.get(reverse("exports:schedule", args=[foreign.pk])).status_code == 404
    assert limited.get(reverse("exports:schedule-change", args=[foreign.pk])).status_code == 404
    assert limited.post(reverse("exports:schedule-stop", args=[foreign.pk])).status_code == 404
