"""Each dataset has every row that SQL counts, in each format, and of a limited person's candidates only."""

import datetime as dt
import re
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import translation

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.testing import make_staff
from audit.services import record
from bots import models as bots
from bots.models import Bot, BotUser, Contribution, Message, Poll, PollAnswer, PollOption
from exports.datasets import DATASETS, Wish, check_wish, dataset_named
from exports.datasets.left_out import FIELDS, MODELS
from exports.errors import ExportRefusedError
from exports.models import DataExportLog, ScheduledExport
from exports.tests.backup_world import make_world
from exports.tests.dataset_files import only_rows, read_parts, rows_of, write
from exports.tests.samples import HOSTILE, SEEN, make_bot, make_person
from exports.writers.defuse import defuse
from plans.models import BetaFeedback, BetaTester, PlanReleaseHistory, SubscriberMove, Subscription

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]

FORMATS = ("xlsx", "csv", "jsonl", "parquet")
OF_SHEETS = {
    "bot_users": {"Bot users": "bots_botuser"},
    "contributions": {"Contributions": "bots_contribution"},
    "messages": {"Messages": "bots_message"},
    "poll_results": {"Results of polls": "bots_polloption", "Votes": "bots_pollanswer"},
    "exports": {"Exports": "exports_dataexportlog", "Scheduled exports": "exports_scheduledexport"},
}
TABLES = list(OF_SHEETS)
LATER = dt.datetime(2025, 12, 22, 11, 0, tzinfo=dt.UTC)  # 1404/10/01


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 (a name written above)
        return int(cursor.fetchone()[0])


@pytest.fixture
def world() -> tuple[Candidate, Candidate]:
    """Two candidates with rows in every table, and an export of each."""
    karimi, ahmadi = make_world()
    for candidate in (karimi, ahmadi):
        DataExportLog.objects.create(dataset="complete", candidate=candidate, format="xlsx", purpose=candidate.code)
    return karimi, ahmadi


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dataset", TABLES)
def test_a_file_has_the_rows_that_sql_counts(world, dataset, format):
    expected = {title: count(table) for title, table in OF_SHEETS[dataset].items()}
    assert all(expected.values())
    assert {title: len(rows) for title, rows in rows_of(dataset, format=format).items()} == expected


@pytest.mark.parametrize("format", FORMATS)
def test_all_data_of_a_candidate_has_their_rows_of_every_sheet(world, format):
    karimi, _ahmadi = world
    bot = karimi.bots.get()
    sheets = rows_of("complete", candidate=karimi, format=format)
    assert {title: len(rows) for title, rows in sheets.items()} == {
        "Candidate": 1,
        "Bots": 1,
        "Texts of bots": 1,
        "Bot users": BotUser.objects.filter(bot=bot).count(),
        "Contributions": 1,
        "Messages": Message.objects.filter(bot=bot).count(),
        "Clicks": bots.Click.objects.filter(bot=bot).count(),
        "Results of polls": 1,
        "Votes": 1,
        "Broadcasts": 1,
        "Subscriptions": Subscription.objects.filter(candidate=karimi).count(),
        "Tester of plans": BetaTester.objects.filter(candidate=karimi).count(),
        "Feedback": BetaFeedback.objects.filter(candidate=karimi).count(),
    }


@pytest.mark.parametrize("dataset", [*TABLES, "complete"])
def test_formats_agree_cell_by_cell(world, dataset):
    candidate = world[0] if dataset == "complete" else None
    as_json, as_csv, as_parquet, as_book = (
        rows_of(dataset, candidate=candidate, format=format) for format in ("jsonl", "csv", "parquet", "xlsx")
    )
    for title, rows in as_json.items():
        for number, row in enumerate(rows):
            texts = {name: "" if value is None else str(value) for name, value in row.items()}
            assert as_csv[title][number] == {name: defuse(text) for name, text in texts.items()}
            assert {name: plain(value) for name, value in as_parquet[title][number].items()} == texts
            assert as_book[title][number].keys() == texts.keys()
        assert len(as_csv[title]) == len(as_parquet[title]) == len(as_book[title]) == len(rows)


def plain(value: Any) -> str:
    """A cell of Parquet as the text of JSON Lines."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def test_hostile_texts_arrive_unchanged(world):
    wanted = [text for text in HOSTILE for _candidate in world]
    for format in ("jsonl", "parquet"):
        texts = [row["Text"] for row in only_rows("messages", format=format)]
        assert sorted(texts) == sorted(wanted)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dataset", [*TABLES, "complete", "analytics"])
def test_a_limited_persons_file_holds_nothing_of_others(world, dataset, format):
    karimi, _ahmadi = world
    limited = make_staff(Role.OWNER, candidates=[karimi])
    candidate = karimi if dataset == "complete" else None
    whole = str(rows_of(dataset, format=format, candidate=candidate, language="en"))
    own = str(rows_of(dataset, format=format, candidate=candidate, actor=limited))
    if dataset not in ("complete", "analytics"):
        assert "ahmadi" in whole
        assert "karimi" in own
    assert "ahmadi" not in own


def test_a_candidates_rows_can_be_chosen_without_a_filter(world):
    karimi, _ahmadi = world
    assert {row["Bot's short name"] for row in only_rows("bot_users", candidate=karimi)} == {"bot-karimi"}
    assert {row["Bot's short name"] for row in only_rows("messages", candidate=karimi)} == {"bot-karimi"}


def test_columns_are_chosen_and_keep_the_datasets_order():
    make_person(make_bot(), 7, city="isfahan")
    (row,) = only_rows("bot_users", columns=("city", "platform_user_id"))
    assert row == {"Platform's user number": "7", "City": "Isfahan"}


def test_a_sheet_without_a_chosen_column_is_left_out(world):
    sheets = rows_of("complete", candidate=world[0], columns=("people.city", "messages.text"))
    assert list(sheets) == ["Bot users", "Messages"]
    assert sheets["Messages"][0].keys() == {"Text"}


@pytest.mark.parametrize("language", ["en", "fa"])
def test_no_two_columns_of_a_sheet_have_the_same_heading(language):
    with translation.override(language):
        for dataset in DATASETS.values():
            for sheet in dataset.sheets_made:
                headings = [column.heading for _name, column in sheet.resource().columns()]
                assert len(set(headings)) == len(headings), (dataset.code, sheet.code)


def test_every_sheet_of_a_dataset_has_a_title_of_its_own_that_excel_takes():
    for language in ("en", "fa"):
        with translation.override(language):
            for dataset in DATASETS.values():
                titles = [str(sheet.title) for sheet in dataset.sheets_made]
                assert len(set(titles)) == len(titles)
                assert all(len(title) <= 31 and not re.search(r"[\[\]:*?/\\']", title) for title in titles)


# What comes out of each filter.


@pytest.fixture
def people() -> dict[str, BotUser]:
    tehran, isfahan = make_bot("one"), make_bot("two", city="isfahan")
    return {
        "a": make_person(tehran, 1, first_name="a", city="tehran", source="poster", is_blocked=True),
        "b": make_person(tehran, 2, first_name="b", city="", source="", last_seen_at=LATER),
        "c": make_person(isfahan, 3, first_name="c", city="isfahan", source="web", first_seen_at=LATER),
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abc"),
        ({"bot": "two"}, "c"),
        ({"bot": "one,two"}, "abc"),
        ({"region": "isfahan"}, "c"),
        ({"city": "tehran,isfahan"}, "ac"),
        ({"city": "-"}, "b"),
        ({"source": "poster, web"}, "ac"),
        ({"is_blocked": "yes"}, "a"),
        ({"is_blocked": "no"}, "bc"),
        ({"first_seen_from": "2025-12-01"}, "c"),
        ({"first_seen_to": "1404/09/30"}, "ab"),
        ({"last_seen_from": "2025-12-22", "last_seen_to": "2025-12-22"}, "b"),
        ({"bot": "one", "is_blocked": "no"}, "b"),
    ],
)
def test_filters_of_people(people, filters, expected):
    assert "".join(row["First name"] for row in only_rows("bot_users", filters=filters)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abc"),
        ({"bot": "two"}, "c"),
        ({"kind": "idea"}, "a"),
        ({"kind": "idea,question"}, "ac"),
        ({"state": "answered,closed"}, "bc"),
        ({"is_assigned": "yes"}, "a"),
        ({"is_assigned": "no"}, "bc"),
        ({"assigned_to": "mina,somebody"}, "a"),
        ({"time_from": "2025-12-22"}, "c"),
        ({"time_to": "2025-11-22"}, "ab"),
    ],
)
def test_filters_of_contributions(people, filters, expected):
    mina = make_staff(Role.SUPPORT, username="mina")
    for name, kind, state, moment, assignee in (
        ("a", "idea", "new", SEEN, mina),
        ("b", "complaint", "answered", SEEN, None),
        ("c", "question", "closed", LATER, None),
    ):
        person = people[name]
        message = Message.objects.create(bot=person.bot, bot_user=person, kind="text", text=name, occurred_at=moment)
        Contribution.objects.create(
            bot=person.bot, bot_user=person, message=message, kind=kind, state=state, text=name, occurred_at=moment,
            assigned_to=assignee,
        )  # fmt: skip
    assert "".join(row["Text"] for row in only_rows("contributions", filters=filters)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abc"),
        ({"bot": "one"}, "ab"),
        ({"kind": "photo"}, "b"),
        ({"kind": "photo,text"}, "abc"),
        ({"time_from": "1404/10/01"}, "c"),
        ({"time_to": "1404/09/01"}, "ab"),
    ],
)
def test_filters_of_messages(people, filters, expected):
    for name, kind, moment in (("a", "text", SEEN), ("b", "photo", SEEN), ("c", "text", LATER)):
        person = people[name]
        Message.objects.create(bot=person.bot, bot_user=person, kind=kind, text=name, occurred_at=moment)
    assert "".join(row["Text"] for row in only_rows("messages", filters=filters)) == expected


@pytest.fixture
def polls(people) -> dict[str, Poll]:
    made = {}
    for name, person, is_closed in (("a", people["a"], True), ("b", people["c"], False)):
        poll = made[name] = Poll.objects.create(bot=person.bot, question=name, is_closed=is_closed, opened_at=SEEN)
        Poll.objects.filter(pk=poll.pk).update(created_at=LATER if is_closed else SEEN, erased_voters=1)
        for position, text in enumerate(("yes", "no")):
            PollOption.objects.create(poll=poll, position=position, text=text, erased_votes=position)
    for name, positions in (("a", [1, 0]), ("b", [1]), ("c", [])):
        PollAnswer.objects.create(poll=made["a"], bot_user=people[name], option_positions=positions, answered_at=SEEN)
    return made


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "ab"),
        ({"bot": "two"}, "b"),
        ({"is_closed": "yes"}, "a"),
        ({"created_from": "2025-12-01"}, "a"),
        ({"created_to": "2025-12-01"}, "b"),
    ],
)
def test_filters_of_polls(polls, filters, expected):
    sheets = rows_of("poll_results", filters=filters)
    assert "".join(row["Question"] for row in sheets["Results of polls"]) == "".join(name * 2 for name in expected)
    assert {row["Question"] for row in sheets["Votes"]} <= set(expected)


def test_polls_are_chosen_by_their_numbers(polls):
    sheets = rows_of("poll_results", filters={"poll": str(polls["b"].pk)})
    assert {row["Question"] for row in sheets["Results of polls"]} == {"b"}


def test_votes_are_counted_with_those_of_erased_people(polls):
    sheets = rows_of("poll_results", filters={"poll": str(polls["a"].pk)})
    counted = {row["Option"]: (row["Votes"], row["Voters of the poll"]) for row in sheets["Results of polls"]}
    assert counted == {"yes": (1, 3), "no": (3, 3)}
    assert [row["Chosen options"] for row in sheets["Votes"]] == ["yes; no", "no", ""]


def test_several_answers_to_a_contribution_stand_in_one_cell(people):
    person, mina = people["a"], make_staff(Role.SUPPORT, username="mina")
    message = Message.objects.create(bot=person.bot, bot_user=person, kind="text", text="?", occurred_at=SEEN)
    contribution = Contribution.objects.create(
        bot=person.bot, bot_user=person, message=message, kind="question", text="?", occurred_at=SEEN
    )
    for text, state in (("first", "sent"), ("second", "blocked")):
        delivery = bots.OutboxMessage.objects.create(
            bot=person.bot, bot_user=person, kind="answer", payload={}, cause=text, state=state
        )
        contribution.answers.create(text=text, author=mina, delivery=delivery)
    (row,) = only_rows("contributions")
    assert row["Answers"] == "first\n\nsecond"
    assert (row["Answered by"], row["Answer's delivery"]) == ("mina", "blocked by the person")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abc"),
        ({"dataset": "messages"}, "b"),
        ({"state": "failed,cancelled"}, "bc"),
        ({"holds_personal_data": "yes"}, "c"),
        ({"holds_personal_data": "no"}, "ab"),
        ({"created_from": "2025-12-01"}, "c"),
        ({"created_to": "2025-12-01"}, "ab"),
    ],
)
def test_filters_of_exports(filters, expected):
    for purpose, dataset, state, is_personal, moment in (
        ("a", "bot_users", "queued", False, SEEN),
        ("b", "messages", "failed", False, SEEN),
        ("c", "bot_users", "cancelled", True, LATER),
    ):
        DataExportLog.objects.create(
            dataset=dataset, format="csv", state=state, holds_personal_data=is_personal, purpose=purpose,
            created_at=moment,
        )  # fmt: skip
    assert "".join(row["Purpose"] for row in rows_of("exports", filters=filters)["Exports"]) == expected


def test_schedules_are_narrowed_by_their_dataset():
    owner = make_staff(Role.OWNER)
    for dataset in ("bot_users", "messages"):
        ScheduledExport.objects.create(
            name=dataset, dataset=dataset, format="csv", frequency="daily", at_time=dt.time(6), owner=owner,
            next_due_at=SEEN,
        )  # fmt: skip
    rows = rows_of("exports", filters={"dataset": "messages"})["Scheduled exports"]
    assert [row["Name"] for row in rows] == ["messages"]


@pytest.mark.parametrize("dataset", [dataset for dataset in DATASETS.values() if dataset.is_listed])
def test_filters_are_kept_as_text_and_understood_again(people, dataset):
    form = dataset.filter_form({"bot": "one", "city": "tehran", "time_from": "1404/09/01"}, actor=None)
    assert form.is_valid()
    stored = form.stored()
    assert stored == {name: value for name, value in _expected_text().items() if name in form.fields}
    assert dataset.read_filters(stored, None).stored() == stored
    with translation.override("en"):
        assert len(dataset.filters_in_words(stored)) == len(stored)


def _expected_text() -> dict[str, str]:
    return {"bot": "one", "city": "tehran", "time_from": "2025-11-22"}


def test_filters_of_the_audit_log():
    mina, reza = make_staff(Role.OWNER, username="mina"), make_staff(Role.OWNER, username="reza")
    with transaction.atomic():
        for actor, action in ((mina, "plans.plan.add"), (mina, "bots.bot.add"), (reza, "bots.bot.add")):
            record(action=action, actor=actor, target=actor)

    def acts(**filters: str) -> list[tuple[str, str]]:
        rows = only_rows("audit_log", filters=filters)
        return [(row["Person"], row["Act's code"]) for row in rows if "add" in row["Act's code"]]

    assert len(acts()) == 3
    assert acts(action="bots.bot.add", person=str(mina.pk)) == [("mina", "bots.bot.add")]
    assert len(acts(object_type="accounts.user", object_id=str(mina.pk))) == 2
    assert acts(time_to="2020-01-01") == []
    assert len(acts(time_from="2020-01-01")) == 3


def test_filters_of_a_plans_history(world):
    PlanReleaseHistory.objects.create(plan_code="gold", step="enabled", stage_before="draft", stage_after="available")
    assert {row["Plan's code"] for row in only_rows("plan_history")} == {"basic", "gold"}
    assert {row["Plan's code"] for row in only_rows("plan_history", filters={"plan": "gold"})} == {"gold"}


def test_filters_of_a_move(world):
    move = SubscriberMove.objects.get()
    (row,) = only_rows("move", filters={"move": str(move.pk)})
    assert row["Outcome"] == "moved"
    assert only_rows("move", filters={"move": str(move.pk), "outcome": "failed"}) == []


# Who may wish for what.


def refusal(actor: User | None = None, dataset: str = "bot_users", **fields: Any) -> str:
    """The code of what `check_wish` says; empty where it has nothing against it."""
    try:
        check_wish(Wish(dataset=dataset, actor=actor, **fields))
    except ExportRefusedError as error:
        return error.code if str(error) else "without words"
    return ""


def test_a_wish_needs_the_datasets_permission():
    support = make_staff(Role.SUPPORT)
    officer = make_staff(Role.DATA_OFFICER)
    for dataset in ("bot_users", "contributions", "messages", "analytics", "poll_results", "exports", "backup"):
        assert refusal(support, dataset, purpose="x", format=dataset_named(dataset).formats[0]) == "not-allowed"
        assert refusal(officer, dataset, purpose="x", format=dataset_named(dataset).formats[0]) == ""


def test_somebody_who_left_may_export_nothing():
    officer = make_staff(Role.DATA_OFFICER)
    officer.is_active = False
    officer.save()
    assert refusal(User.objects.get(pk=officer.pk), purpose="x") == "not-allowed"


def test_personal_data_needs_a_purpose():
    officer = make_staff(Role.DATA_OFFICER)
    assert refusal(officer) == refusal(officer, columns=("phone",)) == "purpose-missing"
    assert refusal(officer, purpose=" ") == "purpose-missing"
    assert refusal(officer, columns=("city",)) == ""
    assert refusal(None) == "purpose-missing"


def test_guarded_columns_need_their_own_permission(people):
    analyst = make_staff(Role.OPERATIONS)
    analyst.user_permissions.add(*_permissions("export_botuser"))
    assert refusal(analyst, columns=("phone",), purpose="x") == "not-allowed"
    assert "phone" not in {name for name, _heading, _is_personal in dataset_named("bot_users").columns(analyst)}
    (row, *_others) = only_rows("bot_users", actor=analyst)
    assert "Phone" not in row
    assert "First name" in row


def test_all_columns_means_those_that_one_may_see(world):
    officer = make_staff(Role.DATA_OFFICER)
    sheets = rows_of("complete", candidate=world[0], actor=officer)
    assert "Phone" not in sheets["Candidate"][0]
    assert "Phone" in sheets["Bot users"][0]
    assert rows_of("complete", candidate=world[0])["Candidate"][0]["Phone"] == world[0].phone


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"dataset": "everything"}, "unknown-dataset"),
        ({"format": "pdf"}, "unknown-format"),
        ({"dataset": "backup", "format": "csv"}, "unknown-format"),
        ({"columns": ("token",)}, "unknown-column"),
        ({"dataset": "complete"}, "candidate-missing"),
        ({"filters": {"bot": "nobody's"}}, "invalid-filters"),
        ({"filters": {"first_seen_from": "yesterday"}}, "invalid-filters"),
        ({"filters": {"first_seen_from": "2025-12-02", "first_seen_to": "2025-12-01"}}, "invalid-filters"),
        ({"filters": {"bot__token": "x"}}, "invalid-filters"),
        ({"dataset": "poll_results", "filters": {"poll": "1 OR 1=1"}}, "invalid-filters"),
        ({"dataset": "analytics", "filters": {"time_from": "1380/01/01"}}, "invalid-filters"),
    ],
)
def test_what_cannot_be_understood_is_refused(fields, code):
    assert refusal(make_staff(Role.OWNER), **{"purpose": "x", **fields}) == code


def test_limited_people_wish_for_their_own_candidates_only(world):
    karimi, ahmadi = world
    limited = make_staff(Role.OWNER, candidates=[karimi])
    assert refusal(limited, candidate=ahmadi, purpose="x") == "candidate-out-of-scope"
    assert refusal(limited, candidate=karimi, purpose="x") == ""
    assert refusal(limited, filters={"bot": "bot-ahmadi"}, purpose="x") == "invalid-filters"
    assert refusal(limited, filters={"bot": "bot-karimi"}, purpose="x") == ""
    assert refusal(limited, "backup", format="zip", purpose="x") == "candidate-missing"
    assert refusal(limited, "backup", format="zip", purpose="x", candidate=karimi) == ""
    for dataset, more in (("audit_log", {}), ("move", {"filters": {"move": "1"}})):
        assert refusal(limited, dataset, purpose="x", **more) == "not-allowed"


def test_pages_of_their_own_offer_what_is_not_listed():
    unlisted = {code for code, dataset in DATASETS.items() if not dataset.is_listed}
    assert unlisted == {"audit_log", "plan_history", "move"}


def test_a_complete_backup_is_a_dataset(world):
    data, written = write("backup", format="zip")
    assert written.rows == dataset_named("backup").count(Wish("backup", format="zip"))
    assert len(data) == written.bytes
    assert len(read_parts(data)) > len(written.rows_by_sheet) > 0


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_says_who_had_it_made(people, format):
    data, written = write("bot_users", format=format, watermark="mina, 1404/09/01")
    assert written.rows == 3
    parts = read_parts(data) if format == "xlsx" else [data]
    assert any(b"mina, 1404/09/01" in part for part in parts)


# Nothing is forgotten.


def _permissions(*codenames: str) -> Any:
    return apps.get_model("auth.Permission").objects.filter(codename__in=codenames)


def _read_by_datasets() -> set[tuple[str, str]]:
    """Table and column of everything that the datasets' queries name."""
    found: set[tuple[str, str]] = set()
    for dataset in DATASETS.values():
        for sheet in dataset.sheets_made:
            sql = str(sheet.resource().select(sheet.rows()).query)
            aliases = dict(re.findall(r'"(\w+)" ("?\w+"?)(?= |\))', sql))
            tables = {alias.strip('"'): table for table, alias in aliases.items()}
            for alias, column in re.findall(r'"?(\w+)"?\."(\w+)"', sql):
                found.add((tables.get(alias, alias), column))
    return found


def test_every_field_of_citizens_and_candidates_is_exported_or_left_out_with_a_reason():
    read = _read_by_datasets()
    models: list[Any] = [
        Candidate,
        *apps.get_app_config("bots").get_models(),
        *apps.get_app_config("plans").get_models(),
    ]
    forgotten = [
        str(field)
        for model in models
        if model._meta.label not in MODELS
        for field in model._meta.concrete_fields
        if field.column and (model._meta.db_table, field.column) not in read and str(field) not in FIELDS
    ]
    assert forgotten == []


def test_what_is_left_out_is_there_and_has_a_reason():
    for label, reason in MODELS.items():
        assert apps.get_model(label)
        assert reason
    for name, reason in FIELDS.items():
        label, _dot, field = name.rpartition(".")
        assert apps.get_model(label)._meta.get_field(field)
        assert label not in MODELS
        assert reason


def test_no_dataset_reads_what_is_left_out():
    read = _read_by_datasets()
    for name in FIELDS:
        label, _dot, field = name.rpartition(".")
        model: Any = apps.get_model(label)
        if field != "id":
            assert (model._meta.db_table, model._meta.get_field(field).column) not in read, name


def test_no_dataset_reads_a_bots_secrets():
    secrets = {"token", "webhook_secret", "webhook_key", "proxy"}
    assert not {column for table, column in _read_by_datasets() if table == Bot._meta.db_table} & secrets
