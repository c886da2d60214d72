"""How long a session of staff lasts, where one sees them, and what ends them."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django_celery_beat.models import PeriodicTask

from accounts.models import StaffSession, User
from accounts.models.staff_session import SessionEnd
from accounts.roles import Role
from accounts.services import end_sessions, set_password
from accounts.session_store import SessionStore, stored_key
from accounts.tasks import clean_sessions
from accounts.testing import PASSWORD, make_staff, sign_in
from audit.models import AuditLog
from common.errors import DomainError

HOME = "/admin/"
PAGE = "/admin/second-factor/sessions"
STAFF = "/admin/accounts/user/"
SIGN_IN = "/admin/login/"
NEW_PASSWORD = "Zebra, 7 lanterns"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
Clock = time_machine.Traveller

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def user() -> User:
    return make_staff(username="sara")


def is_in(client: Client) -> bool:
    response = client.get(HOME)
    assert response.status_code == 200 or response["Location"].startswith(SIGN_IN)
    return response.status_code == 200


def key_of(client: Client) -> str:
    """What is in the browser's cookie."""
    return client.cookies["sessionid"].value


def with_cookie(key: str) -> Client:
    client = Client()
    client.cookies["sessionid"] = key
    return client


def session_of(client: Client) -> StaffSession:
    found: StaffSession = StaffSession.objects.get(public_id=client.session["session_id"])
    return found


def ends(user: User) -> list[str]:
    return list(StaffSession.objects.filter(user=user).order_by("pk").values_list("end", flat=True))


def give_password(client: Client, user: User) -> None:
    client.post(SIGN_IN, {"username": user.username, "password": PASSWORD}, HTTP_USER_AGENT=FIREFOX)


def test_a_session_ends_after_30_minutes_without_a_request(user: User, clock: Clock) -> None:
    client = sign_in(user)
    clock.shift(30 * 60 - 1)
    assert is_in(client)
    clock.shift(30 * 60 - 1)
    assert is_in(client)
    clock.shift(30 * 60)

    assert not is_in(client)
    assert ends(user) == [SessionEnd.IDLE]


def test_a_session_ends_after_12_hours_however_busy(user: User, clock: Clock) -> None:
    client = sign_in(user)
    for _quarter_hour in range(4 * 12 - 1):
        clock.shift(15 * 60)
        assert is_in(client)
    clock.shift(15 * 60)

    assert not is_in(client)
    assert ends(user) == [SessionEnd.EXPIRED]


def test_the_reader_is_told_why(user: User, clock: Clock) -> None:
    client = sign_in(user)
    client.cookies["django_language"] = "en"
    clock.shift(30 * 60)

    page = client.get(HOME, follow=True).content.decode()

    assert "You were signed out: nothing was done here for 30 minutes." in page


def test_an_ended_session_is_recorded_once_with_its_public_id(user: User, clock: Clock) -> None:
    client = sign_in(user)
    public_id = session_of(client).public_id
    clock.shift(30 * 60)
    client.get(HOME)
    client.get(HOME)

    row = AuditLog.objects.get(action="accounts.session.end")
    assert (row.actor_id, row.object_id, row.session_id) == (None, str(user.pk), public_id)
    assert row.details == {"how": "idle", "sessions": [public_id]}


def test_last_seen_is_written_once_a_minute(user: User, clock: Clock) -> None:
    client = sign_in(user)
    clock.shift(59)
    client.get(PAGE)
    assert session_of(client).last_seen_at == NOW
    clock.shift(1)
    client.get(PAGE)
    assert session_of(client).last_seen_at == NOW + dt.timedelta(seconds=60)


def test_signing_in_gives_a_new_key_and_a_public_id_that_the_audit_log_carries(user: User) -> None:
    client = Client()
    client.get(SIGN_IN)
    before = SessionStore()
    before.create()
    client.cookies["sessionid"] = before.session_key or ""

    give_password(client, user)

    assert client.session.session_key != before.session_key
    session = session_of(client)
    assert session.public_id not in (client.session.session_key, "")
    assert AuditLog.objects.get(action="accounts.session.signed_in").session_id == session.public_id
    assert (session.user, session.address, session.agent) == (user, "127.0.0.1", FIREFOX)


def test_signing_in_again_in_the_same_browser_begins_anew(user: User) -> None:
    client = sign_in(user)
    first, key = session_of(client), client.session.session_key

    give_password(client, user)

    assert client.session.session_key != key
    assert session_of(client) != first
    assert ends(user) == [SessionEnd.SIGNED_IN_AGAIN, ""]
    assert client.get(HOME)["Location"].startswith("/admin/second-factor/verify")


def test_somebody_else_who_signs_in_ends_the_session_of_the_one_before(user: User) -> None:
    client = sign_in(make_staff())
    first = session_of(client)

    give_password(client, user)

    first.refresh_from_db()
    assert first.end == SessionEnd.SIGNED_IN_AGAIN
    assert session_of(client).user == user


def test_signing_out_ends_the_session(user: User) -> None:
    client = sign_in(user)
    client.post("/admin/logout/")

    assert ends(user) == [SessionEnd.SIGNED_OUT]


def test_a_copied_cookie_is_worth_nothing_after_signing_out_whatever_the_cache_remembers(user: User) -> None:
    client = sign_in(user)
    thief = with_cookie(key_of(client))
    remembered = dict(client.session.items())
    assert is_in(thief)
    cache_key = f"{SessionStore.cache_key_prefix}{stored_key(key_of(client))}"
    client.post("/admin/logout/")
    cache.set(cache_key, remembered, 3600)

    assert not is_in(thief)


def test_a_session_that_the_database_does_not_know_is_not_let_in(user: User) -> None:
    client = sign_in(user)
    StaffSession.objects.all().delete()

    assert not is_in(client)


def test_a_session_of_somebody_else_does_not_serve(user: User) -> None:
    client, other = sign_in(user), sign_in(make_staff())
    session = client.session
    session["session_id"] = session_of(other).public_id
    session.save()

    assert not is_in(client)


def test_neither_database_nor_cache_hold_what_is_in_the_cookie(user: User) -> None:
    client = sign_in(user)
    key = key_of(client)
    client.get(HOME)

    assert Session.objects.get().session_key == stored_key(key)
    assert not is_in(with_cookie(stored_key(key)))
    assert cache.get(f"{SessionStore.cache_key_prefix}{key}") is None
    assert cache.get(f"{SessionStore.cache_key_prefix}{stored_key(key)}")


def test_the_page_lists_ones_own_sessions_and_marks_this_one(user: User) -> None:
    here, there = sign_in(user), Client()
    give_password(there, user)
    sign_in(make_staff())

    page = here.get(PAGE)

    assert {session.public_id for session in page.context["sessions"]} == {
        session_of(here).public_id,
        session_of(there).public_id,
    }
    text = page.content.decode()
    assert "Firefox" in text
    assert text.count("<strong>") == 1  # this session
    assert session_of(here).public_id not in text
    assert key_of(here) not in text


def test_one_of_them_is_ended(user: User) -> None:
    here, there, third = sign_in(user), sign_in(user), sign_in(user)

    here.post(PAGE, {"session": session_of(there).public_id})

    assert is_in(here)
    assert not is_in(there)
    assert is_in(third)
    row = AuditLog.objects.get(action="accounts.session.end")
    assert (row.actor_id, row.details["how"], row.session_id) == (user.pk, "ended", session_of(here).public_id)


def test_all_others_are_ended(user: User) -> None:
    here, there, third = sign_in(user), sign_in(user), sign_in(user)

    here.post(PAGE, {"others": "End all others"})

    assert [is_in(client) for client in (here, there, third)] == [True, False, False]


@pytest.mark.parametrize("wanted", ["", "nonsense", "\x00"])
def test_a_session_that_is_none_is_refused_in_words(user: User, wanted: str) -> None:
    here = sign_in(user)
    here.cookies["django_language"] = "en"

    page = here.post(PAGE, {"session": wanted}, follow=True)

    assert "This session has ended already." in page.content.decode()


def test_nobody_ends_somebody_elses_session_on_this_page(user: User) -> None:
    other = sign_in(make_staff())

    sign_in(user).post(PAGE, {"session": session_of(other).public_id})

    assert is_in(other)


def test_an_owner_signs_others_out_everywhere(user: User) -> None:
    owner = make_staff(Role.OWNER)
    here, theirs, elsewhere = sign_in(owner), sign_in(user), sign_in(owner)
    action = {"action": "end_all_sessions", "_selected_action": [user.pk, owner.pk]}
    assert here.post(STAFF, action).status_code == 200
    assert is_in(theirs)

    here.post(STAFF, {**action, "confirmed": "1"})

    assert [is_in(client) for client in (here, theirs, elsewhere)] == [True, False, False]
    rows = AuditLog.objects.filter(action="accounts.session.end", object_id=str(user.pk))
    assert [(row.actor_id, row.details["how"]) for row in rows] == [(owner.pk, "ended_by_owner")]


def test_nobody_but_owners_signs_others_out(user: User) -> None:
    client = sign_in(user)
    auditor = make_staff(Role.AUDITOR)
    sign_in(auditor).post(STAFF, {"action": "end_all_sessions", "_selected_action": [user.pk], "confirmed": "1"})

    assert is_in(client)
    with pytest.raises(DomainError) as refused:
        end_sessions(user=user, actor=auditor, how=SessionEnd.ENDED_BY_OWNER)
    assert refused.value.code == "owners-only"


def test_closing_an_account_ends_its_sessions_at_once(user: User) -> None:
    theirs = sign_in(user)
    form = {"username": "sara", "scopes-TOTAL_FORMS": "0", "scopes-INITIAL_FORMS": "0"}

    sign_in(make_staff(Role.OWNER)).post(f"{STAFF}{user.pk}/change/", form)

    assert not is_in(theirs)
    assert ends(user) == [SessionEnd.ACCOUNT_CLOSED]


def test_a_new_password_ends_all_sessions_but_the_one_it_was_set_in(user: User) -> None:
    here, there = sign_in(user), sign_in(user)
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}

    here.post("/admin/password_change/", form)

    assert [is_in(here), is_in(there)] == [True, False]
    assert ends(user) == ["", SessionEnd.PASSWORD_CHANGED]


def test_a_new_password_set_for_somebody_ends_all_their_sessions(user: User) -> None:
    theirs = sign_in(user)

    set_password(user=user, password=NEW_PASSWORD, actor=None)

    assert not is_in(theirs)
    assert ends(user) == [SessionEnd.PASSWORD_CHANGED]


def test_the_clean_up_ends_what_nobody_came_back_to_and_forgets_what_is_old(user: User, clock: Clock) -> None:
    sign_in(user)
    clock.shift(30 * 60)
    assert clean_sessions() == 1
    assert ends(user) == [SessionEnd.IDLE]
    assert AuditLog.objects.get(action="accounts.session.end").details == {"how": "limits", "count": 1}

    clock.shift(30 * 24 * 60 * 60 + 1)
    assert clean_sessions() == 0
    assert not StaffSession.objects.exists()
    assert not Session.objects.exists()


def test_the_clean_up_is_scheduled() -> None:
    task = PeriodicTask.objects.get(task="accounts.clean_sessions")

    assert (task.enabled, task.interval.every, task.interval.period) == (True, 10, "minutes")


def test_a_request_without_a_cookie_asks_for_no_session() -> None:
    response = Client().get("/health/live")

    assert "Cookie" not in response.get("Vary", "")
