"""What staff do with links below the admin's address."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from exports.models import DataExportLog
from exports.tests.link_samples import CONTENT, FILE_NAME, body, make_link, make_ready_run, newest_link, use

pytestmark = pytest.mark.django_db

VERIFY = "/admin/exports/api/verify-link"


@pytest.fixture
def officer() -> Any:
    return make_staff(Role.DATA_OFFICER)


@pytest.fixture
def client(officer: Any) -> Client:
    client = sign_in(officer)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def run(officer: Any) -> Any:
    return make_ready_run(officer)


def page_of(run: Any) -> str:
    return reverse("exports:download", args=[run.pk])


def made_link(response: Any) -> str:
    made = str(response.context["made"])
    assert made in response.content.decode()
    return made


def test_a_click_fetches_the_file(run: Any, client: Client, officer: Any) -> None:
    page = client.get(page_of(run))
    response = client.post(page_of(run))

    assert (page.status_code, FILE_NAME in page.content.decode()) == (200, True)
    assert response.status_code == 303
    assert body(client.get(response.headers["Location"])) == CONTENT
    assert newest_link(run).only_for == officer


def test_a_link_for_oneself_is_shown_once(run: Any, client: Client, officer: Any) -> None:
    made = made_link(client.post(page_of(run), {"link": "1", "whom": "me"}))

    assert made.startswith("http://testserver/exports/d/")
    assert newest_link(run).only_for == officer
    assert made not in client.get(page_of(run)).content.decode()
    assert client.get(made).status_code == 200


def test_a_link_for_a_colleague(run: Any, client: Client) -> None:
    colleague = make_staff(Role.OWNER)

    made = made_link(client.post(page_of(run), {"link": "1", "whom": "person", "person": colleague.pk}))

    assert newest_link(run).only_for == colleague
    assert client.get(made).status_code == 403
    assert sign_in(colleague).get(made).status_code == 200


def test_a_colleague_who_may_not_export_it_gets_none(run: Any, client: Client) -> None:
    colleague = make_staff(Role.SUPPORT)

    response = client.post(page_of(run), {"link": "1", "whom": "person", "person": colleague.pk})

    assert f"{colleague} may not download this export." in response.content.decode()
    assert not run.links.exists()


def test_a_link_for_whoever_has_it_is_offered_without_personal_data_only(
    run: Any, client: Client, officer: Any
) -> None:
    personal = make_ready_run(officer, personal=True)

    made = made_link(client.post(page_of(run), {"link": "1", "whom": "anybody"}))
    refused = client.post(page_of(personal), {"link": "1", "whom": "anybody"})

    assert use(Client(), made)
    assert refused.context["form"].errors
    assert not personal.links.exists()


def test_a_person_must_be_named(run: Any, client: Client) -> None:
    response = client.post(page_of(run), {"link": "1", "whom": "person"})

    assert "Choose the person." in response.content.decode()
    assert not run.links.exists()


def test_personal_data_asks_for_the_second_factor_again(officer: Any) -> None:
    run, client = make_ready_run(officer, personal=True), sign_in(officer, factor_age_seconds=16 * 60)

    for response in (client.get(page_of(run)), client.post(page_of(run))):
        assert response.headers["Location"].startswith("/admin/second-factor/")
    assert not run.links.exists()


def test_without_a_file_there_is_nothing_to_download(client: Client, officer: Any) -> None:
    waiting = DataExportLog.objects.create(dataset="bot_users", format="csv", asked_by=officer)
    late = make_ready_run(officer)
    DataExportLog.objects.filter(pk=late.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))

    for run in (waiting, late):
        response = client.post(page_of(run))
        assert (response.status_code, response.headers["Location"]) == (302, reverse("exports:one", args=[run.pk]))


def test_others_may_not_download(run: Any) -> None:
    statuses = {
        "auditor": sign_in(make_staff(Role.AUDITOR)).get(page_of(run)).status_code,
        "support": sign_in(make_staff(Role.SUPPORT)).get(page_of(run)).status_code,
        "limited": sign_in(make_staff(Role.OWNER, candidates=[make_candidate()])).get(page_of(run)).status_code,
        "owner": sign_in(make_staff(Role.OWNER)).get(page_of(run)).status_code,
    }
    assert statuses == {"auditor": 403, "support": 403, "limited": 404, "owner": 200}


def test_what_a_link_is_good_for_can_be_asked_without_using_it(run: Any, client: Client) -> None:
    path = make_link(run)

    for text in (f"https://bots.example.ir{path}", path, path.rpartition("/")[2], f"  {path}/ "):
        found = client.post(VERIFY, {"link": text}).json()
        assert (found["is_valid"], found["state"], found["export"]) == (True, "open", run.pk)
    use(Client(REMOTE_ADDR="192.0.2.9"), path)
    found = client.post(VERIFY, {"link": path}).json()
    assert (found["is_valid"], found["state"], found["used_from"]) == (False, "used", "192.0.2.9")
    assert found["message"] == "This link has been used"


def test_a_link_to_what_one_may_not_see_is_unknown(run: Any, client: Client) -> None:
    limited = sign_in(make_staff(Role.OWNER, candidates=[make_candidate()]))
    path = make_link(run)

    found = [limited.post(VERIFY, {"link": path}).json(), client.post(VERIFY, {"link": path[:-1] + "x"}).json()]
    found += [client.post(VERIFY, {"link": text}).json() for text in ("http://[", "x", "ن")]

    assert {(answer["is_valid"], answer["state"]) for answer in found} == {(False, "unknown")}


def test_the_question_wants_a_link_and_somebody_of_the_house(run: Any, client: Client) -> None:
    assert client.post(VERIFY, {}).status_code == 400
    assert client.get(VERIFY).status_code == 405
    assert Client().post(VERIFY, {"link": "x"}).status_code == 302
    assert sign_in(make_staff(Role.SUPPORT)).post(VERIFY, {"link": "x"}).status_code == 403
