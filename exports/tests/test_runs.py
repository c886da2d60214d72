"""An export from the wish to the file: who may, what is written down, who must agree, and how it ends."""

import hashlib
import threading

import pytest
from constance import config
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import translation

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from bots.models import BotUser
from common.errors import DomainError
from exports.models import DataExportLog, ExportNotice
from exports.outcomes import explain
from exports.run_wishes import wish_hash
from exports.running import carry_out
from exports.selectors import exports_visible_to, figures, may_change
from exports.services.runs import (
    approve_export,
    ask_for_bulk_export,
    ask_for_export,
    cancel_export,
    create_excel_export,
    refuse_export,
    retry_export,
)
from exports.tests.runs import asked, content_of, names_in_vault, officer, read_zip, ready, wish_for_people
from exports.tests.samples import make_bot, make_person, read_csv, read_xlsx

pytestmark = pytest.mark.django_db(transaction=True)

WITH_PHONES = {"columns": ("platform_user_id", "phone"), "purpose": "calls on election day"}


@pytest.fixture
def people():
    tehran, isfahan = make_bot("tehran-1"), make_bot("isfahan-1", city="isfahan")
    make_person(tehran, 1, city="tehran", phone="09127005026")
    make_person(tehran, 2, city="tehran")
    make_person(isfahan, 3, city="isfahan")


@pytest.fixture
def large(people):
    """From two rows with personal data on a second person must agree."""
    config.EXPORT_APPROVAL_ROWS = 1


def acts() -> list[str]:
    found = AuditLog.objects.filter(action__startswith="exports.run").order_by("pk")
    return [action.removeprefix("exports.run.") for action in found.values_list("action", flat=True)]


def refusal(act, **arguments) -> str:
    with pytest.raises(DomainError) as refused:
        act(**arguments)
    return refused.value.code


def test_what_was_asked_for_lies_in_the_vault_and_is_written_down(people):
    staff = officer()

    run = ready(staff)

    rows = read_csv(content_of(run))
    assert {row[0] for row in rows[1:]} >= {"1", "2", "3"}
    assert (run.rows_written, run.rows_expected, run.rows_are_estimated) == (3, 3, False)
    assert run.sha256 == hashlib.sha256(content_of(run)).hexdigest()
    assert run.file_bytes == len(content_of(run)) < run.stored_bytes
    assert run.file_name.endswith(".csv")
    assert sum(run.manifest["rows_by_sheet"].values()) == 3
    assert str(staff) in run.manifest["made_by"]
    assert (run.expires_at - run.finished_at).total_seconds() == pytest.approx(7 * 86_400, abs=60)
    assert names_in_vault() == {run.storage_name}
    assert acts() == ["ask", "finish"]


def test_a_file_is_kept_as_long_as_the_settings_say(people):
    config.EXPORT_KEEP_DAYS = 2

    run = ready()

    assert (run.expires_at - run.finished_at).total_seconds() == pytest.approx(2 * 86_400, abs=60)


def test_an_excel_workbook_by_its_owners_name(people):
    run = create_excel_export(dataset="bot_users", columns=["platform_user_id"], language="en", actor=officer())
    carry_out(run.pk)

    run.refresh_from_db()
    assert run.file_name.endswith(".xlsx")
    found = {str(row[0]) for row in read_xlsx(content_of(run))}
    assert {"1", "2", "3"} <= found


def test_who_may_not_gets_nothing_written_down(people):
    nobody = make_staff(Role.SUPPORT)

    assert refusal(ask_for_export, wish=wish_for_people(nobody)) == "not-allowed"

    assert not DataExportLog.objects.exists()


def test_a_limited_person_gets_their_candidates_people_only(people):
    staff = make_staff(Role.DATA_OFFICER, candidates=[BotUser.objects.get(platform_user_id=3).bot.candidate])

    run = ready(staff)

    assert run.rows_written == 1


def test_rights_taken_away_before_it_begins_end_it(people):
    staff = officer()
    run = asked(staff)
    staff.groups.set(Group.objects.none())

    carry_out(run.pk)

    run.refresh_from_db()
    assert (run.state, run.reason_code) == ("failed", "not-allowed")
    assert explain(run).words
    assert explain(run).advice
    assert not names_in_vault()


def test_whoever_left_gets_nothing(people):
    staff = officer()
    run = asked(staff)
    staff.is_active = False
    staff.save()

    carry_out(run.pk)

    run.refresh_from_db()
    assert (run.state, run.reason_code) == ("failed", "not-allowed")


def test_a_candidate_out_of_scope_since_is_not_exported(people):
    candidate = BotUser.objects.get(platform_user_id=3).bot.candidate
    staff = make_staff(Role.DATA_OFFICER, candidates=[candidate])
    run = asked(staff, candidate=candidate)
    staff.scopes.all().delete()

    carry_out(run.pk)

    run.refresh_from_db()
    assert run.state == "failed"


def test_a_large_export_of_personal_data_waits_for_a_second_person(large):
    run = asked(**WITH_PHONES)
    assert run.state == "approval"
    carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "approval"

    approve_export(run=run, actor=officer())
    carry_out(run.pk)

    run.refresh_from_db()
    assert (run.state, run.rows_written) == ("ready", 3)
    assert acts() == ["ask", "approved", "finish"]


def test_a_large_export_without_personal_data_needs_nobody(large):
    assert asked().state == "queued"


def test_nobody_approves_their_own_export(large):
    staff = officer()
    run = asked(staff, **WITH_PHONES)

    assert refusal(approve_export, run=run, actor=staff) == "own-work"
    assert refusal(approve_export, run=run, actor=make_staff(Role.AUDITOR)) == "not-allowed"
    assert refusal(approve_export, run=run, actor=make_staff(Role.DATA_OFFICER, candidates=[])) == "not-allowed"


def test_what_was_changed_since_it_was_seen_is_not_approved(large):
    run = asked(**WITH_PHONES)
    DataExportLog.objects.update(purpose="something else")

    assert refusal(approve_export, run=run, actor=officer()) == "changed-since"


def test_an_approval_holds_for_what_was_approved_only(large):
    run = asked(**WITH_PHONES)
    approve_export(run=run, actor=officer())
    DataExportLog.objects.update(columns=["platform_user_id", "phone", "first_name"])

    carry_out(run.pk)

    run.refresh_from_db()
    assert (run.state, run.reason_code) == ("failed", "approval-void")


def test_an_approval_of_somebody_who_left_does_not_hold(large):
    run, second = asked(**WITH_PHONES), officer()
    approve_export(run=run, actor=second)
    second.is_active = False
    second.save()

    carry_out(run.pk)

    run.refresh_from_db()
    assert run.reason_code == "approval-void"


def test_an_export_that_grew_beyond_the_limit_waits_for_approval_and_leaves_no_file(people):
    config.EXPORT_APPROVAL_ROWS = 3
    run = asked(**WITH_PHONES)
    assert run.state == "queued"
    make_person(BotUser.objects.all()[0].bot, 4)

    carry_out(run.pk)

    run.refresh_from_db()
    assert (run.state, run.rows_expected) == ("approval", 4)
    assert not names_in_vault()


def test_of_two_approvers_at_once_one_is_noted(large):
    run = asked(**WITH_PHONES)
    answers = at_once(
        [lambda actor=actor: approve_export(run=run, actor=actor).approved_by_id for actor in (officer(), officer())]
    )

    run.refresh_from_db()
    refused = [answer.code for answer in answers if isinstance(answer, DomainError)]
    assert refused == ["wrong-state"]
    assert run.approved_by_id in answers
    assert acts().count("approved") == 1


def test_a_refused_export_is_cancelled_with_its_reason(large):
    run = asked(**WITH_PHONES)

    assert refusal(refuse_export, run=run, actor=officer(), reason=" ") == "reason-missing"
    refuse_export(run=run, actor=officer(), reason="ask for one city")

    run.refresh_from_db()
    assert (run.state, explain(run).words) == ("cancelled", "ask for one city")
    assert acts() == ["ask", "refused"]


def test_what_waits_is_cancelled_at_once(people):
    staff = officer()
    run = asked(staff)

    cancel_export(run=run, actor=staff)
    carry_out(run.pk)

    run.refresh_from_db()
    assert run.state == "cancelled"
    assert run.finished_at
    assert refusal(cancel_export, run=run, actor=staff) == "wrong-state"
    assert acts() == ["ask", "cancel"]


def test_others_exports_are_cancelled_by_who_manages_them(people):
    run = asked()

    assert refusal(cancel_export, run=run, actor=make_staff(Role.AUDITOR)) == "not-allowed"
    assert cancel_export(run=run, actor=make_staff(Role.OPERATIONS)).state == "cancelled"


def test_a_run_that_ended_badly_is_tried_again_as_a_new_one(people):
    staff = officer()
    run = asked(staff)
    cancel_export(run=run, actor=staff)

    again = retry_export(run=run, actor=staff)
    assert refusal(retry_export, run=run, actor=staff) == "retried-already"
    carry_out(again.pk)

    again.refresh_from_db()
    run.refresh_from_db()
    assert (again.state, again.retry_of, run.state) == ("ready", run, "cancelled")
    assert refusal(retry_export, run=again, actor=staff) == "wrong-state"


def test_whoever_tries_again_needs_the_right_themselves(people):
    run = asked()
    cancel_export(run=run, actor=None)

    # Operations may manage exports, and may not export people.
    assert refusal(retry_export, run=run, actor=make_staff(Role.OPERATIONS)) == "not-allowed"


def test_the_system_tries_again_for_whoever_asked(people):
    staff = officer()
    run = asked(staff)
    cancel_export(run=run, actor=None)

    assert retry_export(run=run, actor=None).asked_by == staff


def test_a_retry_of_an_approved_export_needs_no_second_approval(large):
    staff = officer()
    run = asked(staff, **WITH_PHONES)
    approve_export(run=run, actor=officer())
    cancel_export(run=run, actor=staff)

    again = retry_export(run=run, actor=staff)

    assert again.state == "queued"
    assert again.approved_by != staff
    cancel_export(run=again, actor=staff)
    assert retry_export(run=run, actor=officer()).state == "approval"


def test_several_exports_leave_as_one_zip_with_a_manifest(people):
    staff = officer()
    candidates = [person.bot.candidate for person in BotUser.objects.filter(platform_user_id__in=[1, 3])]
    wishes = [wish_for_people(None, candidate=candidate) for candidate in candidates]

    run = ask_for_bulk_export(wishes=wishes, purpose="", language="en", actor=staff)
    carry_out(run.pk)

    run.refresh_from_db()
    assert (run.state, run.dataset, run.rows_written) == ("ready", "bulk", 3)
    files, manifest = read_zip(content_of(run))
    assert len(files) == len(manifest["files"]) == 2
    for entry in manifest["files"]:
        assert entry["sha256"] == hashlib.sha256(files[entry["name"]]).hexdigest()
        assert entry["rows"] + 1 <= len(read_csv(files[entry["name"]]))
    assert {entry["candidate"] for entry in manifest["files"]} == {candidate.code for candidate in candidates}


def test_a_bulk_export_needs_something_and_every_right(people):
    staff = make_staff(Role.DATA_OFFICER, candidates=[])
    stranger = make_candidate()
    bulk = {"purpose": "", "language": "en", "actor": staff}

    assert refusal(ask_for_bulk_export, wishes=[], **bulk) == "nothing-chosen"
    assert refusal(ask_for_bulk_export, wishes=[wish_for_people(None)] * 201, **bulk) == "too-many-files"
    assert refusal(ask_for_bulk_export, wishes=[wish_for_people(None, candidate=stranger)], **bulk)


def test_the_same_wish_has_the_same_hash_and_another_another(people):
    staff = officer()
    first, second = asked(staff), asked(staff)

    assert wish_hash(first) == wish_hash(second)
    assert wish_hash(asked(staff, format="xlsx")) != wish_hash(first)
    assert wish_hash(asked(staff, candidate=make_candidate())) != wish_hash(first)


def test_one_sees_ones_own_exports_and_with_the_right_those_in_scope():
    candidate = make_candidate()
    staff = officer()
    limited = make_staff(Role.DATA_OFFICER, candidates=[candidate])
    of_all, of_one = asked(staff), asked(staff, candidate=candidate)
    own = asked(limited)
    release_manager = make_staff(Role.RELEASE_MANAGER)

    assert set(exports_visible_to(staff)) == {of_all, of_one, own}
    assert set(exports_visible_to(limited)) == {of_one, own}
    assert not exports_visible_to(release_manager).exists()
    assert may_change(limited, own)
    assert not may_change(limited, of_all)
    assert not may_change(make_staff(Role.AUDITOR), own)


def test_who_was_sent_a_file_sees_its_export_until_it_is_withheld(people):
    run, recipient = ready(), make_staff(Role.RELEASE_MANAGER)
    notice = ExportNotice.objects.create(run=run, recipient=recipient, kind="ready")
    assert set(exports_visible_to(recipient)) == {run}
    assert not may_change(recipient, run)

    notice.state = "withheld"
    notice.save()

    assert not exports_visible_to(recipient).exists()


def test_figures_count_what_one_may_see(people):
    staff = officer()
    run = ready(staff)
    asked(staff)

    seen = figures(staff)

    assert (seen.ready, seen.queued, seen.files, seen.bytes_used) == (1, 1, 1, run.stored_bytes)
    assert figures(make_staff(Role.RELEASE_MANAGER)).ready == 0


def test_reasons_are_told_in_the_readers_language():
    run = DataExportLog(state="failed", reason_code="disk-full")
    with translation.override("en"):
        assert "space" in explain(run).words
    run.reason_code, run.reason = "odd-code", "so it is"
    assert explain(run).words == "so it is"


def at_once(acts):
    """What each act gives, or raises, when all begin at the same time, each on a connection of its own."""
    barrier, answers = threading.Barrier(len(acts)), []

    def do(act):
        try:
            barrier.wait(10)
            answers.append(act())
        except DomainError as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
