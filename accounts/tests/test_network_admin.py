"""The list of allowed networks in the admin."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from accounts.models import AllowedNetwork
from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/allowednetwork/"
MINE = "127.0.0.0/8"  # the test client's
OTHER = "192.0.2.0/24"
OWN_ADDRESS = 'Your own address, <bdi class="latin" dir="ltr">127.0.0.1</bdi>, would be in none of the networks'


@pytest.fixture
def owner():
    return make_staff(Role.OWNER)


@pytest.fixture
def client(owner):
    client = sign_in(owner)
    client.cookies["django_language"] = "en"
    return client


def listed():
    return [str(network) for network in AllowedNetwork.objects.values_list("network", flat=True)]


def add(client, network, **more):
    return client.post(f"{LIST}add/", {"network": network, "note": "", **more})


def remove(client, *networks, **more):
    chosen = list(AllowedNetwork.objects.filter(network__in=networks).values_list("pk", flat=True))
    return client.post(LIST, {"action": "remove_networks", ACTION_CHECKBOX_NAME: chosen, **more})


def test_an_owner_adds_a_network_and_it_is_recorded_once(client, owner):
    assert add(client, "127.0.0.0/8", note="This machine").status_code == 302
    row = AllowedNetwork.objects.get()
    assert (str(row.network), row.note, row.created_by) == (MINE, "This machine", owner)
    assert AuditLog.objects.filter(action="accounts.allowednetwork.add").count() == 1
    assert "This machine" in client.get(LIST).content.decode()


def test_changes_want_a_second_factor_that_was_shown_lately(owner):
    row = AllowedNetwork.objects.create(network=MINE)
    stale = sign_in(owner, factor_age_seconds=16 * 60)
    for response in (
        add(stale, OTHER, accepts_lockout="on"),
        stale.post(f"{LIST}{row.pk}/change/", {"note": "changed"}),
        stale.post(f"{LIST}{row.pk}/delete/", {"confirmed": "1"}),
        remove(stale, MINE, confirmed="1"),
    ):
        assert response["Location"].startswith("/admin/second-factor/verify")
    assert [(str(row.network), row.note) for row in AllowedNetwork.objects.all()] == [(MINE, "")]


def test_an_empty_list_warns_on_its_page_and_on_the_home_page(client):
    words = "can be reached from every address in the world"
    assert words in client.get(LIST).content.decode()
    assert words in client.get("/admin/").content.decode()
    add(client, MINE)
    client.get(LIST)  # tells that it was added
    assert words not in client.get(LIST).content.decode()
    assert words not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("network", ["nonsense", "127.0.0.1/8", "<script>alert(1)</script>"])
def test_what_is_no_network_is_told_at_its_field(client, network):
    page = add(client, network).content.decode()
    assert 'id="id_network_error"' in page
    assert "<script>alert" not in page
    assert listed() == []


def test_a_list_without_ones_own_address_wants_a_tick(client):
    page = add(client, OTHER).content.decode()
    assert OWN_ADDRESS in page
    assert listed() == []
    assert add(client, OTHER, accepts_lockout="on").status_code == 302
    assert listed() == [OTHER]
    assert client.get("/admin/").status_code == 404


def test_a_network_is_replaced_not_changed(client):
    add(client, MINE)
    row = AllowedNetwork.objects.get()
    response = client.post(f"{LIST}{row.pk}/change/", {"network": OTHER, "note": "New words"})
    assert response.status_code == 302
    assert listed() == [MINE]
    assert AllowedNetwork.objects.get().note == "New words"
    assert AuditLog.objects.filter(action="accounts.allowednetwork.change").count() == 1


def test_removing_asks_first(client):
    add(client, MINE)
    page = remove(client, MINE).content.decode()
    assert "None is left then" in page
    assert "lock myself out" not in page
    assert listed() == [MINE]
    assert remove(client, MINE, confirmed="1").status_code == 302
    assert listed() == []


def test_removing_the_network_of_ones_own_address_wants_a_tick(client):
    add(client, MINE)
    add(client, OTHER)
    assert OWN_ADDRESS in remove(client, MINE).content.decode()
    assert OWN_ADDRESS in remove(client, MINE, confirmed="1").content.decode()
    assert listed() == [MINE, OTHER]
    assert remove(client, MINE, confirmed="1", accepts_lockout="on").status_code == 302
    assert listed() == [OTHER]


def test_the_delete_page_of_one_network_asks_the_same(client):
    add(client, MINE)
    add(client, OTHER)
    page = f"{LIST}{AllowedNetwork.objects.get(network=MINE).pk}/delete/"
    assert "lock myself out" in client.get(page).content.decode()
    assert client.post(page, {"confirmed": "1"}).status_code == 200
    assert client.post(page, {"post": "yes"}).status_code == 200
    assert listed() == [MINE, OTHER]
    assert client.post(page, {"confirmed": "1", "accepts_lockout": "on"}).status_code == 302
    assert listed() == [OTHER]


def test_djangos_own_bulk_delete_is_not_offered(client):
    add(client, MINE)
    add(client, OTHER)
    chosen = AllowedNetwork.objects.get(network=MINE).pk
    client.post(LIST, {"action": "delete_selected", ACTION_CHECKBOX_NAME: chosen, "post": "yes"})
    assert listed() == [MINE, OTHER]


def test_auditors_read_the_list_and_change_nothing():
    AllowedNetwork.objects.create(network=MINE)
    auditor = sign_in(make_staff(Role.AUDITOR))
    assert auditor.get(LIST).status_code == 200
    assert add(auditor, OTHER).status_code == 403
    remove(auditor, MINE, confirmed="1")
    assert auditor.post(f"{LIST}{AllowedNetwork.objects.get().pk}/delete/", {"confirmed": "1"}).status_code == 403
    assert listed() == [MINE]


def test_limited_owners_and_other_roles_do_not_see_it():
    for person in (make_staff(Role.OWNER, regions=["tehran"]), make_staff(Role.OPERATIONS)):
        client = sign_in(person)
        assert client.get(LIST).status_code == 403
        assert add(client, OTHER, accepts_lockout="on").status_code == 403
        assert "allowednetwork" not in client.get("/admin/").content.decode()
