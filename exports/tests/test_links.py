"""One-time links: what people with a link see and get, through HTTP."""

import datetime as dt
import re
from itertools import combinations
from typing import Any

import pytest
import time_machine
from constance import config
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AllowedNetwork
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from common.crypto import make_key
from exports.errors import ExportRefusedError
from exports.links.ticket import file_address
from exports.links.token import make_token
from exports.models import ExportNotice
from exports.services.links import generate_secure_download_link, revoke_link
from exports.tests.link_samples import (
    CONTENT,
    FILE_NAME,
    body,
    make_link,
    make_ready_run,
    newest_link,
    use,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 23, 6, 0, tzinfo=dt.UTC)
ENGLISH = {"language": "en"}


@pytest.fixture
def officer() -> Any:
    return make_staff(Role.DATA_OFFICER, username="sara")


@pytest.fixture
def run(officer: Any) -> Any:
    return make_ready_run(officer)


def acts(prefix: str = "exports.download_link.") -> list[str]:
    rows = AuditLog.objects.filter(action__startswith=prefix).order_by("pk")
    return [row.action.removeprefix(prefix) for row in rows]


def read(client: Client, path: str) -> tuple[int, str]:
    response = client.get(path, ENGLISH)
    return response.status_code, response.content.decode()


def test_the_page_tells_what_file_it_is_and_the_button_gives_it(run: Any) -> None:
    path, client = make_link(run), Client()

    status, words = read(client, path)
    response = client.get(use(client, path))

    assert status == 200
    for told in (FILE_NAME, "Bot users", "4.9", "1,234 rows", "sara", run.sha256):
        assert told in words
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert acts() == ["create", "use", "deliver"]


def test_a_link_works_once(run: Any) -> None:
    path = make_link(run)
    use(Client(), path)

    response = Client().post(path)

    assert response.status_code == 410
    assert not response.cookies
    assert "This link has been used" in read(Client(), path)[1]


def test_looking_uses_nothing_up(run: Any) -> None:
    path = make_link(run)

    for _scan in range(5):
        assert Client().get(path).status_code == 200
        assert Client().head(path).status_code == 200

    link = newest_link(run)
    assert (link.used_at, acts()) == (None, ["create"])
    use(Client(), path)


def test_what_is_kept_of_link_and_ticket_opens_nothing(run: Any) -> None:
    path, client = make_link(run), Client()
    use(client, path)

    link, ticket = newest_link(run), next(iter(client.cookies.values())).value
    kept = [str(getattr(link, field.attname)) for field in link._meta.concrete_fields]
    assert not [text for text in kept if (len(text) > 9 and text in path) or text == ticket]
    assert link.ticket_hash not in (ticket, "")


def test_only_the_browser_that_used_the_link_gets_the_file(run: Any) -> None:
    path, client, other = make_link(run), Client(), Client()
    address = use(client, path)
    cookie = next(iter(client.cookies.values()))

    assert other.get(address).status_code == 404
    other.cookies[cookie.key] = "x" * len(cookie.value)
    assert other.get(address).status_code == 404
    assert client.get(address).status_code == 200
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", address)


def test_the_ticket_travels_only_under_tls_in_production(run: Any, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True

    response = Client().post(make_link(run), secure=True)

    (cookie,) = response.cookies.values()
    assert (cookie.key.startswith("__Secure-"), cookie["secure"]) == (True, True)


def test_a_ticket_of_one_link_opens_no_other(run: Any, officer: Any) -> None:
    other_run = make_ready_run(officer, content=b"other")
    client = Client()
    use(client, make_link(run))
    use(Client(), make_link(other_run))

    assert client.get(file_address(newest_link(other_run))).status_code == 404


def test_a_link_ends_when_its_hour_is_over(run: Any) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        run.expires_at = NOW + dt.timedelta(days=7)
        run.save()
        path = make_link(run)
        clock.shift(3599)
        assert Client().get(path).status_code == 200
        clock.shift(1)
        status, words = read(Client(), path)

        assert (status, Client().post(path).status_code) == (410, 410)
        assert "The time of this link has ended" in words
        assert "2026-11-23 10:30" in words  # 07:00 UTC in Tehran


def test_its_end_is_told_in_the_readers_calendar(run: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        run.expires_at = NOW + dt.timedelta(days=7)
        run.save()
        path = make_link(run)
        persian = Client().get(path).content.decode()

        assert "1405/09/02 10:30" in persian
        assert 'lang="fa" dir="rtl"' in persian
        assert "2026-11-23 10:30" in read(Client(), path)[1]


def test_the_system_settings_say_how_long_a_link_lives(run: Any) -> None:
    config.EXPORT_LINK_MINUTES = 5
    make_link(run)
    link = newest_link(run)
    assert link.expires_at - link.created_at == dt.timedelta(minutes=5)

    make_link(run, lifetime_seconds=60)
    link = newest_link(run)
    assert link.expires_at - link.created_at == dt.timedelta(minutes=1)
    for wrong in (0, -1, 301):
        with pytest.raises(ExportRefusedError, match="300"):
            make_link(run, lifetime_seconds=wrong)


def test_no_link_outlives_its_file(run: Any) -> None:
    run.expires_at = timezone.now() + dt.timedelta(minutes=3)
    run.save()
    make_link(run)
    assert newest_link(run).expires_at == run.expires_at

    with (
        time_machine.travel(run.expires_at),
        pytest.raises(ExportRefusedError, check=lambda error: error.code == "no-file"),
    ):
        make_link(run)


def test_a_revoked_link_ends_also_a_download_that_has_begun(run: Any, officer: Any) -> None:
    path, client = make_link(run), Client()
    address = use(client, path)

    revoke_link(link=newest_link(run), actor=officer)

    assert client.get(address).status_code == 410
    status, words = read(client, path)
    assert (status, "This link was revoked" in words) == (410, True)
    assert acts() == ["create", "use", "revoke"]
    with pytest.raises(ExportRefusedError, check=lambda error: error.code == "wrong-state"):
        revoke_link(link=newest_link(run), actor=officer)


def test_not_everybody_may_revoke(run: Any) -> None:
    make_link(run)

    with pytest.raises(ExportRefusedError) as refused:
        revoke_link(link=newest_link(run), actor=make_staff(Role.AUDITOR))

    assert refused.value.code == "not-allowed"


def test_a_removed_file_has_no_links(run: Any, officer: Any) -> None:
    path, client = make_link(run), Client()
    address = use(client, make_link(run))
    run.state, run.file_key, run.storage_name = "expired", "", ""
    run.save()

    for answer in (Client().get(path), Client().post(path), client.get(address)):
        assert answer.status_code == 410
    assert "The file has been removed" in read(Client(), path)[1]
    with pytest.raises(ExportRefusedError, check=lambda error: error.code == "no-file"):
        make_link(run)


def test_a_file_that_vanished_from_the_vault_is_told_as_such(run: Any, vault_folder: Any) -> None:
    client = Client()
    address = use(client, make_link(run))
    (vault_folder / run.storage_name).unlink()

    status, words = read(client, address)

    assert (status, "The file has been removed" in words) == (410, True)


# ---- Tokens


def answers(path: str) -> set[tuple[Any, ...]]:
    found = set()
    for response in (Client().get(path), Client().post(path)):
        words = re.sub(r'nonce="[^"]*"|value="[^"]*"', "", response.content.decode())
        names = frozenset(name for name in response.headers if name != "Content-Security-Policy")
        found.add((response.status_code, words.replace(path, "PATH"), names))
    return found


def test_unknown_and_forged_tokens_get_the_same_answer(run: Any) -> None:
    genuine = make_link(run).rpartition("/")[2]
    link = newest_link(run)
    forged = genuine[:-1] + ("A" if genuine[-1] != "A" else "B")
    link_of_nobody = make_token(run.number)
    other_number = link_of_nobody[:22] + genuine[22:]
    wrong = [
        forged,
        link_of_nobody,
        other_number,
        "x",
        "a" * 64,
        genuine[:-1],
        genuine + "A",
        link.number.hex,
        "ن" * 64,
    ]

    found = [answers(reverse("export-links:landing", args=[token])) for token in wrong]

    assert all(one == other for one, other in combinations(found, 2))
    assert {status for status, *_rest in found[0]} == {404}
    assert newest_link(run).used_at is None
    reasons = AuditLog.objects.filter(action="security.export_link.refused").values_list("details__reason", flat=True)
    assert set(reasons) == {"unknown"}


def test_unknown_and_forged_tokens_cost_the_database_the_same(run: Any) -> None:
    genuine = make_link(run)
    Client().get(genuine)  # what is asked once for each process
    asked = []
    for path in (genuine[:-1] + "x", reverse("export-links:landing", args=[make_token(run.number)])):
        with CaptureQueriesContext(connection) as found:
            Client().get(path)
        asked.append([re.sub(r"'[^']*'|_x[0-9]+", "?", query["sql"]) for query in found.captured_queries])

    assert asked[0] == asked[1] != []


def test_a_rotated_key_ends_no_link_until_it_leaves_the_ring(run: Any, settings: Any) -> None:
    path, ring = make_link(run), settings.FIELD_KEYS

    settings.FIELD_KEYS = f"new1:{make_key()},{ring}"
    assert Client().get(path).status_code == 200
    assert Client().get(make_link(run)).status_code == 200

    assert make_link(run) != path
    settings.FIELD_KEYS = ring
    assert Client().get(path).status_code == 200


def test_a_link_works_with_and_without_a_final_slash(run: Any) -> None:
    path = make_link(run)
    assert Client().get(f"{path}/").status_code == 200
    use(Client(), f"{path}/")


# ---- For one person


@pytest.fixture
def personal(officer: Any) -> Any:
    return make_ready_run(officer, personal=True)


def test_personal_data_goes_to_a_named_person_only(personal: Any, officer: Any) -> None:
    make_link(personal)
    assert newest_link(personal).only_for == officer

    with pytest.raises(ExportRefusedError) as refused:
        generate_secure_download_link(run=personal, actor=None)
    assert refused.value.code == "link-needs-person"


def test_a_link_for_a_person_asks_for_sign_in_and_second_factor(personal: Any, officer: Any) -> None:
    path = make_link(personal)
    half = sign_in(officer, verified=False)

    for client in (Client(), half):
        for response in (client.get(path), client.post(path)):
            assert response.status_code == 302
            assert response.headers["Location"].startswith(("/admin/login/", "/admin/second-factor/"))
    client = sign_in(officer)
    assert client.get(path).status_code == 200
    assert body(client.get(use(client, path))) == CONTENT
    link = newest_link(personal)
    assert (link.used_by, link.used_from) == (officer, "127.0.0.1")


def test_personal_data_asks_for_a_recent_second_factor(personal: Any, officer: Any) -> None:
    path, client = make_link(personal), sign_in(officer, factor_age_seconds=16 * 60)

    response = client.post(path)

    assert response.headers["Location"].startswith("/admin/second-factor/")
    assert newest_link(personal).used_at is None


def test_a_link_of_somebody_else_does_nothing(personal: Any) -> None:
    path, other = make_link(personal), sign_in(make_staff(Role.OWNER))

    for response in (other.get(path, ENGLISH), other.post(path)):
        assert response.status_code == 403
        assert FILE_NAME not in response.content.decode()
    assert newest_link(personal).used_at is None
    refused = AuditLog.objects.filter(action="security.export_link.refused").last()
    assert refused is not None
    assert refused.details["reason"] == "foreign"


def test_a_stolen_ticket_is_worth_nothing_without_the_persons_session(personal: Any, officer: Any) -> None:
    client, thief = sign_in(officer), sign_in(make_staff(Role.OWNER))
    address = use(client, make_link(personal))
    for name, cookie in client.cookies.items():
        if name != django_settings.SESSION_COOKIE_NAME:
            thief.cookies[name] = cookie.value

    assert thief.get(address).status_code == 403
    assert client.get(address).status_code == 200


def test_who_has_lost_the_right_since_gets_nothing(personal: Any, officer: Any) -> None:
    path, client = make_link(personal), sign_in(officer)
    address = use(client, make_link(personal))
    officer.groups.clear()

    assert client.get(path).status_code == 403
    assert client.post(path).status_code == 403
    assert client.get(address).status_code == 403


def test_a_link_for_a_person_exists_only_in_the_allowed_networks(personal: Any, officer: Any) -> None:
    path, client = make_link(personal), sign_in(officer)
    AllowedNetwork.objects.create(network="10.0.0.0/8")

    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert newest_link(personal).used_at is None


def test_nobody_gets_a_link_who_may_not_export_it_themselves(run: Any, officer: Any) -> None:
    limited = make_staff(Role.DATA_OFFICER, candidates=[make_candidate()])
    for person in (make_staff(), make_staff(Role.AUDITOR), make_staff(Role.OPERATIONS), limited):
        for options in ({"actor": officer, "only_for": person}, {"actor": person}):
            with pytest.raises(ExportRefusedError) as refused:
                generate_secure_download_link(run=run, **options)
            assert refused.value.code == "not-allowed"


def test_who_gets_the_file_by_mail_may_have_a_link(personal: Any, officer: Any) -> None:
    recipient = make_staff(Role.DATA_OFFICER)
    recipient.user_permissions.clear()
    ExportNotice.objects.create(run=personal, recipient=recipient, kind=ExportNotice.Kind.READY)

    path = make_link(personal, actor=None, only_for=recipient)

    client = sign_in(recipient)
    assert body(client.get(use(client, path))) == CONTENT


# ---- What is left behind


def test_each_step_is_audited_with_its_address_and_without_the_token(run: Any) -> None:
    path, client = make_link(run), Client(REMOTE_ADDR="192.0.2.7")
    client.get(use(client, path)).getvalue()
    client.post(path)
    client.get(path[:-1])

    rows = list(AuditLog.objects.order_by("pk"))
    steps = {row.action: row.address for row in rows if row.action.startswith(("exports.", "security."))}
    assert steps["exports.download_link.use"] == steps["exports.download_link.deliver"] == "192.0.2.7"
    assert steps["security.export_link.refused"] == "192.0.2.7"
    token, ticket = path.rpartition("/")[2], next(iter(client.cookies.values())).value
    for row in rows:
        assert token[22:] not in str(row.__dict__)
        assert ticket not in str(row.__dict__)


def test_refusals_by_other_guards_name_no_token(personal: Any, settings: Any) -> None:
    settings.RATELIMIT_ENABLE = True
    settings.RATE_LIMITS_PER_MINUTE = {**settings.RATE_LIMITS_PER_MINUTE, "download": 3}
    path, other = make_link(personal), sign_in(make_staff(Role.OWNER))

    statuses = [other.get(path).status_code for _request in range(5)]

    assert statuses == [403, 403, 403, 429, 429]
    rows = AuditLog.objects.filter(action__in=["security.access.refused", "security.rate_limit.exceeded"])
    assert {row.details["path"] for row in rows} == {"/exports/d/…"}


def test_no_cache_search_engine_or_referrer_learns_of_it(run: Any) -> None:
    path, client = make_link(run), Client()
    pages = [client.get(path), client.post(path), client.get(file_address(newest_link(run))), client.get(path)]

    for response in pages:
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Robots-Tag"].startswith("noindex")
        assert response.headers["Referrer-Policy"] == "strict-origin"
    assert [page.status_code for page in pages] == [200, 303, 200, 410]


def test_the_button_is_protected_against_forged_requests(run: Any) -> None:
    path = make_link(run)

    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert newest_link(run).used_at is None


# ---- Again


def test_who_made_the_export_gets_a_broken_download_anew_with_a_click(personal: Any, officer: Any) -> None:
    path, client = make_link(personal), sign_in(officer)
    use(client, path)
    elsewhere = sign_in(officer)  # without the ticket

    status, words = read(elsewhere, path)
    again = reverse("exports:download", args=[personal.pk])
    assert (status, f'action="{again}"' in words) == (410, True)
    response = elsewhere.post(again)

    assert response.status_code == 303
    assert body(elsewhere.get(response.headers["Location"])) == CONTENT
    assert acts() == ["create", "use", "create", "use", "deliver"]


def test_the_browser_that_used_the_link_is_led_on(run: Any) -> None:
    path, client = make_link(run), Client()
    address = use(client, path)

    assert f'href="{address}"' in read(client, path)[1]
    assert "Nothing to download here" in read(Client(), address)[1]
    assert body(client.get(address)) == CONTENT
    assert address not in read(client, path)[1]
