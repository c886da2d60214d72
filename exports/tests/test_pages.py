"""The pages of exports, as staff use them: the dashboard, asking for one, one export and its buttons."""

from urllib.parse import parse_qs, urlsplit

import pytest
from constance import config
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from exports.datasets import DATASETS
from exports.models import DataExportLog
from exports.running import carry_out
from exports.services.links import generate_secure_download_link
from exports.services.runs import cancel_export
from exports.tests.runs import asked, officer, ready
from exports.tests.samples import make_bot, make_person

pytestmark = pytest.mark.django_db(transaction=True)

PERSONAL = {"columns": ("platform_user_id", "phone"), "purpose": "calls on election day"}
CHOSEN = {
    "dataset": "bot_users",
    "chosen": "1",
    "columns": ["platform_user_id", "city"],
    "format": "csv",
    "language": "en",
}


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def people():
    tehran, isfahan = make_bot("tehran-1"), make_bot("isfahan-1", city="isfahan")
    make_person(tehran, 1, city="tehran", phone="09127005026")
    make_person(tehran, 2, city="karaj")
    make_person(isfahan, 3, city="isfahan")
    return tehran, isfahan


def browser(user=None, **options):
    client = sign_in(user or officer(), **options)
    client.cookies["django_language"] = "en"
    return client


def text_of(client, name, *arguments, **query) -> str:
    answer = client.get(reverse(f"exports:{name}", args=arguments), query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def one(run) -> str:
    return reverse("exports:one", args=[run.pk])


def _query(chosen) -> str:
    return urlencode(chosen, doseq=True)


def state_of(run) -> str:
    return DataExportLog.objects.values_list("state", flat=True).get(pk=run.pk)


# ---- The dashboard ----


def test_an_empty_dashboard_says_what_belongs_there_and_how_to_begin():
    page = text_of(browser(), "dashboard")

    assert "Here are the files that can be downloaded" in page
    assert reverse("exports:create") in page
    assert "Nothing is being made just now" in page


def test_the_address_stands_below_the_admin_with_and_without_a_final_slash():
    client = browser()

    assert reverse("exports:dashboard") == "/admin/exports/"
    assert client.get("/admin/exports", follow=True).redirect_chain in ([], [("/admin/exports/", 301)])
    assert client.get("/admin/exports/create/").status_code == 200


def test_each_export_stands_where_it_belongs_with_its_buttons(people):
    config.EXPORT_APPROVAL_ROWS = 1
    user = officer()
    finished, waiting, large = ready(user), asked(user), asked(user, **PERSONAL)
    failed = asked(user)
    DataExportLog.objects.filter(pk=failed.pk).update(
        state="failed", reason_code="disk-full", finished_at=timezone.now()
    )
    client = browser(user)

    context = client.get(reverse("exports:dashboard")).context
    places = {name: [row.run.pk for row in context[name]] for name in ("ready", "under_way", "awaiting", "failed")}
    page = text_of(client, "dashboard")

    assert places == {
        "ready": [finished.pk], "under_way": [waiting.pk], "awaiting": [large.pk], "failed": [failed.pk]
    }  # fmt: skip
    assert "There was not enough space for the file." in page
    for name, run in (("download", finished), ("cancel", waiting), ("retry", failed)):
        assert reverse(f"exports:{name}", args=[run.pk]) in page
    assert reverse("exports:approve", args=[large.pk]) not in page  # nobody approves their own


def test_a_failed_export_that_was_tried_again_is_not_shown_any_more(people):
    user = officer()
    failed = asked(user)
    DataExportLog.objects.filter(pk=failed.pk).update(state="failed", finished_at=timezone.now())
    client = browser(user)

    answer = client.post(reverse("exports:retry", args=[failed.pk]))

    again = DataExportLog.objects.get(retry_of=failed)
    assert answer.url == one(again)
    assert client.get(reverse("exports:dashboard")).context["failed"] == []


def test_programs_get_the_same_figures(people):
    user = officer()
    ready(user)
    run = asked(user)
    DataExportLog.objects.filter(pk=run.pk).update(
        state="running", rows_written=1, rows_expected=4, started_at=timezone.now()
    )

    told = browser(user).get(reverse("exports:stats")).json()

    assert (told["ready"], told["running"], told["queued"], told["files"]) == (1, 1, 0, 1)
    assert told["bytes_used"] > 0
    [progress] = told["under_way"]
    assert (progress["id"], progress["percent"], progress["rows_written"]) == (run.pk, 25, 1)


def test_the_signature_changes_with_states_and_not_with_rows(people):
    user = officer()
    run, client = asked(user), browser(user)

    def signature():
        return client.get(reverse("exports:stats")).json()["signature"]

    before = signature()
    DataExportLog.objects.filter(pk=run.pk).update(rows_written=3)
    assert signature() == before
    DataExportLog.objects.filter(pk=run.pk).update(state="running")
    assert signature() != before


# ---- Asking for an export ----


def test_only_the_datasets_are_offered_that_one_may_export():
    user = make_staff()
    user.user_permissions.add(Permission.objects.get(codename="export_contributions"))

    offered = browser(user).get(reverse("exports:create")).context["datasets"]

    assert [dataset.permission for dataset in offered] == ["exports.export_contributions"]
    assert browser(user).get(reverse("exports:create"), CHOSEN).status_code == 403


def test_an_export_is_chosen_counted_and_begun(people):
    client = browser()
    form = text_of(client, "create", dataset="bot_users")
    assert 'name="filter-city"' in form
    assert "data-personal" in form

    last_look = text_of(client, "create", **{**CHOSEN, "filter-city": "karaj"})
    assert "1 row" in last_look
    assert not DataExportLog.objects.exists()

    answer = client.post(f"{reverse('exports:create')}?{_query({**CHOSEN, 'filter-city': 'karaj'})}")
    run = DataExportLog.objects.get()
    assert answer.url == one(run)
    assert (run.state, run.rows_expected, run.filters["city"]) == ("queued", 1, "karaj")
    assert (run.columns, run.format, run.holds_personal_data) == (["platform_user_id", "city"], "csv", False)


@pytest.mark.parametrize("code", [code for code, dataset in DATASETS.items() if dataset.is_listed])
def test_every_dataset_can_be_asked_for_as_its_form_stands(people, code):
    client = browser()
    form = client.get(reverse("exports:create"), {"dataset": code}).context["form"]
    chosen = {
        "dataset": code,
        "chosen": "1",
        "candidate": people[0].candidate_id if form.dataset.needs_candidate else "",
        "columns": [box.name for box in form.column_boxes() if box.is_checked],
        "format": form["format"].value(),
        "language": form["language"].value(),
    }
    address = f"{reverse('exports:create')}?{_query(chosen)}"

    assert "count" in client.get(address).context
    client.post(address, {"purpose": "archive"})

    assert DataExportLog.objects.get().dataset == code


def test_the_rows_are_counted_while_one_chooses(people):
    client = browser()

    told = client.get(reverse("exports:count"), CHOSEN).json()
    refused = client.get(reverse("exports:count"), {**CHOSEN, "columns": []})

    assert (told["rows"], told["message"], told["holds_personal_data"]) == (3, "3 rows", False)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"columns": []}, "columns"),
        ({"columns": ["nonsense"]}, "columns"),
        ({"format": "exe"}, "format"),
        ({"language": "xx"}, "language"),
        ({"candidate": "999999"}, "candidate"),
        ({"filter-bot": "999999"}, None),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people, changes, field):
    answer = browser().get(reverse("exports:create"), {**CHOSEN, **changes})

    assert answer.status_code == 200
    form = answer.context["form"]
    assert form.errors[field or "__all__"]


def test_personal_data_wants_a_recent_second_factor_and_a_purpose_and_nothing_chosen_is_lost(people):
    user = officer()
    chosen = {**CHOSEN, "columns": ["platform_user_id", "phone"]}
    address = f"{reverse('exports:create')}?{_query(chosen)}"

    sent_away = browser(user, factor_age_seconds=3600).get(address)
    assert sent_away.status_code == 302
    assert parse_qs(urlsplit(sent_away.url).query)["next"] == [address]

    client = browser(user)
    assert client.post(address, {}).context["purpose_form"].errors["purpose"]
    assert not DataExportLog.objects.exists()
    client.post(address, {"purpose": "calls on election day"})

    run = DataExportLog.objects.get()
    assert (run.holds_personal_data, run.purpose) == (True, "calls on election day")


def test_without_personal_data_nobody_is_asked_for_a_purpose(people):
    assert browser().get(reverse("exports:create"), CHOSEN).context["purpose_form"] is None


def test_so_much_personal_data_that_a_second_person_must_agree_is_told_before(people):
    config.EXPORT_APPROVAL_ROWS = 1
    client = browser()
    address = f"{reverse('exports:create')}?{_query({**CHOSEN, 'columns': ['phone']})}"

    assert "only with a second person" in client.get(address).content.decode()
    client.post(address, {"purpose": "calls"})

    assert DataExportLog.objects.get().state == "approval"


def test_a_link_from_elsewhere_fills_the_form_in(people):
    bot = people[0]
    query = {"dataset": "bot_users", "candidate": bot.candidate_id, "filter-bot": bot.slug}

    form = browser().get(reverse("exports:create"), query).context["form"]

    assert str(form["candidate"].value()) == str(bot.candidate_id)
    assert form.filters["bot"].value() == bot.slug


def test_the_same_can_be_asked_for_again_with_a_click(people):
    user = officer()
    run = asked(user, filters={"city": "karaj"})
    client = browser(user)

    address = client.get(one(run)).context["again_url"]
    form = client.get(address).context["form"]

    assert (form.wish().filters["city"], form.wish().columns) == ("karaj", ("platform_user_id", "city"))


# ---- One export ----


def test_the_page_of_an_export_tells_all_of_it(people):
    user = officer()
    run = ready(user, candidate=people[0].candidate, filters={"city": "karaj"})
    generate_secure_download_link(run=run, actor=user)

    page = text_of(browser(user), "one", run.pk)

    for words in (run.sha256, run.file_name, "karaj", "1 row", "open until", people[0].candidate.name):
        assert words.lower() in page.lower()
    assert reverse("exports:download", args=[run.pk]) in page


def test_its_history_is_that_of_the_audit_log(people):
    user = officer()
    run = asked(user)
    cancel_export(run=run, actor=user)

    history = browser(user).get(one(run)).context["history"]

    recorded = AuditLog.objects.filter(object_type="exports.dataexportlog", object_id=str(run.pk))
    assert [entry["occurred_at"] for entry in history] == [row.occurred_at for row in recorded]
    assert len(history) == 2


def test_a_link_can_be_revoked(people):
    user = officer()
    run = ready(user)
    generate_secure_download_link(run=run, actor=user)
    link = run.links.get()

    browser(user).post(reverse("exports:revoke-link", args=[run.pk, link.pk]))

    link.refresh_from_db()
    assert link.revoked_by == user


def test_somebody_else_approves_and_the_export_begins(people):
    config.EXPORT_APPROVAL_ROWS = 1
    run = asked(**PERSONAL)
    second = browser()
    url = reverse("exports:approve", args=[run.pk])

    assert "calls on election day" in second.get(url).content.decode()
    second.post(url)

    assert state_of(run) == "queued"


def test_approving_wants_a_recent_second_factor(people):
    config.EXPORT_APPROVAL_ROWS = 1
    run = asked(**PERSONAL)

    answer = browser(factor_age_seconds=3600).post(reverse("exports:approve", args=[run.pk]))

    assert (answer.status_code, state_of(run)) == (302, "approval")


def test_who_refuses_says_why_and_the_asker_reads_it(people):
    config.EXPORT_APPROVAL_ROWS = 1
    user = officer()
    run = asked(user, **PERSONAL)
    url = reverse("exports:refuse", args=[run.pk])
    second = browser()

    assert second.post(url, {}).context["form"].errors["reason"]
    second.post(url, {"reason": "ask for one city only"})

    assert state_of(run) == "cancelled"
    assert "ask for one city only" in text_of(browser(user), "one", run.pk)


def test_cancelling_and_removing_ask_first(people):
    user = officer()
    waiting, finished = asked(user), ready(user)
    client = browser(user)

    for name, run, after in (("cancel", waiting, "cancelled"), ("remove", finished, "expired")):
        url = reverse(f"exports:{name}", args=[run.pk])
        before = state_of(run)
        assert client.get(url).status_code == 200
        assert state_of(run) == before
        client.post(url)
        assert state_of(run) == after


def test_what_cannot_be_done_any_more_is_told(people):
    user = officer()
    run, client = asked(user), browser(user)
    carry_out(run.pk)

    answer = client.post(reverse("exports:cancel", args=[run.pk]), follow=True)

    assert "can&#x27;t be done any more" in answer.content.decode()


# ---- A candidate's exports, several at once, cleaning up ----


def test_the_page_of_a_candidate_shows_what_was_and_what_can_be_exported(people):
    user = officer()
    bot, other = people
    run, foreign = asked(user, candidate=bot.candidate), asked(user, candidate=other.candidate)

    page = text_of(browser(user), "candidate", bot.candidate_id)

    assert one(run) in page
    assert one(foreign) not in page
    assert f"candidate={bot.candidate_id}" in page


def test_several_candidates_and_datasets_come_in_one_export(people):
    client = browser()
    chosen = {
        "chosen": "1",
        "candidates": [bot.candidate_id for bot in people],
        "datasets": ["bot_users", "contributions"],
        "format": "csv",
        "language": "en",
    }
    address = f"{reverse('exports:bulk')}?{_query(chosen)}"
    last_look = client.get(address)
    assert last_look.context["files"] == 4
    assert "4 files in one ZIP" in last_look.content.decode()

    client.post(address, {"purpose": "archive"})

    run = DataExportLog.objects.get()
    assert (run.dataset, len(run.parts)) == ("bulk", 4)
    carry_out(run.pk)
    assert state_of(run) == "ready"
    page = text_of(client, "one", run.pk)
    assert all(bot.candidate.name in page for bot in people)


def test_several_without_a_choice_are_refused_at_the_field():
    answer = browser().get(reverse("exports:bulk"), {"chosen": "1", "format": "csv", "language": "en"})

    assert set(answer.context["form"].errors) == {"candidates", "datasets"}


def test_a_clean_up_shows_what_would_go_then_it_goes(people):
    user = officer()
    run = ready(user)
    DataExportLog.objects.filter(pk=run.pk).update(expires_at=timezone.now())
    client = browser(user)

    page = text_of(client, "cleanup")
    assert run.file_name in page
    assert state_of(run) == "ready"
    client.post(reverse("exports:cleanup"))

    assert state_of(run) == "expired"
    assert "Nothing: no file is older" in text_of(client, "cleanup")


# ---- Who sees what ----


@pytest.mark.parametrize(
    ("role", "sees", "creates", "cleans"),
    [
        (Role.OWNER, 200, 200, 200),
        (Role.DATA_OFFICER, 200, 200, 200),
        (Role.OPERATIONS, 200, 200, 200),
        (Role.AUDITOR, 200, 200, 403),
        (Role.SUPPORT, 403, 403, 403),
    ],
)
def test_roles_may_do_what_they_are_for(role, sees, creates, cleans):
    client = browser(make_staff(role))

    found = [client.get(reverse(f"exports:{name}")).status_code for name in ("dashboard", "create", "cleanup")]

    assert found == [sees, creates, cleans]


def test_an_auditor_sees_the_exports_of_others_and_changes_none(people):
    config.EXPORT_APPROVAL_ROWS = 1
    runs = {"cancel": asked(), "remove": ready(), "approve": asked(**PERSONAL)}
    client = browser(make_staff(Role.AUDITOR))

    for name, run in runs.items():
        before = state_of(run)
        assert text_of(client, "one", run.pk)
        assert client.get(one(run)).context["row"].acts == []
        assert client.post(reverse(f"exports:{name}", args=[run.pk])).status_code == 403
        assert state_of(run) == before


def test_who_may_not_export_what_is_in_a_file_is_offered_no_download(people):
    run = ready()
    operations = browser(make_staff(Role.OPERATIONS))  # may remove it, and not read it

    row = operations.get(one(run)).context["row"]

    assert ([act.name for act in row.acts], row.may_download) == (["remove"], False)
    assert reverse("exports:download", args=[run.pk]) not in text_of(operations, "dashboard")


def test_limited_staff_see_and_change_only_exports_of_their_candidates(people):
    tehran, isfahan = people
    mine, foreign, of_all = asked(candidate=tehran.candidate), asked(candidate=isfahan.candidate), asked()
    client = browser(make_staff(Role.OWNER, candidates=[tehran.candidate]))

    seen = client.get(reverse("exports:dashboard")).context["under_way"]
    assert [row.run.pk for row in seen] == [mine.pk]
    for run in (foreign, of_all):
        assert client.get(one(run)).status_code == 404
        assert client.get(reverse("exports:progress", args=[run.pk])).status_code == 404
        assert client.post(reverse("exports:cancel", args=[run.pk])).status_code == 404
        assert state_of(run) == "queued"
    assert client.get(reverse("exports:candidate", args=[isfahan.candidate_id])).status_code == 404
    assert client.get(reverse("exports:candidate", args=[tehran.candidate_id])).status_code == 200
    assert client.get(reverse("exports:cleanup")).status_code == 403
    assert client.get(reverse("exports:stats")).json()["queued"] == 1


def test_limited_staff_export_only_their_candidates(people):
    tehran, isfahan = people
    client = browser(make_staff(Role.OWNER, candidates=[tehran.candidate]))

    form = client.get(reverse("exports:create"), {"dataset": "bot_users"}).context["form"]
    assert list(form.fields["candidate"].queryset) == [tehran.candidate]
    assert client.get(reverse("exports:count"), CHOSEN).json()["rows"] == 2
    refused = client.get(reverse("exports:count"), {**CHOSEN, "candidate": isfahan.candidate_id})
    assert refused.status_code == 400
    bulk = client.get(reverse("exports:bulk")).context["form"]
    assert list(bulk.fields["candidates"].queryset) == [tehran.candidate]


def test_who_only_exports_sees_only_their_own(people):
    user = make_staff()
    user.user_permissions.add(Permission.objects.get(codename="export_botuser"))
    mine, foreign = asked(user), asked()
    client = browser(user)

    assert [row.run.pk for row in client.get(reverse("exports:dashboard")).context["under_way"]] == [mine.pk]
    assert client.get(one(foreign)).status_code == 404


def test_nobody_without_a_second_factor_gets_in():
    client = browser(officer(), verified=False)

    for name in ("dashboard", "create", "bulk", "cleanup", "schedules", "stats"):
        assert client.get(reverse(f"exports:{name}")).status_code == 302


def test_the_pages_hold_no_inline_script_or_style(people):
    user = officer()
    run, client = asked(user), browser(user)
    addresses = [reverse("exports:dashboard"), one(run), f"{reverse('exports:create')}?dataset=bot_users"]

    for address in addresses:
        page = client.get(address).content.decode()
        content = page[page.index('id="content-main"') :].partition("</main>")[0]
        assert " style=" not in content
        assert "<script" not in content
        assert " onclick=" not in content


def test_the_lists_of_the_admin_lead_to_the_pages(people):
    user = officer()
    run, client = asked(user), browser(user)

    assert one(run) in client.get(reverse("admin:exports_dataexportlog_changelist")).content.decode()
    assert client.get(reverse("admin:exports_dataexportlog_change", args=[run.pk])).url == one(run)


def test_the_pages_of_candidates_and_bots_lead_here(people):
    bot = people[0]
    client = browser(make_staff(Role.OWNER))

    of_candidate = client.get(reverse("admin:accounts_candidate_change", args=[bot.candidate_id])).content.decode()
    of_bot = client.get(reverse("admin:bots_bot_change", args=[bot.pk])).content.decode()

    assert reverse("exports:candidate", args=[bot.candidate_id]) in of_candidate
    assert f"filter-bot={bot.slug}" in of_bot


def test_a_candidate_out_of_the_readers_scope_is_not_there(people):
    other = make_candidate("another")
    client = browser(make_staff(Role.DATA_OFFICER, candidates=[other]))

    assert client.get(reverse("exports:candidate", args=[people[0].candidate_id])).status_code == 404
